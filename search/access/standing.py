"""The state of a user whom somebody else asks about, for explanations; pure.

Besides what the user may see now, it holds what they might see under two assumptions: that no membership had ended, and
that every membership had begun. If access fails now and holds under one of them, that is the explanation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from search.access.closure import FOREVER, NEVER_BEGAN, Access, Member
from search.access.principal import Principal


@dataclass(frozen=True, slots=True)
class Standing:
    """A user whom somebody else asks about. `access` is None for a disabled user."""

    department_ids: Sequence[str]
    access: UserAccess | None


@dataclass(frozen=True, slots=True)
class UserAccess:
    """What an active user may see now, and under each assumption. Only explanations use the last two."""

    now: Principal
    ignoring_expiry: Principal
    ignoring_start: Principal


Assumption = Callable[[Access, int], Access]
"""(a document, a time in microseconds) → the document as it would be under the assumption."""


def as_it_is(access: Access, _: int) -> Access:
    """Return `access` unchanged."""
    return access


def ignoring_expiry(access: Access, _: int) -> Access:
    """Return `access` with every membership that has ended, or was removed, still going on."""
    members = [Member(member.scope, member.since, FOREVER) for member in access.members]
    return Access(access.user, [*members, *(Member(scope, NEVER_BEGAN, FOREVER) for scope in access.removed)])


def ignoring_start(access: Access, now: int) -> Access:
    """Return `access` with every membership that is still to begin already in force."""
    begun = [Member(one.scope, NEVER_BEGAN if one.since > now else one.since, one.until) for one in access.members]
    return Access(access.user, begun)
