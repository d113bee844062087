"""The engine's clauses, and how several become one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Clause = dict[str, Any]


def any_of(ways: Sequence[Clause]) -> Clause:
    return ways[0] if len(ways) == 1 else {"bool": {"should": list(ways), "minimum_should_match": 1}}


def all_of(*clauses: Clause) -> Clause:
    return {"bool": {"filter": list(clauses)}}
