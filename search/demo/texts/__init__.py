"""Texts of the demo company: templates as data files, so that the code stays small."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any


@dataclass(frozen=True)
class Scene:
    """One piece of conversation: an opening, what others reply in this order, a closing."""

    open: list[str]
    talk: list[str]
    close: list[str]


@dataclass(frozen=True)
class RoomPlan:
    name: str
    kind: str
    departments: list[str]
    size: int
    weight: float = 1.0
    history: str = "all"
    public: bool = False
    archived: bool = False
    interns: bool = False
    managers: bool = False
    group: str | None = None


@dataclass(frozen=True)
class DocPlan:
    """A planned doc. `facts`: its facts if the topic's own are too confidential for its readers; else empty."""

    title: str
    form: str
    kind: str
    allow: list[str] = field(default_factory=list)
    deny: list[str] = field(default_factory=list)
    folder: str | None = None
    facts: list[str] = field(default_factory=list)
    departments: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Topic:
    """A subject that some departments talk and write about, in templates with slots."""

    key: str
    tenant: str
    departments: list[str]
    words: dict[str, list[str]]
    facts: list[str]
    rooms: list[RoomPlan]
    scenes: list[Scene]
    docs: list[DocPlan]

    @property
    def confidential(self) -> bool:
        return any(room.group for room in self.rooms)


def read(name: str) -> dict[str, Any]:
    """Return the content of a data file in this folder."""
    return tomllib.loads(resources.files(__name__).joinpath(name).read_text(encoding="utf-8"))


@cache
def topics() -> tuple[Topic, ...]:
    """Return all topics in the order of their file names."""
    folder = resources.files(__name__).joinpath("topics")
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".toml"))
    return tuple(_topic(read(f"topics/{name}")) for name in names)


def _topic(found: dict[str, Any]) -> Topic:
    words = dict(found["words"])
    if "project" in found:
        words["project"] = [found["project"]]
    return Topic(
        key=found["key"],
        tenant=found.get("tenant", "whaleboat"),
        departments=found["departments"],
        words=words,
        facts=found["facts"],
        rooms=[RoomPlan(**room) for room in found["rooms"]],
        scenes=[Scene(**scene) for scene in found["scenes"]],
        docs=[DocPlan(**doc) for doc in found["docs"]],
    )
