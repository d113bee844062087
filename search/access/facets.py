"""Counts by value, each under the other facets' choices: what the engine is asked for, and what it says; pure.

Of a store that is narrowed to category 财务 and kind bot:

    hits, total      what meets both                        (a filter behind the query, so that it narrows no count)
    category         of what is of kind bot, by category    财务 4, 人事 2
    kind             of what is in 财务, by kind            bot 4, web 9

They stand inside the query that the access filter is put around, so that nothing hidden is counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from search.access.clauses import Clause

MOST_VALUES = 100
"""Values of one facet that are told, those of most documents first."""

Counts = Sequence[tuple[str, int]]
"""(value, in how many documents), most first; of equals in the values' order."""


@dataclass(frozen=True, slots=True)
class Facet:
    """What is counted. `field`: of keywords. `chosen`: the value that everything must have; None: any."""

    name: str
    field: str
    chosen: str | None = None

    @property
    def clause(self) -> Clause:
        """The condition that what is chosen amounts to."""
        return {"term": {self.field: self.chosen}}


def asked(facets: Sequence[Facet]) -> Mapping[str, Any]:
    """Return the members of a search's body that count and narrow; none without facets."""
    if not facets:
        return {}
    body: dict[str, Any] = {"aggs": {one.name: _counted(one, facets) for one in facets}}
    if chosen := [one.clause for one in facets if one.chosen is not None]:
        body["post_filter"] = {"bool": {"filter": chosen}}
    return body


def _counted(facet: Facet, facets: Sequence[Facet]) -> Clause:
    others = [one.clause for one in facets if one.chosen is not None and one.name != facet.name]
    # `min_doc_count` stays 1: with 0 the engine would name values that stand in hidden documents alone.
    values = {"terms": {"field": facet.field, "size": MOST_VALUES}}
    return {"filter": {"bool": {"filter": others}}, "aggs": {"values": values}}


def told(facets: Sequence[Facet], aggregations: Mapping[str, Any]) -> dict[str, Counts]:
    """Return what was counted, by facet. Raises KeyError, TypeError or ValueError for what is no such answer."""
    return {one.name: [_value(bucket) for bucket in aggregations[one.name]["values"]["buckets"]] for one in facets}


def _value(bucket: Mapping[str, Any]) -> tuple[str, int]:
    value, count = bucket["key"], bucket["doc_count"]
    if not isinstance(value, str) or type(count) is not int:
        raise ValueError("no count of a value")
    return value, count
