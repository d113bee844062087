"""How a user stands in the directory as somebody else asks about them, and what would be if; pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from search.access.closure import FOREVER, NEVER_BEGAN, Access, Member
from search.access.principal import Principal


@dataclass(frozen=True, slots=True)
class Standing:
    """A user as somebody else asks about them. `callers` is None for a disabled one, who is nobody's caller."""

    department_ids: Sequence[str]
    callers: Callers | None


@dataclass(frozen=True, slots=True)
class Callers:
    """An active user as a caller: now, and if no membership had ended, and if all of them had begun.

    The last two only explain; nobody is ever answered as one of them.
    """

    now: Principal
    once: Principal
    soon: Principal


AsIf = Callable[[Access, int], Access]
"""(a document, a time in microseconds) → the document as it would be if something had gone otherwise."""


def as_it_is(access: Access, _: int) -> Access:
    return access


def as_if_none_had_ended(access: Access, _: int) -> Access:
    """Every membership that has passed, or was removed, goes on."""
    members = [Member(member.scope, member.since, FOREVER) for member in access.members]
    return Access(access.user, [*members, *(Member(scope, NEVER_BEGAN, FOREVER) for scope in access.removed)])


def as_if_all_had_begun(access: Access, now: int) -> Access:
    """Every membership that is still to come is in force."""
    begun = [Member(one.scope, NEVER_BEGAN if one.since > now else one.since, one.until) for one in access.members]
    return Access(access.user, begun)
