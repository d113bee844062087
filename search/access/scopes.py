"""OAuth scopes that narrow what an app may do for its user: a scope is a module's name, or stands for several."""

from __future__ import annotations

from collections.abc import Collection

SEARCH = "search"

# Without what admins do, which is never part of a wider scope.
_OF_SEARCH = ("search.", "discover.")
_MODULES = (*_OF_SEARCH, "admin.")


def names_modules(scope: str) -> bool:
    """Whether a scope says anything about modules; tokens also hold words that are meant for others."""
    return scope == SEARCH or scope.startswith(_MODULES)


def permits(scopes: Collection[str], module: str) -> bool:
    """Whether `module` is among `scopes`; `search` stands for all of `search.*` and `discover.*`."""
    return module in scopes or (SEARCH in scopes and module.startswith(_OF_SEARCH))


def meet(one: frozenset[str], other: frozenset[str]) -> frozenset[str]:
    """The scopes that permit just the modules that both `one` and `other` permit."""
    return frozenset(scope for scope in one | other if permits(one, scope) and permits(other, scope))
