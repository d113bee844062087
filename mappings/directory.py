"""The directory's documents: who is inside what, and the rules of roles, departments and conversations.

Every document is a map `key → [version, …]` in which the higher version of a key wins, so that replays and disorder
do no harm. A key whose value is a version alone was deleted.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from mappings.entities import Conversation, Department, Entity, Membership, Role, User
from mappings.events import Change

NAME: Final = "directory"
ENTITIES: Mapping[str, Mapping[str, type[Entity]]] = MappingProxyType(
    {
        "changes.contacts": {"user": User, "department": Department, "conversation": Conversation},
        "changes.access": {"member": Membership, "role": Role},
    }
)
"""The models by entity, by stream."""

SELF: Final = "@"  # the key of a user's own state among their memberships
DEPARTMENTS: Final = "departments"
ROLES: Final = "roles"
INCARNATION: Final = "incarnation"  # names this very index: a parsed copy of an older one of the same name is void
CONVERSATION_PAGES: Final = 64
# A conversation's first members are kept the other way round too, to name the other side of a direct one.
MEMBERS_KEPT: Final = 4
FULL: Final = "#"  # the key that stands alone in a document of more members than are kept

Entry = tuple[str, str, list[Any]]
"""(document id, key, [version, …])"""

# Not even looked at: the keys are ids, and the engine refuses field names such as `.x`, `a..b` or `_id`.
MAPPING: Mapping[str, Any] = MappingProxyType({"enabled": False})


def page_number(conversation_id: str) -> int:
    """Return the page that holds a conversation's rules: by hash, so that one change rewrites little."""
    return zlib.crc32(conversation_id.encode()) % CONVERSATION_PAGES


def conversation_page(conversation_id: str) -> str:
    return f"conversations:{page_number(conversation_id)}"


CONVERSATION_PAGE_IDS: Final = tuple(f"conversations:{page}" for page in range(CONVERSATION_PAGES))


def members_page(conversation_id: str) -> str:
    return f"members:{conversation_id}"


def entries(change: Change) -> Iterator[Entry]:
    """Yield what one change puts into the directory."""
    match change.entity:
        case "user":
            yield f"user:{change.id}", SELF, [change.version, *_user(change.state)]
        case "department":
            yield DEPARTMENTS, change.id, [change.version, *_department(change.state)]
        case "conversation":
            yield conversation_page(change.id), change.id, [change.version, *_conversation(change.state)]
        case "role":
            yield ROLES, change.id, [change.version, *_role(change.state)]
        case _:
            yield from _membership(change)


def _user(state: Entity | None) -> list[Any]:
    return [state.status, list(state.department_ids)] if isinstance(state, User) else []


def _department(state: Entity | None) -> list[Any]:
    return [state.parent_id] if isinstance(state, Department) else []


def _conversation(state: Entity | None) -> list[Any]:
    if not isinstance(state, Conversation):
        return []
    return [state.kind, state.public, state.history == "since_join", state.archived]


def _role(state: Entity | None) -> list[Any]:
    if not isinstance(state, Role):
        return []
    return [list(state.modules), None if state.department_ids is None else list(state.department_ids)]


def _membership(change: Change) -> Iterator[Entry]:
    scope, _, principal = change.id.partition("|")
    state = change.state
    value = [change.version, *([state.since, state.until] if isinstance(state, Membership) else [])]
    yield principal, scope, value
    kind, _, conversation = scope.partition(":")
    if kind == "conversation" and principal.startswith("user:"):
        yield members_page(conversation), principal, value
