"""Why a document does not match a query, for telling somebody why it is not found; pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from mappings.vertical import Vertical
from search.query.build import holds_word, query_body
from search.query.filters import concerns
from search.query.matcher import DocumentMatcher
from search.query.resolved import ResolvedQuery
from search.query.segments import segments


@dataclass(frozen=True, slots=True)
class MatchReport:
    """Whether a document matches a query as it is now and, if not, what it lacks.

    `fuzzy`: it matches, but only if names may hold a small typo. `conditions`: operators by name, phrases in quotes,
    excluded words after a hyphen. `words`: of the query's text, normalised.
    """

    matches: bool
    fuzzy: bool = False
    conditions: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


def report(query: ResolvedQuery, vertical: Vertical, stored: Mapping[str, Any]) -> MatchReport:
    """Decide by the very queries that the engine is asked: first the whole, then, where that fails, each part."""
    document = DocumentMatcher(vertical, stored, query.lexicon.segmenter)
    if concerns(query.conditions, vertical):
        for fuzzy in (False, True):
            if document.matches(query_body(replace(query, fuzzy=fuzzy), vertical)):
                return MatchReport(matches=True, fuzzy=fuzzy)
    conditions = [
        name
        for name, part in _parts(query)
        if not concerns(part.conditions, vertical) or not document.matches(query_body(part, vertical))
    ]
    words = dict.fromkeys(segment.text for segment in segments(query.text, query.lexicon))
    # What has no words is still made of characters, and those are what is counted.
    for parts in (words, dict.fromkeys(query.terms.chars.split())):
        missing = [part for part in parts if not document.matches(holds_word(vertical, part))]
        if missing or conditions:
            break
    return MatchReport(matches=False, conditions=tuple(conditions), words=tuple(missing))


def _parts(query: ResolvedQuery) -> Iterator[tuple[str, ResolvedQuery]]:
    """Yield every condition by the name under which it is asked for, each as a query of its own."""
    nothing = ResolvedQuery(lexicon=query.lexicon)
    for condition in query.conditions:
        yield condition.name, replace(nothing, conditions=(condition,))
    for phrase in query.phrases:
        yield f'"{phrase}"', replace(nothing, phrases=(phrase,))
    for word in query.excluded:
        yield f"-{word}", replace(nothing, excluded=(word,))
