"""Parses the directory's stored documents into what they mean; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mappings import directory as stored
from mappings.withdrawals import PAGE_IDS, Withdrawal
from search.access.closure import FOREVER, NEVER_BEGAN, Access, Member, RoleState, UserState
from search.access.principal import Rule, Tree


def parse(id: str, source: Mapping[str, Any] | None) -> Any:
    """Return what a stored document means; None for one that does not exist.

    An entry that is only a version was deleted, and is left out. By id: the department tree, the roles, a page of
    conversations, a page of withdrawals, or a principal's memberships (`Access`).
    """
    if source is None:
        return None
    alive = {key: value for key, value in source.items() if len(value) > 1}
    if id in PAGE_IDS:
        return {key: Withdrawal.of(value) for key, value in alive.items()}
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
