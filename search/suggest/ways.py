"""What is typed → a query for the names that it may become; pure.

Of `zhangs` for contacts, in outline, the best way in counts alone:

    1000  the whole name (or number, or address) is it         700  its pinyin or initials are it
     800  the name begins with it                              450  its pinyin or initials begin with it
     600  its words begin words of the name, or it stands inside the name
     350  the pinyin of a later part of the name begins with it
     300  a number ends with it                               200  one slip away, if nothing else is found

and, where documents do something for people, for what somebody wants done:

     885  people opened it who asked the same                 850  its name or tags say that it does it
     580  they say something near to it                       550  its description says it, or a tag any other word

Closeness to the caller adds less than any step between two ways, so it decides among equals only. No way depends on how
often anything occurs, so what is hidden moves nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from analyzers import Wish, analyse, name_query_terms, normalise
from mappings.parts.matching import EXACT, INITIALS, INNER, NUMBER_SUFFIXES, PINYIN, exact_form
from mappings.vertical import Vertical
from search.access.clauses import Clause
from search.query import serving
from search.query.build import digits
from search.query.names import MOST_NAME_CHARS, NAME_CHARS, fuzzily_named, named
from search.query.names_meant import NameInDepartments
from search.query.resolved import literal_run

Why = Literal["exact_name", "name", "pinyin", "typo", "synonym", "often_opened"]

WHOLE, THERE, BEGINNING, NEARLY_THERE, SPELLED = 1000, 900, 800, 750, 700
WORDS, SPELLING, LATER, ENDING, SLIP = 600, 450, 350, 300, 200
OPENED, SERVED_BY_NAME, SERVED, NEAR, SAID = 885, 870, 850, 580, 550
WHYS: tuple[tuple[float, Why], ...] = (
    (THERE, "exact_name"),
    (OPENED, "often_opened"),
    (SERVED_BY_NAME, "name"),
    (SERVED, "synonym"),
    (NEARLY_THERE, "name"),
    (SPELLED, "pinyin"),
    (WORDS, "name"),
    (SAID, "synonym"),
    (LATER, "pinyin"),
    (ENDING, "name"),
    (0, "typo"),
)
"""From which score on, best first, it is for what reason."""
# Together less than the least step between two ways.
CLOSEST = 40.0
STEPS, STEP = 2, 4.0
# Shorter ones begin every second telephone number.
SHORTEST_NUMBER = 4
SHORT_PART = 2


@dataclass(frozen=True)
class Close:
    """What is close to the caller: document ids of one vertical, closest first; departments, nearest first."""

    ids: Sequence[str] = ()
    departments: Sequence[frozenset[str]] = ()


@dataclass(frozen=True)
class Typed:
    """What is typed for a name. `meant`: a name beside the departments in which it is meant.

    `wishes`: what it wishes for; `opened`: by vertical, the ids of what people opened who asked the same.
    """

    text: str
    meant: NameInDepartments | None = None
    close: Mapping[str, Close] = field(default_factory=dict)
    wishes: Sequence[Wish] = ()
    opened: Mapping[str, Sequence[str]] = field(default_factory=dict)


def query_body(typed: Typed, vertical: Vertical, *, slips: bool = False) -> Clause | None:
    """Return the query for a vertical's names; None where nothing of it can be meant."""
    ways = _slips(typed, vertical) if slips else _ways(typed, vertical)
    if not ways:
        return None
    close = typed.close.get(vertical.name, Close())
    return {"bool": {"must": [{"dis_max": {"queries": ways}}], "should": _nearer(close, vertical)}}


def _ways(typed: Typed, vertical: Vertical) -> list[Clause]:
    text = exact_form(typed.text.strip())
    if not text or not vertical.matching.exact:
        return []
    chars = vertical.matching.texts[0].fields[2]
    run = literal_run(typed.text)
    ways = [_way({"term": {EXACT: text}}, WHOLE)]
    if not (text.isdecimal() and len(text) < SHORTEST_NUMBER and vertical.matching.numbers):
        ways.append(_way({"prefix": {EXACT: text}}, BEGINNING))
    if run:
        ways.append(_way({"match_phrase": {chars: run}}, WORDS))
    if words := _words(typed.text, vertical):
        ways.append(_way(words, WORDS))
    if vertical.matching.names or vertical.matching.spelled:
        ways += _spelled(typed.text, vertical)
    if vertical.matching.numbers and (ending := digits(typed.text)):
        ways.append(_way({"term": {NUMBER_SUFFIXES: ending}}, ENDING))
    return [*ways, *_meant(typed.meant, vertical), *_serving(typed, vertical)]


def _words(text: str, vertical: Vertical) -> Clause | None:
    """Return the clause that Latin words begin words of the name, the last being typed still: `su liang`."""
    words = normalise(text).split()
    if not words or not all(word.isascii() and word.isalnum() for word in words):
        return None
    field = vertical.matching.texts[0].fields[0]
    return {"bool": {"filter": [{"prefix": {field: word}} for word in words]}}


def _spelled(text: str, vertical: Vertical) -> list[Clause]:
    typed = name_query_terms(text)
    if len(typed.chars) > MOST_NAME_CHARS:
        return []
    chars = vertical.matching.texts[0].fields[2]
    held: list[Clause] = [{"term": {chars: char}} for char in typed.chars]
    keys = list(dict.fromkeys((*typed.pinyin, *typed.initials)))
    ways = [
        *(({"term": {PINYIN: key}}, SPELLED) for key in typed.pinyin),
        *(({"term": {INITIALS: key}}, SPELLED) for key in typed.initials),
        # Whatever pinyin begins with one letter has initials that do.
        *(({"prefix": {PINYIN: key}}, SPELLING) for key in typed.pinyin if len(key) > 1),
        *(({"prefix": {INITIALS: key}}, SPELLING) for key in typed.initials),
        # Two letters begin a part of every second name: these have to be a part, or its initials.
        *(({"term": {INNER: key}}, LATER) for key in keys if len(key) == SHORT_PART),
        *(({"prefix": {INNER: key}}, LATER) for key in keys if len(key) > SHORT_PART),
    ]
    return [_way({"bool": {"filter": [*held, way]}} if held else way, worth) for way, worth in ways]


def _meant(meant: NameInDepartments | None, vertical: Vertical) -> list[Clause]:
    """Return the ways to mean somebody by a name beside a department."""
    near = vertical.ranking.near
    if meant is None or not near:
        return []
    home = {"terms": {near.name: sorted(meant.departments)}}
    ways: list[tuple[Clause, float]] = [({"term": {EXACT: exact_form(meant.name)}}, THERE)]
    if run := literal_run(meant.name):
        ways.append(({"match_phrase": {NAME_CHARS: run}}, NEARLY_THERE))
    if spelled := named(meant.name):
        ways.append((spelled, NEARLY_THERE))
    return [_way({"bool": {"filter": [home, way]}}, worth) for way, worth in ways]


def _serving(typed: Typed, vertical: Vertical) -> list[Clause]:
    """Return the ways in which a document does what is typed, whatever it is called."""
    ways = [_way({"ids": {"values": list(ids)}}, OPENED)] if (ids := typed.opened.get(vertical.name)) else []
    for worth, clause in serving.levels(typed.wishes, vertical):
        ways.append(_way(clause, _WORTH[worth]))
    return ways


_WORTH: Mapping[serving.Level, float] = {"by name": SERVED_BY_NAME, "outright": SERVED, "near": NEAR, "said": SAID}


def _slips(typed: Typed, vertical: Vertical) -> list[Clause]:
    found = fuzzily_named(typed.text, analyse(typed.text).bigrams.split(), vertical)
    return [_way(found["constant_score"]["filter"], SLIP)] if found else []


def why_of(score: float) -> Why:
    """Return by which way a document of this score was found.

    Clauses with names would tell as well, but the engine then runs each of them once more for every hit.
    """
    return next(why for worth, why in WHYS if score >= worth)


def _way(filter: Clause, worth: float) -> Clause:
    return {"constant_score": {"filter": filter, "boost": worth}}


def _nearer(close: Close, vertical: Vertical) -> list[Clause]:
    near = vertical.ranking.near
    # In four steps, as one clause for each of a hundred ids would cost more than it tells.
    parts = (close.ids[:3], close.ids[3:10], close.ids[10:30], close.ids[30:])
    nearer: list[Clause] = [
        {"constant_score": {"filter": {"ids": {"values": list(part)}}, "boost": CLOSEST - 10 * place}}
        for place, part in enumerate(parts)
        if part
    ]
    if near:
        steps = close.departments[:STEPS]
        nearer += [
            {"constant_score": {"filter": {"terms": {near.name: sorted(step)}}, "boost": STEP}} for step in steps
        ]
    return nearer
