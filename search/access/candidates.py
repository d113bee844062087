"""What the engine is asked for a caller, and what it answers: candidates, which are not rechecked yet; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog

from mappings.vertical import Vertical
from search.access.facets import Counts, Facet, told

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Request:
    """One vertical's part of a search. `query`: any query; the reader adds the access filter.

    `fields`: doc values to give back with each candidate, the first of each. `counted`: whether all are counted.
    `after`: sort values behind which the list begins; all are counted even so. `facets`: what is counted by value, and
    narrows the list.
    """

    vertical: Vertical
    query: Mapping[str, Any]
    sort: Sequence[Any] = ("_score",)
    size: int = 10
    fields: Sequence[str] = ()
    counted: bool = True
    after: Sequence[Any] = ()
    facets: Sequence[Facet] = ()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A document that matched as of the engine's last refresh; not yet rechecked."""

    vertical: Vertical
    document_id: str
    version: tuple[int, int]  # primary term and sequence number as searched
    names: frozenset[str]  # of the named clauses that it met
    fields: Mapping[str, Any]
    sort: Sequence[Any]

    @property
    def leading(self) -> Any:
        """What it is sorted by, behind whether its vertical demotes it: its score, or its time in an order by time."""
        return self.sort[1 if self.vertical.ranking.demoted else 0]


@dataclass(frozen=True, slots=True)
class Candidates:
    """One vertical's candidates, best first.

    `total`: counts up to COUNTED; then `exact` is false. `asked`: how many were asked for. `facets`: by name.
    """

    vertical: Vertical
    found: Sequence[Candidate]
    total: int
    exact: bool
    asked: int = 0
    facets: Mapping[str, Counts] = field(default_factory=dict)


def failed(answer: Mapping[str, Any]) -> bool:
    """Return whether an answer of the engine lacks something."""
    if "error" in answer or answer.get("timed_out"):
        return True
    shards = answer["_shards"]
    # A shard that is nowhere is not counted as failed.
    return bool(shards["failed"] or shards["successful"] < shards["total"])


def _reason(answer: Mapping[str, Any]) -> str:
    """Return why a part failed, for the log: only the kind of error, as the engine's text may quote the query."""
    if error := answer.get("error"):
        return str(error["type"])
    return "too late" if answer.get("timed_out") else "shards failed"


def candidates_of(request: Request, answer: Mapping[str, Any]) -> Candidates | None:
    """Return what the engine found for a request; None where it failed or was late."""
    if failed(answer):
        log.warning("vertical_failed", vertical=request.vertical.name, reason=_reason(answer))
        return None
    try:
        counted = told(request.facets, answer.get("aggregations", {}))
        return _candidates(request, answer["hits"], counted)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError):
        log.warning("vertical_failed", vertical=request.vertical.name, reason="nonsense")
        return None


def _candidates(request: Request, hits: Mapping[str, Any], facets: Mapping[str, Counts]) -> Candidates:
    """Raise ValueError, or what comes of reading another shape, for what is no answer to this request."""
    total = hits.get("total", {"value": 0, "relation": "eq"})
    if type(total["value"]) is not int or not all(_is_hit(request, hit) for hit in hits["hits"]):
        raise ValueError("no hits")
    found = [
        Candidate(
            request.vertical,
            hit["_id"],
            (hit["_primary_term"], hit["_seq_no"]),
            frozenset(hit.get("matched_queries", ())),
            {name: values[0] for name, values in hit.get("fields", {}).items()},
            hit.get("sort", ()),
        )
        for hit in hits["hits"]
    ]
    return Candidates(request.vertical, found, total["value"], total["relation"] == "eq", request.size, facets)


def _is_hit(request: Request, hit: Mapping[str, Any]) -> bool:
    """Return whether a hit has what is read of it, each of the right kind."""
    sort, fields = hit.get("sort", ()), hit.get("fields", {})
    numbers = [hit["_primary_term"], hit["_seq_no"], *sort]
    return (
        isinstance(hit["_id"], str)
        and (len(sort) == len(request.sort) or len(request.sort) == 1)
        and all(isinstance(number, int | float) for number in numbers)
        and all(isinstance(fields[name][0], str) for name in request.fields if name in fields)
    )
