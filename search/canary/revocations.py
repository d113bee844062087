"""The kinds of revocation: every change that takes access away from a user, with what it takes; pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

MOMENT = "2026-01-01T00:00:00Z"
EVERYONE = "tenant:*"


@dataclass(frozen=True, slots=True)
class State:
    """The state of an entity in an event. `data`: None means deleted."""

    entity: str
    subject: str
    data: Mapping[str, Any] | None

    def deleted(self) -> State:
        """Return the state after deletion."""
        return State(self.entity, self.subject, None)

    def but(self, **changed: Any) -> State:
        """Return the state with some fields changed."""
        return State(self.entity, self.subject, {**(self.data or {}), **changed})


@dataclass(frozen=True, slots=True)
class Revocation:
    """A revocation. After `granted` is published, `caller` finds `wanted` by `word`; after `revoked`, no longer."""

    kind: str
    caller: str
    word: str
    vertical: str
    wanted: str
    granted: Sequence[State]
    revoked: State


class _Cast:
    """The entities of one revocation, used by no other. `name`: the beginning of their ids. `word`: their text."""

    def __init__(self, name: str, word: str) -> None:
        self.word = word
        self.me: str = f"user:{name}-caller"
        self.caller: State = _user(f"{name}-caller", "某人")
        self.hidden: State = _user(f"{name}-hidden", word).but(visible_to=[self.me])
        self.room: State = _entity("conversation", f"{name}-room", _ROOM)
        self.member: State = _member(f"conversation:{name}-room", self.me)
        self.folder: str = f"{name}-folder"
        self.filing: State = _member(f"folder:{self.folder}", self.me)
        said = {"conversation_id": f"{name}-room", "sender_id": f"{name}-hidden", "kind": "text", "sent_at": MOMENT}
        self.said: State = _entity("message", f"{name}-said", {**said, "text": word})
        doc = {"kind": "doc", "owner_id": f"{name}-owner", "created_at": MOMENT, "updated_at": MOMENT}
        self.doc: State = _entity("doc", f"{name}-doc", {**doc, "title": word, "body": word, "allow": []})
        self.everyones: State = self.doc.but(allow=[EVERYONE])


_Parts = tuple[str, State, Sequence[State], State]
"""(vertical, the wanted entity, states that grant access, the state that revokes it)"""

_ROOM: Final = {"kind": "group", "name": "某群", "history": "all", "public": False, "archived": False}
_KINDS: Mapping[str, Callable[[_Cast], _Parts]] = MappingProxyType(
    {
        "membership": lambda of: ("messages", of.said, [of.room, of.member, of.said], of.member.deleted()),
        "allow": lambda of: ("docs", of.doc, [of.doc.but(allow=[of.me])], of.doc),
        "deny": lambda of: ("docs", of.doc, [of.everyones], of.everyones.but(deny=[of.me])),
        "folder_id": lambda of: ("docs", of.doc, [of.filing, of.doc.but(folder_id=of.folder)], of.doc),
        "visible_to": lambda of: ("contacts", of.hidden, [of.hidden], of.hidden.but(visible_to=[])),
        "made_private": lambda of: ("messages", of.said, [of.room.but(public=True), of.said], of.room),
        "conversation_deleted": lambda of: ("messages", of.said, [of.room, of.member, of.said], of.room.deleted()),
        "recall": lambda of: ("messages", of.said, [of.room, of.member, of.said], of.said.deleted()),
        "user_disabled": lambda of: ("docs", of.doc, [of.everyones], of.caller.but(status="disabled")),
    }
)
KINDS: Sequence[str] = tuple(_KINDS)
"""The kinds of revocation that the contract names in section 2 under "Time"."""


def revocation(kind: str, name: str, word: str) -> Revocation:
    """Return a revocation of this kind.

    `name`: the beginning of the ids of its entities. `word`: a text that no other entity holds.
    """
    cast = _Cast(name, word)
    vertical, wanted, granted, revoked = _KINDS[kind](cast)
    return Revocation(kind, f"{name}-caller", word, vertical, wanted.subject, [cast.caller, *granted], revoked)


def everybody_may_search(modules: Sequence[str]) -> State:
    """Return the role that every user of a tenant has, with these modules."""
    return _entity("role", "default", {"name": "default", "modules": list(modules)})


def _user(id: str, name: str) -> State:
    return _entity("user", id, {"name": name, "department_ids": [], "status": "active"})


def _member(scope: str, principal: str) -> State:
    return State("member", f"{scope}|{principal}", {"scope": scope, "principal": principal})


def _entity(entity: str, id: str, data: Mapping[str, Any]) -> State:
    return State(entity, id, {"id": id, **data})
