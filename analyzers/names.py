"""Makes the keys by which people, groups and apps are found as one types them: zhangsan, zs, zhangs, zhang三.

The keys of 单立人 with their use; 单 is shan as a surname, and dan otherwise:

    pinyin    shanliren, danliren, …           the whole name, or its beginning as it is typed: shanli
    initials  slr, dlr, … then shanlr, danlr   the initials, and the surname in full with initials
    inner     liren, lr, ren, r                from each later character on: people search a given name alone
    runs      shanliren, shanli, liren, …      stretches of two and more parts, compared with what is misspelt
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from operator import itemgetter
from typing import NamedTuple

from analyzers.charsets import HAN
from analyzers.normalise import fold, unify
from analyzers.pinyin import letters, read, read_surname, readings
from analyzers.simplify import simplify

LONGEST_NAME = 1000
"""Characters of a name that are read; what is longer is no name, and reading it would take seconds."""
_MOST_READINGS = 16
"""Readings of one name that are stored."""
_MOST_INNER = 64
_MOST_RUNS = 64
_MOST_WAYS_OF_RUNS = 2
_LONGEST_RUN = 8
_LONGEST_NAME = 48
"""Syllables and Latin parts of a name that get keys; what follows them is found by its characters only."""
_LONGEST_PERSON = 4
_MOST_QUERIED = 8
_LONGEST_TERM = 128

_parts = re.compile(f"(?P<han>[{HAN}]+)|(?P<other>[^\\W_{HAN}]+)").finditer
_has_letter = re.compile("[a-z]").search


class Unit(NamedTuple):
    """A Han character with its readings, or a Latin part of a name with its written forms; the likeliest first."""

    han: bool
    readings: list[str]
    start: int
    """Where it begins in the name in NFKC."""
    written: str


class NameTerms(NamedTuple):
    """The keys of a name, each a term; a query meets a whole key or its beginning."""

    pinyin: list[str]
    """The whole name in pinyin, likeliest reading first: shansiqi, dansiqi. Latin parts stay in place."""
    initials: list[str]
    """The initials of each reading (ssq, dsq), then the surname in full before them (shansq)."""
    inner: list[str]
    """Pinyin and initials from each later character on (siqi, sq): for a given name, a part of an app's name."""
    runs: list[str]
    """Pinyin of the name and its parts in its likeliest readings, each whole (shansi, siqi): for what is misspelt."""


class NameQuery(NamedTuple):
    """What to look for in the keys of names; all lists are empty when the query has no Latin letter."""

    pinyin: list[str]
    """Beginnings of `NameTerms.pinyin` or `.inner`; any of them."""
    initials: list[str]
    """Beginnings of `NameTerms.initials` or `.inner`; any of them."""
    chars: list[str]
    """Han that the query holds (zhang三): the name's `chars` must hold all of them."""


def _typed(reading: str) -> list[str]:
    """Return the ways to type `reading`: ü is v on a keyboard and u in a passport."""
    return [reading, reading.replace("v", "u")] if "v" in reading else [reading]


def _read_han(run: str, start: int) -> Iterator[Unit]:
    simplified = simplify(run)
    for at, (written, simple, known) in enumerate(zip(run, simplified, read(simplified), strict=True), start):
        # A variant that lost its own reading (乾 as 干) keeps it.
        own = readings(written)[:1] if written != simple else []
        typed = dict.fromkeys(form for one in (*own, *known) for form in _typed(one))
        yield Unit(True, list(typed) or [simple], at, simple)


def _read_other(run: str, start: int) -> Unit:
    """Return a Latin part as written and, as for lǚ or José, as typed without accents."""
    folded = fold(run)
    return Unit(False, list(dict.fromkeys(filter(None, (folded, letters(folded))))), start, run)


def _read(text: str) -> list[Unit]:
    """Return the units of `text` in order; blanks and punctuation make no unit."""
    units: list[Unit] = []
    for match in _parts(unify(text)):
        run, start = match[0], match.start()
        units += _read_han(run, start) if match["han"] else [_read_other(run, start)]
    return units[:_LONGEST_NAME]


def read_name(name: str) -> tuple[list[Unit], int]:
    """Return the units of `name` and how many of its first units would be the surname if it is a person's name."""
    units = _read(name)
    surname = read_surname(simplify(unify(name)))
    person = len(units) <= _LONGEST_PERSON
    for unit, reading in zip(units, surname, strict=False):
        others = [other for other in unit.readings if other != reading]
        unit.readings[:] = [reading, *others] if person else [*others[:1], reading, *others[1:]]
    return units, max(len(surname), 1)


def _ways(units: Sequence[Unit], most: int) -> list[tuple[str, ...]]:
    """Return at most `most` readings of all `units`, those with the fewest unlikely parts first.

    For the units of 单思, read [shan, dan] and [si], these are (shan, si), (dan, si). Only the best `most` are kept at
    each unit, so that a long name of ambiguous characters costs no more than a short one.
    """
    ways: list[tuple[int, tuple[str, ...]]] = [(0, ())]
    for unit in units:
        longer = [(cost + rank, (*way, one)) for cost, way in ways for rank, one in enumerate(unit.readings)]
        ways = sorted(longer, key=itemgetter(0))[:most]
    return [way for _, way in ways]


def _initials(way: Sequence[str], units: Sequence[Unit]) -> list[str]:
    return [one[0] if unit.han else one for one, unit in zip(way, units, strict=True)]


def _distinct(terms: Iterable[str], most: int, without: Sequence[str] = ()) -> list[str]:
    bounded = (term[:_LONGEST_TERM] for term in terms if term)
    return [term for term in islice(dict.fromkeys(bounded), most) if term not in without]


def _runs(ways: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """Yield each stretch of two to eight parts, joined, the longest first; a name of one part yields that part."""
    for way in ways[:_MOST_WAYS_OF_RUNS]:
        least = min(2, len(way))
        for size in range(min(_LONGEST_RUN, len(way)), least - 1, -1):
            yield from ("".join(way[at : at + size]) for at in range(len(way) - size + 1))


def analyse_name(name: str) -> NameTerms:
    """Return the keys of a person's, group's or app's `name`: at most 16, 32, 64 and 64, however long it is."""
    units, surname = read_name(name[:LONGEST_NAME])
    ways = _ways(units, _MOST_READINGS)
    initials = [_initials(way, units) for way in ways]
    pinyin = _distinct(map("".join, ways), _MOST_READINGS)
    mixed = ("".join((*way[:surname], *short[surname:])) for way, short in zip(ways, initials, strict=True))
    short = _distinct(chain(map("".join, initials), mixed), 2 * _MOST_READINGS, without=pinyin)
    later = (
        "".join(way[at:]) for way in chain.from_iterable(zip(ways, initials, strict=True)) for at in range(1, len(way))
    )
    return NameTerms(pinyin, short, _distinct(later, _MOST_INNER), _distinct(_runs(ways), _MOST_RUNS))


def name_query_terms(query: str) -> NameQuery:
    """Return what to look for in the keys of names for `query`: zhangsan, `zhang san`, ZS, zhang三, 携cheng, zhangs.

    Blanks between parts do not count. Han in a query with letters is read like a name (in at most 8 ways), and is kept
    in `chars` as well, so that zhang三 finds 张三 but not 张山.
    """
    units, _ = read_name(query)
    if not any(any(map(_has_letter, unit.readings)) for unit in units if not unit.han):
        return NameQuery([], [], [])
    ways = _ways(units, _MOST_QUERIED)
    initials = ("".join(_initials(way, units)) for way in ways)
    han = [match for run in re.findall(f"[{HAN}]+", simplify(unify(query))) for match in run]
    pinyin = _distinct(map("".join, ways), _MOST_QUERIED)
    return NameQuery(pinyin, _distinct(initials, _MOST_QUERIED), han)
