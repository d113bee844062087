"""The directory's documents as they are stored → what they mean; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mappings import directory as stored
from search.access.closure import FOREVER, NEVER_BEGAN, Access, Member, RoleState, UserState
from search.access.principal import Rule, Tree


def parse(id: str, source: Mapping[str, Any] | None) -> Any:
    """A stored document → what it means, without what was deleted (a version alone)."""
    if source is None:
        return None
    alive = {key: value for key, value in source.items() if len(value) > 1}
    if id == stored.DEPARTMENTS:
        return Tree({key: value[1] for key, value in alive.items()})
    if id == stored.ROLES:
        return {key: RoleState(value[1], value[2]) for key, value in alive.items()}
    if id.startswith("conversations:"):
        return {key: Rule(*value[1:]) for key, value in alive.items()}
    state = alive.pop(stored.SELF, None)
    user = UserState(state[1] == "active", state[2]) if state else None
    members = [_member(scope, value) for scope, value in alive.items()]
    removed = [scope for scope, value in source.items() if len(value) == 1 and scope != stored.SELF]
    return Access(user, members, removed)


def _member(scope: str, value: list[Any]) -> Member:
    since, until = value[1], value[2]
    return Member(scope, NEVER_BEGAN if since is None else since, FOREVER if until is None else until)
