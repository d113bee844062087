"""The caller of a request, with everything that decides what they may see, as the directory has it now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from functools import cached_property

from mappings.directory import page_number
from mappings.withdrawals import NOTHING_WITHDRAWN, Withdrawal
from search.access.scopes import permits

EVERYONE = "tenant:*"


@dataclass(frozen=True, slots=True)
class Rule:
    """What a conversation itself says about who may read it."""

    kind: str
    public: bool
    since_join: bool
    archived: bool


class Rules:
    """The rules of all conversations of a tenant; a conversation that is missing is unknown or deleted."""

    def __init__(self, pages: Sequence[Mapping[str, Rule]]) -> None:
        self._pages = pages

    def get(self, conversation_id: str) -> Rule | None:
        return self._pages[page_number(conversation_id)].get(conversation_id)

    @cached_property
    def public(self) -> frozenset[str]:
        return frozenset(id for page in self._pages for id, rule in page.items() if rule.public)


@dataclass(frozen=True)
class Tree:
    """A tenant's departments: id → parent. A department that is missing is unknown or deleted, and grants nothing."""

    parents: Mapping[str, str | None]

    def upwards(self, department_id: str) -> Iterator[str]:
        """Yield a department and its ancestors; stop at an unknown one, and before a mistaken loop would repeat."""
        seen: set[str] = set()
        current: str | None = department_id
        while current is not None and current in self.parents and current not in seen:
            seen.add(current)
            yield current
            current = self.parents[current]

    def subtrees(self, department_ids: Sequence[str]) -> frozenset[str]:
        """Return the departments with all those below them; unknown ones are left out."""
        roots = {id for id in department_ids if id in self.parents}
        return frozenset(id for id in self.parents if not roots.isdisjoint(self.upwards(id)))


@dataclass(frozen=True, slots=True)
class ScopedRole:
    """A role that counts only for entities whose departments all lie in `departments`."""

    name: str
    departments: frozenset[str]

    def covers(self, department_ids: Iterable[str]) -> bool:
        """Return whether an entity of these departments is inside; one that names no department is not."""
        named = set(department_ids)
        return bool(named) and named <= self.departments


@dataclass(frozen=True)
class Principal:
    """A caller with everything that decides what they may see.

    `names`: their principals that count everywhere. `roles`: those that count within departments only. `modules`:
    module → None if they may call it everywhere, else the roles within whose departments they may. `joined`:
    conversation that they are in → the time in microseconds from which they may read, None for all of it. `tree`: their
    tenant's departments, which everyone in the tenant may see. `app`: the third-party app that acts for them.
    `withdrawals`: by key, what takes documents away that are not written yet; the same for everyone in the tenant, and
    no part of what makes two principals equal.
    """

    tenant: str
    user: str
    names: frozenset[str]
    roles: tuple[ScopedRole, ...]
    modules: Mapping[str, tuple[ScopedRole, ...] | None]
    joined: Mapping[str, int | None]
    rules: Rules
    tree: Tree = Tree({})
    app: str | None = None
    withdrawals: Mapping[str, Withdrawal] = field(default_factory=lambda: NOTHING_WITHDRAWN, compare=False)

    def with_withdrawals(self, noted: Mapping[str, Withdrawal]) -> Principal:
        """Return the same person with these withdrawals, and with all that has been worked out of them before."""
        if noted is self.withdrawals:
            return self
        other = copy(self)
        object.__setattr__(other, "withdrawals", noted)
        return other

    def narrowed(self, scopes: frozenset[str] | None, app: str | None = None) -> Principal:
        """Return the same person as `app` acts for them, with only the modules that `scopes` permit; None: with all."""
        if scopes is None and app is None:
            return self
        modules = self.modules
        if scopes is not None:
            modules = {module: where for module, where in modules.items() if permits(scopes, module)}
        return replace(self, modules=modules, app=app)

    def may_call(self, module: str) -> bool:
        return module in self.modules

    def finds_conversation(self, conversation_id: str) -> bool:
        return conversation_id in self.joined or conversation_id in self.rules.public

    def reads(self, conversation_id: str, sent_at: int) -> bool:
        """Return whether they may read a message sent in a conversation at `sent_at` (microseconds)."""
        if conversation_id in self.rules.public:
            return True
        if conversation_id not in self.joined:
            return False
        since = self.joined[conversation_id]
        return since is None or sent_at >= since

    def names_for(self, department_ids: Sequence[str]) -> Iterator[str]:
        """Return the scoped roles that count for an entity of these departments."""
        return (role.name for role in self.roles if role.covers(department_ids))

    @cached_property
    def read_whole(self) -> list[str]:
        """The conversations that they may read from the beginning; sorted, so that equal queries are equal bytes."""
        whole = {id for id, since in self.joined.items() if since is None}
        return sorted(whole | self.rules.public)

    @cached_property
    def read_since(self) -> Mapping[str, int]:
        """The conversations that they may read only from a time on (microseconds), with that time."""
        public = self.rules.public
        return {id: since for id, since in sorted(self.joined.items()) if since is not None and id not in public}

    @cached_property
    def nearby_departments(self) -> Sequence[frozenset[str]]:
        """The departments around them, nearest first: their own with all below, then those below each next ancestor.

        The set of all departments is left out, as it tells nobody apart.
        """
        inside = {id for id in self.tree.parents if f"department:{id}" in self.names}
        nearest = inside - {self.tree.parents[id] for id in inside}
        found: list[frozenset[str]] = []
        left = set(inside)
        while nearest and len(below := self.tree.subtrees(sorted(nearest))) < len(self.tree.parents):
            found.append(below)
            # Each department is gone through once: a mistaken loop of parents would have no end.
            left -= nearest
            nearest = {parent for id in nearest if (parent := self.tree.parents[id]) in left}
        return found

    @cached_property
    def sorted_names(self) -> list[str]:
        return sorted(self.names)
