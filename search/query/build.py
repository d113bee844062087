"""A parsed query → one query body per vertical; pure, and golden-tested as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

from analyzers import PLAIN, Lexicon, Terms, analyse, name_query_terms, normalise
from mappings.names import INITIALS, INNER, PINYIN, RUNS
from mappings.vertical import TextField, Vertical

Clause = dict[str, Any]
Sort = Literal["relevance", "newest", "oldest"]

# Names of clauses that the engine reports as met; they decide the tier in merging.
EXACT = "exact"
LITERAL = "literal"

# The engine counts the clauses of a whole query against 1,024: in scoring three kinds of terms in three fields, in
# coverage pairs once and characters twice, so 18 times this many, and what else there is, stay below.
MOST_TERMS = 48
# More words than these are a sentence, in which some may well be missing.
MOST_WORDS = 5
LONGEST_WORD = 6
# No name that is typed half in pinyin holds more Han.
MOST_NAME_CHARS = 8
# Half of the lesser field counts beside the better one: measured on the judged sets (docs/adr/0004).
TIE = 0.5
# Above any sum of BM25 scores that occurs, so that the whole always goes before its parts.
LITERAL_BOOST = 100.0
EXACT_BOOST = 1000.0
NAME_BOOST = 50.0
NAME_CHARS = "name_chars"
NAME_WORDS = "name_words"
# A text in synonyms counts for half of the text itself, as long as the text itself is there in parts.
SYNONYM = 0.5
# All rings together weigh less than the least way in which a name can be typed.
MOST_RINGS, RING_BOOST = 4, 5.0
# In shorter names every slip makes another name.
SHORTEST_MISSPELT, LONG_MISSPELT = 4, 10
# Terms of what the caller may not see count among these too, so that there have to be more than there ever are.
MOST_EXPANSIONS = 1000


@dataclass(frozen=True)
class Within:
    """A name, and the departments among whose people it is meant."""

    name: str
    departments: frozenset[str]


@dataclass(frozen=True)
class Wanted:
    """What is asked for, with operators resolved to ids among what the caller may see.

    `senders` and `conversations`: None is no condition, an empty set matches nothing. Times in microseconds:
    after ≤ time < before. `rings`: departments around the caller, nearest first, each within the next. `misspelt`:
    names may differ by a small typo.
    """

    text: str = ""
    phrases: Sequence[str] = ()
    excluded: Sequence[str] = ()
    senders: frozenset[str] | None = None
    not_senders: frozenset[str] = frozenset()
    conversations: frozenset[str] | None = None
    not_conversations: frozenset[str] = frozenset()
    kinds: frozenset[str] | None = None
    not_kinds: frozenset[str] = frozenset()
    features: frozenset[str] = frozenset()
    not_features: frozenset[str] = frozenset()
    after: int | None = None
    before: int | None = None
    sort: Sort = "relevance"
    within: Within | None = None
    rings: Sequence[frozenset[str]] = ()
    lexicon: Lexicon = PLAIN
    misspelt: bool = False

    @cached_property
    def terms(self) -> Terms:
        return _bounded(analyse(self.text, self.lexicon.cut))

    @cached_property
    def apart(self) -> Sequence[Terms]:
        """The words that were typed with blanks between; a sentence, of many or of long words, is one."""
        words = self.text.split()
        if not 2 <= len(words) <= MOST_WORDS:
            return [self.terms]
        analysed = [terms for word in words if (terms := analyse(word, self.lexicon.cut)).chars]
        return analysed if max(map(_size, analysed), default=0) <= LONGEST_WORD else [self.terms]

    @cached_property
    def variants(self) -> Sequence[Wanted]:
        """The same in synonyms: other words for which the text may stand."""
        # All ways together have no more terms than one way may.
        room = MOST_TERMS // max(1, _size(self.terms)) - 1
        ways = self.lexicon.variants(self.text)[:room] if room > 0 else []
        plain = Lexicon(self.lexicon.cut)
        return [replace(self, text=way, within=None, rings=(), misspelt=False, lexicon=plain) for way in ways]

    @cached_property
    def literal(self) -> str:
        """The text as consecutive characters and marks, none left out."""
        return _literal_run(self.text)

    @cached_property
    def named(self) -> Clause | None:
        """The text as a name that was typed."""
        return named(self.text)

    @property
    def has_text(self) -> bool:
        return bool(self.terms.chars or any(_said(self.phrases)))

    @property
    def has_filters(self) -> bool:
        conditions = (self.senders, self.conversations, self.kinds, self.after, self.before)
        return any(condition is not None for condition in conditions) or bool(self.features)


def _size(terms: Terms) -> int:
    return len(terms.chars.split())


def _bounded(terms: Terms) -> Terms:
    return Terms(*(" ".join(list(dict.fromkeys(value.split()))[:MOST_TERMS]) for value in terms))


def concerns(wanted: Wanted, vertical: Vertical) -> bool:
    """Whether a vertical has what the operators speak of; one that has not finds nothing."""
    needs = (
        (wanted.senders is not None, vertical.people),
        (wanted.conversations is not None, vertical.conversation),
        (wanted.kinds is not None, vertical.kinds),
        (bool(wanted.features), vertical.features),
        (wanted.after is not None or wanted.before is not None, vertical.recency),
    )
    return all(known is not None for needed, known in needs if needed)


def query(wanted: Wanted, vertical: Vertical) -> Clause:
    """What must match, and how it scores. Without any text everything that meets the filters does."""
    filters = [
        *_filters(wanted, vertical),
        *(holds(vertical, phrase) for phrase in wanted.phrases if analyse(phrase).chars),
    ]
    body: Clause = {"filter": filters, "must_not": _exclusions(wanted, vertical)}
    if wanted.terms.chars:
        body["filter"] = [*filters, _any_of([_coverage(way, vertical) for way in (wanted, *wanted.variants)])]
        body["should"] = _scores(wanted, vertical)
        if wanted.variants:
            body["should"] = [_best_of(body["should"], [_scores(way, vertical) for way in wanted.variants])]
    if not filters and not wanted.terms.chars:
        body["must"] = [{"match_all": {}}]
    return {"bool": {name: clauses for name, clauses in body.items() if clauses}}


def sort(wanted: Wanted, vertical: Vertical) -> list[Any]:
    """Best first. Documents without text to score by go newest first; in any order the vertical's last are last."""
    order = {"order": "asc" if wanted.sort == "oldest" else "desc"}
    by_time: list[Any] = [{vertical.recency: order}] if vertical.recency else []
    last: list[Any] = [{vertical.last: {"order": "asc"}}] if vertical.last else []
    if wanted.sort != "relevance" or not wanted.has_text:
        return [*last, *by_time, "_score"]
    return [*last, "_score", *by_time]


def _scores(wanted: Wanted, vertical: Vertical) -> list[Clause]:
    mixed = [_mixture(wanted.terms, text) for text in vertical.texts]
    scores: list[Clause] = [{"dis_max": {"tie_breaker": TIE, "queries": mixed}}]
    literal = [_literal(wanted, text) for text in vertical.texts]
    scores.append({"dis_max": {"queries": literal, "_name": LITERAL, "boost": LITERAL_BOOST}})
    if vertical.exact:
        same = {"term": {vertical.exact: _exactly(wanted)}}
        scores.append({"constant_score": {"filter": same, "boost": EXACT_BOOST, "_name": EXACT}})
    if vertical.by_name and wanted.named:
        scores.append(wanted.named)
    if there := _named_within(wanted, vertical):
        scores.append({"constant_score": {"filter": there, "boost": EXACT_BOOST, "_name": EXACT}})
    if vertical.endings and (digits := _digits(wanted.text)):
        scores.append({"constant_score": {"filter": {"term": {vertical.endings: digits}}, "boost": 2 * NAME_BOOST}})
    if wanted.misspelt and (nearly := nearly_named(wanted, vertical)):
        scores.append(nearly)
    return scores + _close(wanted, vertical)


def _close(wanted: Wanted, vertical: Vertical) -> list[Clause]:
    """Among people of a name, those nearer to the caller go first: a little more for each ring that they are in."""
    if not vertical.homes or not wanted.rings:
        return []
    ways: list[Clause] = [{"match_phrase": {NAME_CHARS: wanted.literal}}]
    if wanted.named:
        ways.append(wanted.named)
    inside = [{"terms": {vertical.homes: sorted(ring)}} for ring in wanted.rings[:MOST_RINGS]]
    return [
        {"constant_score": {"filter": {"bool": {"filter": [_any_of(ways), ring]}}, "boost": RING_BOOST}}
        for ring in inside
    ]


def _mixture(terms: Terms, text: TextField) -> Clause:
    weighed = ((terms.words, text.words), (terms.bigrams, text.bigrams), (terms.chars, text.chars))
    parts = [
        {"match": {name: {"query": value, "boost": text.boost * weight}}}
        for name, (value, weight) in zip(text.names, weighed, strict=True)
        if value
    ]
    return {"bool": {"should": parts}}


def _literal(wanted: Wanted, text: TextField) -> Clause:
    filter = {"match_phrase": {text.names[2]: wanted.literal}}
    return {"constant_score": {"filter": filter, "boost": text.literal}}


def _coverage(wanted: Wanted, vertical: Vertical) -> Clause:
    """How much of the query a document must hold, or an exact or pinyin name.

    Characters alone would let any text in that is long enough, so one pair of neighbours must be there too, or every
    character. Of words that were typed apart that holds for each but one, and for both of two.
    """
    enough = _held(vertical, 2, wanted.terms.chars, vertical.coverage)
    apart = [_there(terms, vertical) for terms in wanted.apart]
    least = max(len(apart) - 1, min(len(apart), 2))
    every: list[Clause] = apart if least == len(apart) else [{"bool": {"should": apart, "minimum_should_match": least}}]
    ways: list[Clause] = [{"bool": {"filter": [enough, *every]}}]
    if vertical.exact:
        ways.append({"term": {vertical.exact: _exactly(wanted)}})
    if vertical.by_name and wanted.named:
        ways.append(wanted.named)
    if there := _named_within(wanted, vertical):
        ways.append(there)
    if vertical.endings and (digits := _digits(wanted.text)):
        ways.append({"term": {vertical.endings: digits}})
    if wanted.misspelt and (nearly := nearly_named(wanted, vertical)):
        ways.append(nearly)
    return _any_of(ways)


def _there(terms: Terms, vertical: Vertical) -> Clause:
    pairs = _held(vertical, 1, terms.bigrams, "1")
    every = _held(vertical, 2, terms.chars, "100%")
    return {"bool": {"should": [pairs, every]}}


def _any_of(ways: Sequence[Clause]) -> Clause:
    return ways[0] if len(ways) == 1 else {"bool": {"should": list(ways), "minimum_should_match": 1}}


def _best_of(said: Sequence[Clause], variants: Sequence[Sequence[Clause]]) -> Clause:
    """The scores of the query as it was typed, or of what it says in synonyms, which counts for less."""
    ways: list[Clause] = [{"bool": {"should": list(said)}}]
    ways += [{"bool": {"should": list(way), "boost": SYNONYM}} for way in variants]
    return {"dis_max": {"queries": ways}}


def _held(vertical: Vertical, kind: int, terms: str, least: str) -> Clause:
    """That a document holds so many of these terms, in whichever of its texts."""
    fields = [text.names[kind] for text in vertical.texts]
    return {"multi_match": {"query": terms, "fields": fields, "type": "cross_fields", "minimum_should_match": least}}


def named(text: str) -> Clause | None:
    """That a name may have been typed so - in pinyin, initials, mixed with Han; None where nothing can be read."""
    typed = name_query_terms(text)
    if len(typed.chars) > MOST_NAME_CHARS:
        return None
    inner = dict.fromkeys((*typed.pinyin, *typed.initials))
    ways = [
        *(({"term": {PINYIN: key}}, 4.0) for key in typed.pinyin),
        *(({"term": {INITIALS: key}}, 3.0) for key in typed.initials),
        *(({"prefix": {PINYIN: key}}, 2.0) for key in typed.pinyin),
        *(({"prefix": {INITIALS: key}}, 1.0) for key in typed.initials),
        *(({"prefix": {INNER: key}}, 0.5) for key in inner),
    ]
    if not ways:
        return None
    body: Clause = {
        "should": [{"constant_score": {"filter": way, "boost": worth * NAME_BOOST}} for way, worth in ways],
        "minimum_should_match": 1,
    }
    if typed.chars:
        body["filter"] = [{"term": {NAME_CHARS: char}} for char in typed.chars]
    return {"bool": body}


def nearly_named(wanted: Wanted, vertical: Vertical) -> Clause | None:
    """That a name was typed with one slip - a letter too many, too few, wrong, or two of them changed places.

    As many as are typed in long names are two. Words that Latin names hold are met one by one.
    """
    if not vertical.by_name:
        return None
    typed = name_query_terms(wanted.text)
    keys = [key for key in typed.pinyin if len(key) >= SHORTEST_MISSPELT and key.isascii()]
    ways = [_fuzzy(RUNS, key) for key in keys]
    words = wanted.terms.bigrams.split()
    if all(word.isascii() and word.isalpha() for word in words):
        nearly = [_fuzzy(NAME_WORDS, word) for word in words if len(word) >= SHORTEST_MISSPELT]
        exactly = [{"term": {NAME_WORDS: word}} for word in words if len(word) < SHORTEST_MISSPELT]
        ways += [{"bool": {"filter": [*nearly, *exactly]}}] if nearly else []
    if not ways:
        return None
    return {"constant_score": {"filter": _any_of(ways), "boost": NAME_BOOST}}


def _fuzzy(field: str, value: str) -> Clause:
    slips = 2 if len(value) >= LONG_MISSPELT else 1
    return {"fuzzy": {field: {"value": value, "fuzziness": slips, "max_expansions": MOST_EXPANSIONS}}}


def _digits(text: str) -> str | None:
    """A query of four to eight digits, which may be the end of a phone or employee number."""
    digits = normalise(text).strip()
    return digits if 4 <= len(digits) <= 8 and digits.isascii() and digits.isdecimal() else None


def holds(vertical: Vertical, phrase: str) -> Clause:
    """A quoted phrase, in any of the vertical's texts: consecutive characters, however words are cut."""
    found = [{"match_phrase": {text.names[2]: _literal_run(phrase)}} for text in vertical.texts]
    return {"bool": {"should": found, "minimum_should_match": 1}}


def holds_word(vertical: Vertical, text: str) -> Clause:
    """That a document holds it literally or, of a Latin word, in another form."""
    ways = [holds(vertical, text)]
    if text.isascii():
        stems = [word for word in analyse(text).words.split() if word != text]
        ways += [{"terms": {field.names[0]: stems}} for field in vertical.texts] if stems else []
    return {"bool": {"should": ways, "minimum_should_match": 1}}


def _exclusions(wanted: Wanted, vertical: Vertical) -> list[Clause]:
    excluded = [holds(vertical, phrase) for phrase in _said(wanted.excluded)]
    named = (
        (vertical.people, wanted.not_senders),
        (vertical.conversation, wanted.not_conversations),
        (vertical.kinds, wanted.not_kinds),
        (vertical.features, wanted.not_features),
    )
    return excluded + [{"terms": {name: sorted(values)}} for name, values in named if name and values]


def _filters(wanted: Wanted, vertical: Vertical) -> list[Clause]:
    named = (
        (vertical.people, wanted.senders),
        (vertical.conversation, wanted.conversations),
        (vertical.kinds, wanted.kinds),
    )
    filters: list[Clause] = [{"terms": {name: sorted(values)}} for name, values in named if name and values is not None]
    filters += [{"term": {vertical.features: feature}} for feature in sorted(wanted.features) if vertical.features]
    limits: Mapping[str, int] = {
        name: value for name, value in (("gte", wanted.after), ("lt", wanted.before)) if value is not None
    }
    if limits and vertical.recency:
        filters.append({"range": {vertical.recency: dict(limits)}})
    return filters


def _named_within(wanted: Wanted, vertical: Vertical) -> Clause | None:
    """Somebody of that name - exactly, in pinyin, or a part of it - in one of those departments."""
    if wanted.within is None or not vertical.homes:
        return None
    name = wanted.within.name
    ways: list[Clause] = [{"term": {vertical.exact: normalise(name)}}] if vertical.exact else []
    ways.append({"match_phrase": {NAME_CHARS: _literal_run(name)}})
    if typed := named(name):
        ways.append(typed)
    home = {"terms": {vertical.homes: sorted(wanted.within.departments)}}
    return {"bool": {"filter": [home, {"bool": {"should": ways}}]}}


def _exactly(wanted: Wanted) -> str:
    return normalise(wanted.text.strip())[:256]


def _said(phrases: Iterable[str]) -> Iterator[str]:
    """Those that hold more than punctuation."""
    return (phrase for phrase in phrases if analyse(phrase).chars)


def _literal_run(text: str) -> str:
    return analyse(text).literal
