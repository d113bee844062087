"""What the demo company talks about: templates as data, so that the code stays small."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any


@dataclass(frozen=True)
class Scene:
    """One conversation piece: somebody opens, others talk in this order, somebody closes."""

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
    """`facts`: what it says, where the topic's own would tell its readers too much."""

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
    """What some departments talk and write about, in templates with slots."""

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
    """One of the data files beside this one."""
    return tomllib.loads(resources.files(__name__).joinpath(name).read_text(encoding="utf-8"))


@cache
def topics() -> tuple[Topic, ...]:
    """All topics, in the order of their file names."""
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
