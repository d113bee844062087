"""What is told to the feedback and what it tells: answers as they were given, clicks, recent searches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Source = Literal["search", "suggest", "apps"]
Action = Literal["submit", "impression", "click", "open", "dismiss"]

OPENING: frozenset[Action] = frozenset({"open", "click"})
"""The actions by which a caller opens what a hit names."""


@dataclass(frozen=True, slots=True)
class Noted:
    """An answer as it was given to a caller.

    `personal`: whether the caller's own recent searches and opens may come of it. `at`: aware. `entities`: (vertical,
    id), in the order shown.
    """

    query_id: str
    tenant: str
    user: str
    app: str | None
    personal: bool
    source: Source
    text: str
    at: datetime
    entities: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Click:
    """What a caller did with an answer.

    `vertical` and `id`: the entity; `submit`, which means the question itself, has none. `position`: in the list that
    the client showed, as the client counts.
    """

    query_id: str
    action: Action
    vertical: str | None = None
    id: str | None = None
    position: int | None = None


@dataclass(frozen=True, slots=True)
class Clicked:
    """A click with its caller and time. `personal`: as of `Noted`."""

    tenant: str
    user: str
    app: str | None
    personal: bool
    click: Click
    at: datetime


@dataclass(frozen=True, slots=True)
class Recent:
    """A recent search. `at`: when it was last meant, aware, in UTC."""

    id: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Reactions:
    """What a user did with entities of one vertical that answers showed them, by id.

    `dismissed`: those that they want no more. `seen`: in how many answers they saw each and opened it in none.
    """

    dismissed: frozenset[str] = frozenset()
    seen: Mapping[str, int] = field(default_factory=dict)
