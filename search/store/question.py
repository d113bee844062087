"""What is asked of the store, and the vertical of its apps as the store's calls meet it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from mappings.catalogue import Catalogue
from mappings.vertical import Vertical
from search.access.principal import Principal
from search.core.errors import Forbidden
from search.query.question import Question

MODULE = "discover.apps"
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


@lru_cache(maxsize=256)
def shelf(catalogue: Catalogue) -> Vertical:
    """Return the vertical of apps as it is behind the store's own module."""
    return catalogue.holding("app").behind(MODULE)


def permitted(caller: Principal, catalogue: Catalogue) -> Vertical:
    """Return the store's shelf for a caller. Raises Forbidden when none of their roles has the store's module."""
    if not caller.may_call(MODULE):
        raise Forbidden(f"You may not use the app store: none of your roles has the module {MODULE}.")
    return shelf(catalogue)
