"""OAuth scopes, which limit what an app may do for its user: a module's name, or a word for several modules."""

from __future__ import annotations

from collections.abc import Collection

SEARCH = "search"
# No module but leave to use what a user did before, so the general scope does not stand for it: it is given by name.
PERSONAL = "search.personal"

# `search` does not cover `admin.*`: that needs a scope of its own.
_OF_SEARCH = ("search.", "discover.")
_MODULES = (*_OF_SEARCH, "admin.")


def names_modules(scope: str) -> bool:
    """Return whether a scope speaks of modules; tokens also hold scopes that are meant for other services."""
    return scope == SEARCH or scope.startswith(_MODULES)


def permits(scopes: Collection[str], module: str) -> bool:
    """Return whether `scopes` permit `module`; `search` stands for all of `search.*` and `discover.*` but PERSONAL."""
    return module in scopes or (SEARCH in scopes and module != PERSONAL and module.startswith(_OF_SEARCH))


def meet(one: frozenset[str], other: frozenset[str]) -> frozenset[str]:
    """Return scopes that permit exactly the modules that both `one` and `other` permit."""
    return frozenset(scope for scope in one | other if permits(one, scope) and permits(other, scope))
