"""What is told while somebody types: suggestions, best first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from search.query.naming import new_query_id


@dataclass(frozen=True)
class Suggestion:
    """One of them. `title` is HTML with `<em>` as its only markup.

    `kind` `query`: `text` is a whole query; an entity has none, unless it stands behind an operator: then `text` is
    what was typed with `token` put in, which means this very entity. `why`: the best reason.
    """

    kind: str
    title: str = ""
    vertical: str | None = None
    id: str | None = None
    detail: str = ""
    why: str | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    text: str | None = None
    token: str | None = None


@dataclass(frozen=True)
class Suggestions:
    """An answer. `failed`: verticals that did not answer in time."""

    found: Sequence[Suggestion]
    failed: Sequence[str] = ()
    took_ms: int = 0
    query_id: str = field(default_factory=new_query_id)
