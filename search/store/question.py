"""What is asked of the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from search.query.question import Question

Order = Literal["relevance", "popular", "trending", "new"]


@dataclass(frozen=True)
class StoreQuestion:
    """What a client sent.

    `chosen`: by facet, the value that every app must have. `mine`: only what the caller opened or installed, the latest
    first.
    """

    q: str = ""
    chosen: Mapping[str, str] = field(default_factory=dict)
    sort: Order = "relevance"
    limit: int = 20
    cursor: str | None = None
    mine: bool = False

    @property
    def box(self) -> Question:
        """What stands in the query box, for those who read it."""
        return Question(self.q)

    @property
    def whole(self) -> Question:
        """Everything that makes another answer, for its cursor."""
        return Question(self.q, filters={**self.chosen, "mine": str(self.mine)}, sort=self.sort, cursor=self.cursor)
