"""What a caller is told: hits in one ranked list, totals, and what the service made of the question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from search.query.naming import new_query_id


@dataclass(frozen=True)
class Hit:
    """One entity as it is shown. `score` falls with the place in the list; `title` and `snippet` are HTML."""

    vertical: str
    id: str
    score: float
    title: str
    snippet: str
    fields: Mapping[str, Any]


@dataclass(frozen=True)
class Section:
    """How many documents of a vertical match; `relation` is `eq`, or `gte` for a lower bound."""

    total: int
    relation: str


@dataclass(frozen=True)
class Answer:
    """One page of an answer.

    `denied`: verticals for which the caller has no module. `failed`: those whose backend did not answer in time.
    `cursor`: of the next page, None on the last. `query_id`: names this answer when its hits are opened.
    """

    hits: Sequence[Hit]
    sections: Mapping[str, Section]
    text: str
    filters: Mapping[str, Any]
    denied: Sequence[str]
    failed: Sequence[str] = ()
    corrected: str | None = None
    cursor: str | None = None
    took_ms: int = 0
    query_id: str = field(default_factory=new_query_id)
