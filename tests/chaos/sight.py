"""What a caller may, and what a caller must be told, while nobody can know which events have been applied yet; pure.

Of an entity of which version 3 is confirmed as applied, and 4 and 5 were published since, any of the three may be its
state. So a hit is right if it was to be seen in one of these states, and wrong if missing only when it is in all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import unescape
from typing import Any

from chaos.load import Key, State

VERSION = re.compile(r"v(\d+)\b")
ENTITIES = {
    "messages": ("message",),
    "docs": ("doc",),
    "apps": ("app",),
    "contacts": ("user", "conversation"),
}


class Wrong(Exception):
    """What must not be; the text says what it is."""


@dataclass(frozen=True)
class Window:
    """One tenant: all versions that were published, and of each entity the one that is confirmed as applied."""

    states: Mapping[Key, Mapping[int, State]]
    floors: Mapping[Key, int]

    def of(self, entity: str, id: str) -> Sequence[State]:
        """Return every state that an entity may be in."""
        return list(self.versions(entity, id).values())

    def versions(self, entity: str, id: str) -> Mapping[int, State]:
        """Return the same by version; the absence of one that nothing is confirmed of has the version 0."""
        floor = self.floors.get((entity, id), 0)
        unborn: dict[int, State] = {} if floor else {0: None}
        known = self.states.get((entity, id), {})
        return unborn | {version: state for version, state in known.items() if version >= floor}


class Sight:
    """One caller's."""

    def __init__(self, window: Window, user: str) -> None:
        self._window = window
        self._user = user
        self._held: dict[str, tuple[bool, bool]] = {}

    @property
    def may_be_refused(self) -> bool:
        return not all(state and state["status"] == "active" for state in self._window.of("user", self._user))

    @property
    def must_be_refused(self) -> bool:
        return not any(state and state["status"] == "active" for state in self._window.of("user", self._user))

    @property
    def may_lack_modules(self) -> bool:
        return not all(self._window.of("role", "default"))

    def must(self, vertical: str) -> set[str]:
        """Return what the caller sees in every state, as ids of hits."""
        return {
            f"{entity}:{id}"
            for entity, id in self._window.states
            if entity in ENTITIES[vertical]
            and all(state is not None and self._sees(entity, id, state)[1] for state in self._window.of(entity, id))
        }

    def check(self, entity: str, id: str, version: int) -> None:
        """Raise Wrong unless the caller may be shown this version of an entity."""
        versions = self._window.versions(entity, id)
        state = versions.get(version)
        if state is None:
            known = self._window.states.get((entity, id), {})
            what = "was never published" if version not in known else f"is not the state any more: {sorted(versions)}"
            raise Wrong(f"{entity} {id} in version {version}, which {what}")
        if not self._sees(entity, id, state)[0]:
            raise Wrong(f"{entity} {id} in version {version}, which {self._user} may not see")

    def _sees(self, entity: str, id: str, state: Mapping[str, Any]) -> tuple[bool, bool]:
        """Return whether the caller sees an entity in this state, in one state of the others, and in all."""
        match entity:
            case "message":
                return self._in_room(
                    state["conversation_id"], self._window.of("conversation", state["conversation_id"])
                )
            case "doc":
                return (True, True) if state["owner_id"] == self._user else self._allowed(state)
            case "app":
                return self._allowed(state)
            case "user":
                listed = state.get("visible_to")
                open_ = listed is None or id == self._user or f"user:{self._user}" in listed
                return open_, open_
            case _:
                return self._in_room(id, [state])

    def _in_room(self, room: str, rooms: Sequence[State]) -> tuple[bool, bool]:
        may, must = self._holds(f"conversation:{room}")
        public = [bool(state and state["public"]) for state in rooms]
        there = [state is not None for state in rooms]
        return any(there) and (may or any(public)), all(there) and (must or all(public))

    def _allowed(self, state: Mapping[str, Any]) -> tuple[bool, bool]:
        allowed = [self._holds(principal) for principal in state["allow"]]
        denied = [self._holds(principal) for principal in state.get("deny") or ()]
        may = any(may for may, _ in allowed) and not any(must for _, must in denied)
        must = any(must for _, must in allowed) and not any(may for may, _ in denied)
        return may, must

    def _holds(self, principal: str) -> tuple[bool, bool]:
        if principal in ("tenant:*", f"user:{self._user}"):
            return True, True
        if principal.startswith("user:"):
            return False, False
        if principal not in self._held:
            states = self._window.of("member", f"{principal}|user:{self._user}")
            self._held[principal] = (
                any(state is not None for state in states),
                all(state is not None for state in states),
            )
        return self._held[principal]


def judge(sight: Sight, answer: Mapping[str, Any]) -> None:
    """Raise Wrong at an answer of the API to the question for all there is that cannot be right."""
    if sight.must_be_refused:
        raise Wrong("an answer for somebody who is unknown or disabled")
    if answer["denied"] and not sight.may_lack_modules:
        raise Wrong(f"{answer['denied']} denied")
    if bool(answer["failed"]) != answer["partial"]:
        raise Wrong(f"partial: {answer['partial']}, though failed: {answer['failed']}")
    found: dict[str, set[str]] = {vertical: set() for vertical in ENTITIES}
    for hit in answer["hits"]:
        entity = hit["fields"]["kind"] if hit["vertical"] == "contacts" else ENTITIES[hit["vertical"]][0]
        id = hit["id"].rpartition(":")[2]
        found[hit["vertical"]].add(f"{entity}:{id}")
        text = hit["snippet"] if entity == "message" else hit["title"]
        version = VERSION.search(unescape(re.sub("</?em>", "", text)))
        if version is None:
            raise Wrong(f"{entity} {id} with another text: {text!r}")
        sight.check(entity, id, int(version[1]))
    for vertical in ENTITIES:
        told = vertical not in answer["failed"] and vertical not in answer["denied"]
        if told and (missing := sight.must(vertical) - found[vertical]):
            raise Wrong(f"{vertical} without {sorted(missing)}, and not said to have failed")
