"""The closure of a user's memberships: every scope that they are inside, directly or through groups; pure.

A *scope* is what one can be a member of: a group, a conversation, a folder or a role. Members are users, departments
and groups. With these memberships, and times in microseconds,

    user:li          group:eng since 10, conversation:c since 50
    group:eng        conversation:c since 20, folder:f since 5 until 100, group:all
    department:rd    role:author since 0

`reach(["user:li", "department:rd"], documents, now=60)` gives

    group:eng        since 10
    folder:f         since 10     through group:eng: the later of 10 and 5
    conversation:c   since 20     directly since 50, through group:eng since 20: the earlier of the two
    role:author      since 0
    group:all        since 10, but its own document is `missing`: read it and call again
    until            100          the result holds until then, when the membership in folder:f ends

"Since" decides what is shown of a conversation that only shows what was said after one joined.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from search.access.principal import EVERYONE, Principal, Rules, ScopedRole, Tree

NEVER_BEGAN = -(2**63)  # `since` of a membership without a beginning
FOREVER = 2**63 - 1  # `until` of a membership without an end


@dataclass(frozen=True, slots=True)
class Member:
    """One membership in `scope`: in force when since ≤ now < until, in microseconds since 1970."""

    scope: str
    since: int
    until: int


@dataclass(frozen=True, slots=True)
class UserState:
    """A user's own entry in the directory."""

    active: bool
    department_ids: Sequence[str]


@dataclass(frozen=True, slots=True)
class Access:
    """A parsed directory document of a user, department or group.

    `user`: the user's state; None if unknown or deleted, or if it is no user. `members`: what it is a member of.
    `removed`: scopes of deleted memberships, which grant nothing and only serve explanations.
    """

    user: UserState | None
    members: Sequence[Member]
    removed: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class RoleState:
    """A role: the modules it gives, and within which departments (None: everywhere)."""

    modules: Sequence[str]
    department_ids: Sequence[str] | None


@dataclass(frozen=True)
class Reached:
    """The scopes that a user is inside at one time: scope → since when, in microseconds.

    `missing`: ids of documents that must be read before the result is complete. `until`: the time at which the result
    changes even if no membership does.
    """

    scopes: Mapping[str, int]
    missing: frozenset[str]
    until: int


def starts(user_id: str, state: UserState, tree: Tree) -> list[str]:
    """Return the principals whose memberships count for a user: the user, their departments and all above these."""
    departments = {above for id in state.department_ids for above in tree.upwards(id)}
    return [f"user:{user_id}", *(f"department:{id}" for id in sorted(departments))]


def reach(roots: Sequence[str], documents: Mapping[str, Access | None], now: int) -> Reached:
    """Return the scopes reached from `roots` by memberships in force at `now`, groups within groups included.

    `documents`: by principal, None where none is stored. An example stands at the head of this module.
    """
    # Along one way the latest `since` counts, of several ways the earliest: one is inside a group that is inside a
    # conversation only once both memberships have begun, and the first way in is as good as any. This is Dijkstra's
    # algorithm with max in the place of plus: the queue gives scopes by time, so the first time that a scope comes out
    # is its earliest, and a loop of groups ends there.
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
            continue  # ends of a way: only groups (and the roots) are members of anything
        if place not in documents:
            missing.add(place)
            continue
        for member in access.members if (access := documents[place]) else ():
            # Not in force yet, or no longer: grants nothing. `until` is the next begin or end of any of them, as that
            # changes the result without any event.
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
    """Return the principal of a user whose memberships reach `reached`."""
    # What access lists are compared with. Conversations join only where their rules are known: a deleted one counts
    # for nothing, even if memberships in it are left.
    names = {EVERYONE, *roots}
    joined: dict[str, int | None] = {}
    mine = {"default"}  # the role that every user of a tenant has
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
        # A role within departments counts as a principal only for entities of these departments (Principal.names_for).
        within = ScopedRole(f"role:{id}", tree.subtrees(role.department_ids))
        scoped.append(within)
        for module in role.modules:
            known = modules.get(module, ())  # None: another role gives it everywhere, which is more
            modules[module] = None if known is None else (*known, within)
    return Principal(tenant, user_id, frozenset(names), tuple(scoped), modules, joined, rules, tree)
