"""Which scopes a user is inside, from the directory's parsed documents; pure."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from search.access.principal import EVERYONE, Principal, Rules, ScopedRole, Tree

NEVER_BEGAN = -(2**63)  # a membership without `since` has always been
FOREVER = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Member:
    """One membership: in force when since ≤ now < until, in microseconds."""

    scope: str
    since: int
    until: int


@dataclass(frozen=True, slots=True)
class UserState:
    active: bool
    department_ids: Sequence[str]


@dataclass(frozen=True, slots=True)
class Access:
    """A principal's own document: a user's state (None: unknown or deleted, or no user) and what it is a member of.

    `removed`: scopes of memberships that were deleted; they grant nothing, and only explain why.
    """

    user: UserState | None
    members: Sequence[Member]
    removed: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class RoleState:
    modules: Sequence[str]
    department_ids: Sequence[str] | None


@dataclass(frozen=True)
class Reached:
    """The scopes that a user is inside at one time, each with the time since when.

    `missing`: documents that must be read before this is the whole answer. `until`: when time alone changes it.
    """

    scopes: Mapping[str, int]
    missing: frozenset[str]
    until: int


def starts(user_id: str, state: UserState, tree: Tree) -> list[str]:
    """The principals from which memberships are followed: the user, and every department above."""
    departments = {above for id in state.department_ids for above in tree.upwards(id)}
    return [f"user:{user_id}", *(f"department:{id}" for id in sorted(departments))]


def reach(roots: Sequence[str], documents: Mapping[str, Access | None], now: int) -> Reached:
    """Follow memberships in force from `roots`, groups within groups included.

    Along one way into a scope its latest `since` counts; of several ways the earliest wins. So scopes are settled in
    the order of that time, as in Dijkstra's algorithm with max in the place of plus.
    """
    settled: dict[str, int] = {}
    missing: set[str] = set()
    until = FOREVER
    queue = [(NEVER_BEGAN, root) for root in roots]
    while queue:
        since, place = heapq.heappop(queue)
        if place in settled:
            continue
        settled[place] = since
        if place.startswith(("role:", "folder:", "conversation:")):
            continue  # nothing is inside something by way of these
        if place not in documents:
            missing.add(place)
            continue
        for member in access.members if (access := documents[place]) else ():
            if member.since > now:
                until = min(until, member.since)
            elif now < member.until:
                until = min(until, member.until)
                heapq.heappush(queue, (max(since, member.since), member.scope))
    scopes = {place: since for place, since in settled.items() if place not in roots}
    return Reached(scopes, frozenset(missing), until)


def principal(
    tenant: str,
    user_id: str,
    roots: Sequence[str],
    reached: Reached,
    tree: Tree,
    roles: Mapping[str, RoleState],
    rules: Rules,
) -> Principal:
    """What a reached closure amounts to."""
    names = {EVERYONE, *roots}
    joined: dict[str, int | None] = {}
    mine = {"default"}
    for scope, since in reached.scopes.items():
        kind, _, id = scope.partition(":")
        if kind == "conversation":
            if rule := rules.get(id):
                names.add(scope)
                joined[id] = since if rule.since_join and since != NEVER_BEGAN else None
        elif kind == "role":
            mine.add(id)
        else:
            names.add(scope)
    scoped: list[ScopedRole] = []
    modules: dict[str, tuple[ScopedRole, ...] | None] = {}
    for id in sorted(mine & roles.keys()):
        role = roles[id]
        if role.department_ids is None:
            names.add(f"role:{id}")
            modules |= dict.fromkeys(role.modules)
            continue
        within = ScopedRole(f"role:{id}", tree.subtrees(role.department_ids))
        scoped.append(within)
        for module in role.modules:
            known = modules.get(module, ())
            modules[module] = None if known is None else (*known, within)
    return Principal(tenant, user_id, frozenset(names), tuple(scoped), modules, joined, rules, tree)
