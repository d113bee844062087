"""What the store tells: apps with their access, their use and a reason; totals and counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from search.access.facets import Counts
from search.query.answer import Hit, Section
from search.query.naming import new_query_id
from search.recommend.figures import Use

Access = Literal["open", "request"]
ReasonKind = Literal["department_use", "similar_to", "used_together", "popular", "new"]


@dataclass(frozen=True)
class Reason:
    """Why an app is shown. `text`: for people, in their language. `app_id`: the app that it is like."""

    kind: ReasonKind
    text: str
    app_id: str | None = None


@dataclass(frozen=True)
class StoreApp:
    """One app as it is shown. `title` and `snippet` are HTML. `rating`: the mean, where the rule allows it."""

    id: str
    title: str
    snippet: str
    access: Access
    fields: Mapping[str, Any]
    use: Use
    rating: float | None = None
    reason: Reason | None = None

    @classmethod
    def of(cls, hit: Hit, use: Use, rating: float | None, reason: Reason | None = None) -> StoreApp:
        """Return a hit as the store shows it, with what its access is beside its fields."""
        fields = dict(hit.fields)
        access: Access = "request" if fields.pop("access", None) else "open"
        return cls(hit.id, hit.title, hit.snippet, access, fields, use, rating, reason)


@dataclass(frozen=True)
class StoreAnswer:
    """One page of the store. `facets`: by name, each counted under the other facets' choices."""

    apps: Sequence[StoreApp]
    total: Section
    facets: Mapping[str, Counts]
    text: str
    filters: Mapping[str, Any]
    corrected: str | None = None
    cursor: str | None = None
    took_ms: int = 0
    query_id: str = field(default_factory=new_query_id)


@dataclass(frozen=True)
class AppPage:
    """One app's page. `description`: its whole description, as plain text."""

    app: StoreApp
    description: str
    took_ms: int = 0
    query_id: str = field(default_factory=new_query_id)


@dataclass(frozen=True)
class AppList:
    """Apps alone, each with its reason."""

    apps: Sequence[StoreApp]
    took_ms: int = 0
    query_id: str = field(default_factory=new_query_id)
