"""Who may see what a vertical holds: by an access list of its own, or by a conversation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analyzers import Segmenter
from mappings.parts.fields import Of
from mappings.properties import INTEGER, KEYWORD, LONG, Document, Properties


@dataclass(frozen=True)
class Discovery:
    """Found, but not opened, by callers whom `allow` does not name.

    `principals`: who may find it so. `withheld`: members of the entity that only those are told who may open it;
    `instead`: members that only the others are told.
    """

    principals: Of
    withheld: Sequence[str] = ()
    instead: Sequence[str] = ()


@dataclass(frozen=True)
class AllowList:
    """Seen by callers whom `allow` names and `deny` does not, and always by the owner.

    `allow`, `deny`: principals. `owner`: a user's id. `departments`: the ids by which a role that counts within
    departments reaches the entity. `discovery`: who finds it besides.
    """

    allow: Of
    deny: Of | None = None
    owner: Of | None = None
    departments: Of | None = None
    discovery: Discovery | None = None

    def properties(self) -> Mapping[str, Properties]:
        found = {"allow": KEYWORD}
        if self.deny:
            found["deny"] = KEYWORD
        if self.discovery:
            found["discoverable"] = KEYWORD
        if self.owner:
            found["owner"] = KEYWORD
        if self.departments:
            # How many there are, too: the engine is asked whether all of them lie within a role's.
            found |= {"department_ids": KEYWORD, "departments": INTEGER}
        return found

    def values(self, state: Any, _: Segmenter | None) -> Document:
        document: Document = {"allow": list(self.allow(state))}
        if self.deny:
            document["deny"] = list(self.deny(state))
        if self.discovery:
            document["discoverable"] = list(self.discovery.principals(state))
        if self.owner and (owner := self.owner(state)) is not None:
            document["owner"] = owner
        if self.departments and (ids := self.departments(state)) is not None:
            document |= {"department_ids": list(ids), "departments": len(set(ids))}
        return document


@dataclass(frozen=True)
class InConversation:
    """Seen by callers who may read a conversation at the time at which the entity was said.

    `conversation`: its id. `said_at`: microseconds.
    """

    conversation: Of
    said_at: Of

    def properties(self) -> Mapping[str, Properties]:
        return {"conversation_id": KEYWORD, "sent_at": LONG}

    def values(self, state: Any, _: Segmenter | None) -> Document:
        return {"conversation_id": self.conversation(state), "sent_at": self.said_at(state)}


Access = AllowList | InConversation
