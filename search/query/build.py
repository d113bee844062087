"""A parsed query → one query body per vertical; pure, and golden-tested as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from analyzers import Terms, analyse, normalise
from mappings.vertical import TextField, Vertical
from search.access.clauses import Clause, any_of
from search.query.names import NAME_BOOST, NAME_CHARS, named
from search.query.wanted import Wanted, literal_run, said

# Names of clauses that the engine reports as met; they decide the tier in merging.
EXACT = "exact"
LITERAL = "literal"

# Half of the lesser field counts beside the better one: measured on the judged sets (docs/adr/0004).
TIE = 0.5
# Above any sum of BM25 scores that occurs, so that the whole always goes before its parts.
LITERAL_BOOST = 100.0
EXACT_BOOST = 1000.0
# A text in synonyms counts for half of the text itself, as long as the text itself is there in parts.
SYNONYM = 0.5
# All rings together weigh less than the least way in which a name can be typed.
MOST_RINGS, RING_BOOST = 4, 5.0


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
        body["filter"] = [*filters, any_of([_coverage(way, vertical) for way in (wanted, *wanted.variants)])]
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
    if wanted.misspelt and (nearly := wanted.nearly_named(vertical)):
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
        {"constant_score": {"filter": {"bool": {"filter": [any_of(ways), ring]}}, "boost": RING_BOOST}}
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
    if wanted.misspelt and (nearly := wanted.nearly_named(vertical)):
        ways.append(nearly)
    return any_of(ways)


def _there(terms: Terms, vertical: Vertical) -> Clause:
    pairs = _held(vertical, 1, terms.bigrams, "1")
    every = _held(vertical, 2, terms.chars, "100%")
    return {"bool": {"should": [pairs, every]}}


def _best_of(said: Sequence[Clause], variants: Sequence[Sequence[Clause]]) -> Clause:
    """The scores of the query as it was typed, or of what it says in synonyms, which counts for less."""
    ways: list[Clause] = [{"bool": {"should": list(said)}}]
    ways += [{"bool": {"should": list(way), "boost": SYNONYM}} for way in variants]
    return {"dis_max": {"queries": ways}}


def _held(vertical: Vertical, kind: int, terms: str, least: str) -> Clause:
    """That a document holds so many of these terms, in whichever of its texts."""
    fields = [text.names[kind] for text in vertical.texts]
    return {"multi_match": {"query": terms, "fields": fields, "type": "cross_fields", "minimum_should_match": least}}


def _digits(text: str) -> str | None:
    """A query of four to eight digits, which may be the end of a phone or employee number."""
    digits = normalise(text).strip()
    return digits if 4 <= len(digits) <= 8 and digits.isascii() and digits.isdecimal() else None


def holds(vertical: Vertical, phrase: str) -> Clause:
    """A quoted phrase, in any of the vertical's texts: consecutive characters, however words are cut."""
    found = [{"match_phrase": {text.names[2]: literal_run(phrase)}} for text in vertical.texts]
    return {"bool": {"should": found, "minimum_should_match": 1}}


def holds_word(vertical: Vertical, text: str) -> Clause:
    """That a document holds it literally or, of a Latin word, in another form."""
    ways = [holds(vertical, text)]
    if text.isascii():
        stems = [word for word in analyse(text).words.split() if word != text]
        ways += [{"terms": {field.names[0]: stems}} for field in vertical.texts] if stems else []
    return {"bool": {"should": ways, "minimum_should_match": 1}}


def _exclusions(wanted: Wanted, vertical: Vertical) -> list[Clause]:
    excluded = [holds(vertical, phrase) for phrase in said(wanted.excluded)]
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
    ways.append({"match_phrase": {NAME_CHARS: literal_run(name)}})
    if typed := named(name):
        ways.append(typed)
    home = {"terms": {vertical.homes: sorted(wanted.within.departments)}}
    return {"bool": {"filter": [home, {"bool": {"should": ways}}]}}


def _exactly(wanted: Wanted) -> str:
    return normalise(wanted.text.strip())[:256]
