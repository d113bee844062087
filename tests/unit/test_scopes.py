"""Scopes narrow and never widen: what two of them both permit is what each permits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.access.principal import Principal, Rules, ScopedRole
from search.access.scopes import meet, permits

MODULES = ["search.messages", "search.contacts", "discover.apps", "admin.explain", "admin.reindex"]
SCOPES = st.frozensets(st.sampled_from([*MODULES, "search", "openid", "admin", "search.", "searching"]))
WITHIN = (ScopedRole("role:r", frozenset({"d-1"})),)
EVERYTHING = Principal(
    "acme", "u", frozenset({"tenant:*"}), WITHIN, dict.fromkeys(MODULES) | {"search.docs": WITHIN}, {}, Rules([{}])
)


@pytest.mark.parametrize(
    ("scopes", "permitted"),
    [
        ({"search"}, ["search.messages", "search.contacts", "discover.apps"]),
        ({"search.messages"}, ["search.messages"]),
        ({"admin.explain", "discover.apps"}, ["discover.apps", "admin.explain"]),
        ({"search", "admin.explain"}, ["search.messages", "search.contacts", "discover.apps", "admin.explain"]),
        ({"admin"}, []),
        ({"searching", "search.", "openid"}, []),
        (set(), []),
    ],
)
def test_a_scope_is_a_module_and_search_is_all_but_the_admins(scopes: set[str], permitted: list[str]) -> None:
    assert [module for module in MODULES if permits(scopes, module)] == permitted


@given(SCOPES, SCOPES, st.sampled_from(MODULES))
def test_what_two_both_permit_is_what_each_permits(one: frozenset[str], other: frozenset[str], module: str) -> None:
    assert permits(meet(one, other), module) is (permits(one, module) and permits(other, module))


@given(SCOPES)
def test_narrowing_takes_modules_away_and_touches_nothing_else(scopes: frozenset[str]) -> None:
    narrowed = EVERYTHING.narrowed(scopes)
    assert narrowed.modules.items() <= EVERYTHING.modules.items()
    assert set(narrowed.modules) == {module for module in EVERYTHING.modules if permits(scopes, module)}
    others = {name: value for name, value in vars(narrowed).items() if name != "modules"}
    assert others == {name: vars(EVERYTHING)[name] for name in others}
    assert narrowed.narrowed(scopes) == narrowed


def test_without_scopes_nothing_is_narrowed() -> None:
    assert EVERYTHING.narrowed(None) is EVERYTHING


def test_a_scope_gives_nothing_that_no_role_gave() -> None:
    nobody = Principal("acme", "u", frozenset(), (), {}, {}, Rules([{}]))
    assert not nobody.narrowed(frozenset({"search", *MODULES})).modules
