"""Who belongs to which department and role: the groups over which use is counted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from opensearchpy import AsyncOpenSearch
from opensearchpy.exceptions import NotFoundError, OpenSearchException
from scipy.sparse import csr_matrix

from mappings import directory as stored
from search.access.closure import Access, RoleState, reach, starts
from search.access.parsed import parse
from search.access.principal import Principal, Tree
from search.core.errors import Unavailable
from search.recommend.rule import SMALLEST_GROUP

AT_ONCE: Final = 1000
PATIENCE_S: Final = 30.0
# Everybody has this role, which is the tenant once more.
_EVERYBODY_S: Final = "role:default"
_AWAY: Final = "The directory does not answer; nothing can be counted by department. Try again in a moment."


@dataclass(frozen=True, eq=False)
class People:
    """A tenant's active people, and for each the groups that they belong to, such as `department:d-3`, `role:hr`."""

    ids: Sequence[str]
    groups: Sequence[frozenset[str]]

    @cached_property
    def large(self) -> Sequence[str]:
        """The groups of which anything may be told at all, sorted."""
        sizes: dict[str, int] = {}
        for groups in self.groups:
            for group in groups:
                sizes[group] = sizes.get(group, 0) + 1
        return sorted(group for group, people in sizes.items() if people >= SMALLEST_GROUP)

    @cached_property
    def matrix(self) -> csr_matrix:
        """The groups of `large` × people: 1 for each that belongs to it."""
        places = {group: place for place, group in enumerate(self.large)}
        pairs = [(places[group], person) for person, of in enumerate(self.groups) for group in of if group in places]
        rows, columns = zip(*pairs, strict=True) if pairs else ((), ())
        return csr_matrix((np.ones(len(pairs)), (rows, columns)), (len(places), len(self.ids)))

    @cached_property
    def sizes(self) -> NDArray[np.float64]:
        """How many people each group of `large` has."""
        found: NDArray[np.float64] = np.asarray(self.matrix.sum(axis=1)).ravel()
        return found


def groups_of(caller: Principal) -> frozenset[str]:
    """Return the groups that a caller belongs to, as those of everybody are counted."""
    named = (name for name in caller.names if name.startswith(("department:", "role:")))
    return frozenset({*named, *(role.name for role in caller.roles)} - {_EVERYBODY_S})


class PeopleRead:
    """Reads everybody of a tenant from its directory, for statistics alone. `now`: microseconds since 1970."""

    def __init__(self, engine: AsyncOpenSearch, tenant: str, now: int) -> None:
        self._engine = engine
        self._index = f"{stored.NAME}.{tenant}"
        self._now = now
        self._documents: dict[str, Access | None] = {}

    async def of(self, user_ids: Iterable[str]) -> People:
        """Return those of these users who are active, in their order, with their groups. Raises Unavailable."""
        shared = await self._read([stored.DEPARTMENTS, stored.ROLES])
        tree: Tree = shared[stored.DEPARTMENTS] or Tree({})
        roles: Mapping[str, RoleState] = shared[stored.ROLES] or {}
        ids = list(user_ids)
        users = await self._read([f"user:{id}" for id in ids])
        self._documents = dict(users)
        active = [id for id in ids if (found := users[f"user:{id}"]) and found.user and found.user.active]
        roots = {id: starts(id, users[f"user:{id}"].user, tree) for id in active}
        while missing := {one for id in active for one in reach(roots[id], self._documents, self._now).missing}:
            self._documents |= await self._read(sorted(missing))
        return People(active, [self._groups(roots[id], roles) for id in active])

    def _groups(self, roots: Sequence[str], roles: Mapping[str, RoleState]) -> frozenset[str]:
        scopes = reach(roots, self._documents, self._now).scopes
        held = {scope for scope in scopes if scope.startswith("role:") and scope.removeprefix("role:") in roles}
        return frozenset({*roots[1:], *held} - {_EVERYBODY_S})

    async def _read(self, ids: Sequence[str]) -> dict[str, Any]:
        """Return what each of these documents means; None for one that is not there."""
        found: dict[str, Any] = {}
        for start in range(0, len(ids), AT_ONCE):
            some = list(ids[start : start + AT_ONCE])
            try:
                answer = await self._engine.mget(body={"ids": some}, index=self._index, request_timeout=PATIENCE_S)
            except NotFoundError:
                answer = {"docs": [{"_id": id, "found": False} for id in some]}
            except OpenSearchException as error:
                raise Unavailable(_AWAY) from error
            for got in answer["docs"]:
                if got.get("error"):
                    raise Unavailable(_AWAY)
                found[got["_id"]] = parse(got["_id"], got["_source"]) if got["found"] else None
        return found
