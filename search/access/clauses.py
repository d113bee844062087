"""Query clauses of OpenSearch, and how several become one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Clause = dict[str, Any]


def any_of(ways: Sequence[Clause]) -> Clause:
    """Return a clause that a document meets when it meets at least one of `ways`."""
    return ways[0] if len(ways) == 1 else {"bool": {"should": list(ways), "minimum_should_match": 1}}


def all_of(*clauses: Clause) -> Clause:
    """Return a clause that a document meets when it meets all of `clauses`."""
    return {"bool": {"filter": list(clauses)}}
