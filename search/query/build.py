"""A parsed query → one query body per vertical; pure, and golden-tested as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from analyzers import Terms, analyse, name_query_terms, normalise
from mappings.names import INITIALS, INNER, PINYIN
from mappings.vertical import TextField, Vertical

Clause = dict[str, Any]
Sort = Literal["relevance", "newest", "oldest"]

# Names of clauses that the engine reports as met; they decide the tier in merging.
EXACT = "exact"
LITERAL = "literal"

# The engine counts the clauses of a whole query against 1,024: in scoring three kinds of terms in three fields, in
# coverage pairs once and characters twice, so 18 times this many, and what else there is, stay below.
MOST_TERMS = 48
# No name that is typed half in pinyin holds more Han.
MOST_NAME_CHARS = 8
# Half of the lesser field counts beside the better one: measured on the judged sets (docs/adr/0004).
TIE = 0.5
# Above any sum of BM25 scores that occurs, so that the whole always goes before its parts.
LITERAL_BOOST = 100.0
EXACT_BOOST = 1000.0
NAME_BOOST = 50.0
NAME_CHARS = "name_chars"


@dataclass(frozen=True)
class Within:
    """A name, and the departments among whose people it is meant."""

    name: str
    departments: frozenset[str]


@dataclass(frozen=True)
class Wanted:
    """What is asked for, with operators resolved to ids among what the caller may see.

    `senders` and `conversations`: None is no condition, an empty set matches nothing. Times in microseconds:
    after ≤ time < before.
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

    @cached_property
    def terms(self) -> Terms:
        return _bounded(analyse(self.text))

    @cached_property
    def literal(self) -> str:
        """The text as consecutive characters, none left out."""
        return _chars(self.text)

    @cached_property
    def named(self) -> Clause | None:
        """The text as a name that was typed."""
        return named(self.text)

    @property
    def has_text(self) -> bool:
        return bool(self.terms.chars or any(analyse(phrase).chars for phrase in self.phrases))

    @property
    def has_filters(self) -> bool:
        conditions = (self.senders, self.conversations, self.kinds, self.after, self.before)
        return any(condition is not None for condition in conditions) or bool(self.features)


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
    filters = [*_filters(wanted, vertical), *(_phrase(vertical, phrase) for phrase in wanted.phrases if _chars(phrase))]
    body: Clause = {"filter": filters, "must_not": _exclusions(wanted, vertical)}
    if wanted.terms.chars:
        body["filter"] = [*filters, _coverage(wanted, vertical)]
        body["should"] = _scores(wanted, vertical)
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
    return scores


def _mixture(terms: Terms, text: TextField) -> Clause:
    weights = (text.words, text.bigrams, text.chars)
    parts = [
        {"match": {name: {"query": value, "boost": text.boost * weight}}}
        for name, value, weight in zip(text.names, terms, weights, strict=True)
        if value
    ]
    return {"bool": {"should": parts}}


def _literal(wanted: Wanted, text: TextField) -> Clause:
    filter = {"match_phrase": {text.names[2]: wanted.literal}}
    return {"constant_score": {"filter": filter, "boost": text.literal}}


def _coverage(wanted: Wanted, vertical: Vertical) -> Clause:
    """How much of the query a document must hold, or an exact or pinyin name.

    Characters alone would let any text in that is long enough, so one pair of neighbours must be there too, or every
    character.
    """
    pairs = _held(vertical, 1, wanted.terms.bigrams, "1")
    every = _held(vertical, 2, wanted.terms.chars, "100%")
    enough = _held(vertical, 2, wanted.terms.chars, vertical.coverage)
    ways: list[Clause] = [{"bool": {"filter": [enough, {"bool": {"should": [pairs, every]}}]}}]
    if vertical.exact:
        ways.append({"term": {vertical.exact: _exactly(wanted)}})
    if vertical.by_name and wanted.named:
        ways.append(wanted.named)
    if there := _named_within(wanted, vertical):
        ways.append(there)
    return ways[0] if len(ways) == 1 else {"bool": {"should": ways, "minimum_should_match": 1}}


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


def _phrase(vertical: Vertical, phrase: str) -> Clause:
    """A quoted phrase, in any of the vertical's texts: consecutive characters, however words are cut."""
    found = [{"match_phrase": {text.names[2]: _chars(phrase)}} for text in vertical.texts]
    return {"bool": {"should": found, "minimum_should_match": 1}}


def _exclusions(wanted: Wanted, vertical: Vertical) -> list[Clause]:
    excluded = [_phrase(vertical, phrase) for phrase in wanted.excluded if _chars(phrase)]
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
    ways.append({"match_phrase": {NAME_CHARS: _chars(name)}})
    if typed := named(name):
        ways.append(typed)
    home = {"terms": {vertical.homes: sorted(wanted.within.departments)}}
    return {"bool": {"filter": [home, {"bool": {"should": ways}}]}}


def _exactly(wanted: Wanted) -> str:
    return normalise(wanted.text.strip())[:256]


def _chars(text: str) -> str:
    return analyse(text).chars
