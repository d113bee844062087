"""A resolved query → one query body per vertical; pure, and golden-tested as JSON.

The body of `预算 from:张三` for messages, in outline:

    filter   from:                   {"terms": {"sender_id": ["u-12"]}}
             coverage                enough of the text's characters and pairs, or a name, a number, an exact title
    should   mixture                 BM25 over words, pairs and characters of each text; the best text counts
             literal run   × 100     the text as it stands, somewhere: always before its scattered parts
             exact name    × 1000    the whole name or title: always first
             what it does  × 60      where documents do something for people, that they do what is wished for
             a name in pinyin, the last digits of a number, …

`filter` alone decides what is found and counted; `should` only orders it. The reader puts the access filter around it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from analyzers import Terms, analyse, normalise
from mappings.parts.matching import EXACT as EXACT_FIELD
from mappings.parts.matching import LONGEST_SUFFIX, NUMBER_SUFFIXES, SHORTEST_SUFFIX, exact_form
from mappings.parts.texts import Text
from mappings.vertical import Vertical
from search.access.clauses import Clause, any_of
from search.query import filters, serving
from search.query.names import NAME_BOOST, NAME_CHARS, named
from search.query.resolved import ResolvedQuery, literal_run, with_letters

# Names of clauses that the engine reports as met; they decide the tier in merging.
EXACT = "exact"
LITERAL = "literal"
SERVES = "serves"
SERVES_IN_PART = "serves in part"

LATER_WRITTEN = {"_seq_no": {"order": "desc"}}

# Half of the lesser field counts beside the better one: measured on the judged sets (docs/adr/0004).
TIE = 0.5
# Above any sum of BM25 scores that occurs, so that the whole always goes before its parts.
LITERAL_BOOST = 100.0
EXACT_BOOST = 1000.0
# A text in synonyms counts for half of the text itself, as long as the text itself is there in parts.
SYNONYM = 0.5
# Closeness to the caller never outranks a better name match: all steps together count less than the least of those.
MOST_STEPS, NEARBY_BOOST = 4, 5.0


def query_body(query: ResolvedQuery, vertical: Vertical) -> Clause:
    """Return what must match, and how it scores. Without any text everything that meets the conditions does."""
    required = [
        *filters.required(query.conditions, vertical),
        *(holds_phrase(vertical, phrase) for phrase in query.phrases if analyse(phrase).chars),
    ]
    body: Clause = {"filter": required, "must_not": _excluded(query, vertical)}
    if query.terms.chars:
        body["filter"] = [*required, any_of([_coverage(way, vertical) for way in (query, *query.variants)])]
        body["should"] = _scores(query, vertical)
        if query.variants:
            body["should"] = [_best_of(body["should"], [_scores(way, vertical) for way in query.variants])]
    if not required and not query.terms.chars:
        body["must"] = [{"match_all": {}}]
    return {"bool": {name: clauses for name, clauses in body.items() if clauses}}


def sort_order(query: ResolvedQuery, vertical: Vertical) -> list[Any]:
    """Return the order of hits, best first.

    Documents without text to score by go newest first; in any order those that the vertical demotes come last. Of
    equals the one written later goes first, so that no order is left to chance.
    """
    if query.sort == "relevance" and query.has_text:
        return best_first(vertical)
    demoted, by_time = _demoted(vertical), _by_time(vertical, "asc" if query.sort == "oldest" else "desc")
    return [*demoted, *by_time, "_score", LATER_WRITTEN]


def best_first(vertical: Vertical) -> list[Any]:
    """Return the order by score: of equals the newer goes first, and what the vertical demotes comes last."""
    return [*_demoted(vertical), "_score", *_by_time(vertical, "desc"), LATER_WRITTEN]


def _demoted(vertical: Vertical) -> list[Any]:
    demoted = vertical.ranking.demoted
    return [{demoted.name: {"order": "asc"}}] if demoted else []


def _by_time(vertical: Vertical, order: str) -> list[Any]:
    recency = vertical.ranking.recency
    return [{recency.name: {"order": order}}] if recency else []


def just_before(query: ResolvedQuery, vertical: Vertical, moment: int) -> list[Any]:
    """Return the sort values of a hit at a moment (microseconds) that would stand behind all others of it.

    In an order by time, of a vertical that demotes nothing: (time, score, sequence number), the last two falling.
    """
    assert len(sort_order(query, vertical)) == 3
    return [moment, 0.0, 0]


# What scores


def _scores(query: ResolvedQuery, vertical: Vertical) -> list[Clause]:
    texts = vertical.matching.texts
    mixed: Clause = {"dis_max": {"tie_breaker": TIE, "queries": [_mixture(query.terms, text) for text in texts]}}
    literal = [_literal(query, text) for text in texts]
    whole: Clause = {"dis_max": {"queries": literal, "_name": LITERAL, "boost": LITERAL_BOOST}}
    return [mixed, whole, *(way.scored for way in _ways(query, vertical)), *_nearby(query, vertical)]


def _mixture(terms: Terms, text: Text) -> Clause:
    weighed = ((terms.words, text.words), (terms.bigrams, text.bigrams), (terms.chars, text.chars))
    parts = [
        {"match": {field: {"query": value, "boost": text.boost * weight}}}
        for field, (value, weight) in zip(text.fields, weighed, strict=True)
        if value
    ]
    return {"bool": {"should": parts}}


def _literal(query: ResolvedQuery, text: Text) -> Clause:
    filter = {"match_phrase": {text.fields[2]: query.literal}}
    return {"constant_score": {"filter": filter, "boost": text.literal}}


def _nearby(query: ResolvedQuery, vertical: Vertical) -> list[Clause]:
    """Return the clauses by which, among people of one name, those nearer to the caller go first.

    A colleague of the caller's own team is within each of the departments around it, and gets the boost of each step:
    team 5 + division 5 + site 5; somebody of the same site gets 5.
    """
    near = vertical.ranking.near
    if not near or not query.nearby:
        return []
    ways: list[Clause] = [{"match_phrase": {NAME_CHARS: query.literal}}]
    if query.named:
        ways.append(query.named)
    inside = [{"terms": {near.name: sorted(departments)}} for departments in query.nearby[:MOST_STEPS]]
    return [
        {"constant_score": {"filter": {"bool": {"filter": [any_of(ways), step]}}, "boost": NEARBY_BOOST}}
        for step in inside
    ]


def _best_of(said: Sequence[Clause], variants: Sequence[Sequence[Clause]]) -> Clause:
    """Return the better of two scores: of the query as it was typed, or in synonyms, which count for less."""
    ways: list[Clause] = [{"bool": {"should": list(said)}}]
    ways += [{"bool": {"should": list(way), "boost": SYNONYM}} for way in variants]
    return {"dis_max": {"queries": ways}}


# What matches


def _coverage(query: ResolvedQuery, vertical: Vertical) -> Clause:
    """Return how much of the query a document must hold; or else an exact title, a name in pinyin, the end of a number.

    Characters alone would let any text in that is long enough, so one pair of neighbours must be there too, or every
    character. Of words that were typed apart that holds for each but one, and for both of two:
    `商旅 审批 流程` finds a document that holds 商旅 and 流程, and enough of all six characters.
    """
    if query.loosely:
        return any_of([_held(vertical, 1, query.terms.bigrams, "1"), *(way.clause for way in _ways(query, vertical))])
    enough = _held(vertical, 2, query.terms.chars, vertical.matching.coverage)
    apart = [_there(terms, vertical) for terms in query.apart]
    least = max(len(apart) - 1, min(len(apart), 2))
    every: list[Clause] = apart if least == len(apart) else [{"bool": {"should": apart, "minimum_should_match": least}}]
    covered: Clause = {"bool": {"filter": [enough, *every]}}
    return any_of([covered, *(way.clause for way in _ways(query, vertical))])


def _there(terms: Terms, vertical: Vertical) -> Clause:
    pairs = _held(vertical, 1, terms.bigrams, "1")
    every = _held(vertical, 2, terms.chars, "100%")
    return {"bool": {"should": [pairs, every]}}


def _held(vertical: Vertical, kind: int, terms: str, least: str) -> Clause:
    """Return the clause that a document holds so many of these terms, in any of its texts."""
    fields = [text.fields[kind] for text in vertical.matching.texts]
    return {"multi_match": {"query": terms, "fields": fields, "type": "cross_fields", "minimum_should_match": least}}


@dataclass(frozen=True)
class _Way:
    """A way to be found other than by what the texts hold.

    `boost` None: the clause scores by itself, or `scoring` does, which finds nothing that the clause does not.
    """

    clause: Clause
    boost: float | None = None
    tier: str | None = None
    scoring: Clause | None = None

    @property
    def scored(self) -> Clause:
        name = {"_name": self.tier} if self.tier else {}
        if self.boost is None:
            if not name:
                return self.clause
            # What is found otherwise must not get the name for a part of what the clause asks for.
            both = {"must": [self.scoring], "filter": [self.clause]} if self.scoring else {"must": [self.clause]}
            return {"bool": {**both, **name}}
        return {"constant_score": {"filter": self.clause, "boost": self.boost, **name}}


def _ways(query: ResolvedQuery, vertical: Vertical) -> list[_Way]:
    matching = vertical.matching
    ways = []
    if matching.exact:
        ways.append(_Way({"term": {EXACT_FIELD: exact_form(query.text.strip())}}, EXACT_BOOST, EXACT))
    if matching.names and query.named:
        ways.append(_Way(query.named))
    if there := _named_in_departments(query, vertical):
        ways.append(_Way(there, EXACT_BOOST, EXACT))
    if matching.numbers and (ending := digits(query.text)):
        ways.append(_Way({"term": {NUMBER_SUFFIXES: ending}}, 2 * NAME_BOOST))
    if done := serving.served(query, vertical):
        ways.append(_Way(done, tier=SERVES_IN_PART, scoring=serving.scored(query, vertical)))
    if wholly := serving.wholly(query, vertical):
        ways.append(_Way(wholly, 0.0, SERVES))
    if chosen := serving.opened(query, vertical):
        ways.append(_Way(chosen, tier=SERVES))
    if query.fuzzy and (fuzzily := query.fuzzily_named(vertical)):
        ways.append(_Way(fuzzily))
    return ways


def digits(text: str) -> str | None:
    """Return a query of four to eight digits, which may end a phone or employee number; None for another."""
    said = normalise(text).strip()
    fits = SHORTEST_SUFFIX <= len(said) <= LONGEST_SUFFIX
    return said if fits and said.isascii() and said.isdecimal() else None


def _named_in_departments(query: ResolvedQuery, vertical: Vertical) -> Clause | None:
    """Return the clause for a person of a name (exactly, in pinyin, in part) in one of the named departments."""
    near = vertical.ranking.near
    if query.name_in_departments is None or not near:
        return None
    name = query.name_in_departments.name
    ways: list[Clause] = [{"term": {EXACT_FIELD: normalise(name)}}] if vertical.matching.exact else []
    ways.append({"match_phrase": {NAME_CHARS: literal_run(name)}})
    if typed := named(name):
        ways.append(typed)
    home = {"terms": {near.name: sorted(query.name_in_departments.departments)}}
    return {"bool": {"filter": [home, {"bool": {"should": ways}}]}}


def _excluded(query: ResolvedQuery, vertical: Vertical) -> list[Clause]:
    excluded = [holds_phrase(vertical, phrase) for phrase in with_letters(query.excluded)]
    return excluded + filters.excluded(query.conditions, vertical)


def holds_phrase(vertical: Vertical, phrase: str) -> Clause:
    """Return the clause that a text of a document holds a phrase: its characters in a row, however words are cut."""
    found = [{"match_phrase": {text.fields[2]: literal_run(phrase)}} for text in vertical.matching.texts]
    return {"bool": {"should": found, "minimum_should_match": 1}}


def holds_word(vertical: Vertical, text: str) -> Clause:
    """Return the clause that a document holds a word literally or, of a Latin word, in another form."""
    ways = [holds_phrase(vertical, text)]
    if text.isascii():
        stems = [word for word in analyse(text).words.split() if word != text]
        ways += [{"terms": {field.fields[0]: stems}} for field in vertical.matching.texts] if stems else []
    return {"bool": {"should": ways, "minimum_should_match": 1}}
