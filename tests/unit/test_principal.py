"""A resolved caller: which departments are near, and that a mistaken tree of departments does no harm."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from mappings.directory import CONVERSATION_PAGES
from search.access.principal import Principal, Rules, Tree


def member_of(parents: Mapping[str, str | None], *inside: str) -> Principal:
    """A caller of a company with these departments, who is inside those named."""
    names = frozenset({"tenant:*", "user:u", *(f"department:{id}" for id in inside)})
    rules = Rules([{} for _ in range(CONVERSATION_PAGES)])
    return Principal("acme", "u", names, (), {}, {}, rules, Tree(parents))


class TestRings:
    COMPANY: Mapping[str, str | None] = {"top": None, "a": "top", "b": "a", "c": "b", "beside": "a", "other": "top"}

    def test_from_their_own_department_outwards_without_the_one_that_everybody_is_in(self) -> None:
        found = member_of(self.COMPANY, "b", "a", "top").nearby_departments
        assert found == [{"b", "c"}, {"a", "b", "c", "beside"}]

    def test_two_departments_of_one_person_are_one_ring(self) -> None:
        found = member_of(self.COMPANY, "b", "a", "other", "top").nearby_departments
        assert found == [{"b", "c", "other"}]

    def test_nobody_s_department_has_none(self) -> None:
        assert member_of(self.COMPANY).nearby_departments == []

    @pytest.mark.timeout(10)
    @pytest.mark.parametrize("loop", [{"a": "a"}, {"a": "b", "b": "a"}, {"a": "b", "b": "c", "c": "a"}])
    def test_departments_that_are_each_other_s_parents_end_somewhere(self, loop: Mapping[str, str]) -> None:
        parents = {"mine": "a", "other": None, **loop}
        [first, *rest] = member_of(parents, "mine", *loop).nearby_departments
        assert first == {"mine"}
        assert all(ring == {"mine", *loop} for ring in rest)
