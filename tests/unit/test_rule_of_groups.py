"""The rule of groups: what may be told, in which steps, and how often a step changes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.recommend import rule
from search.recommend.rule import Cells


def step(users: int, people: int) -> int:
    return int(rule.steps(np.array([users]), people)[0])


@pytest.mark.parametrize(
    ("users", "people", "is_told"),
    [(11, 21, True), (10, 1000, False), (11, 20, False), (90, 100, True), (91, 100, False), (0, 100, False)],
)
def test_eleven_who_do_and_ten_who_do_not(users: int, people: int, is_told: bool) -> None:
    assert (step(users, people) > 0) is is_told


@given(st.integers(0, 5_000_000), st.integers(0, 5_000_000))
def test_what_is_shown_is_never_more_than_there_are_and_half_at_least_of_what_may_be(users: int, others: int) -> None:
    found = np.array([step(users, users + others)], dtype=np.uint8)
    shown = int(rule.shown(found)[0])
    if users < 11 or others < 10:
        assert shown == 0
    else:
        assert shown <= users < shown * 2.5
        assert str(shown).rstrip("0") in ("1", "2", "5")
        assert shown <= rule.people(found)[0] <= users < rule.people(found)[0] * 1.35


def test_what_is_shown_is_ten_twenty_fifty_a_hundred() -> None:
    numbers = np.array([11, 19, 20, 49, 50, 99, 100, 199, 200, 499, 500, 1999])
    assert rule.shown(rule.steps(numbers, 10_000)).tolist() == [10, 10, 20, 20, 50, 50, 100, 100, 200, 200, 500, 1000]


def cells(**rows: list[int]) -> Cells:
    apps = ["a", "b", "c"][: len(next(iter(rows.values())))]
    return Cells.of(list(rows), apps, np.array(list(rows.values()), dtype=np.uint8))


def test_what_was_never_told_is_told_at_once_and_then_stands_for_a_week() -> None:
    first = cells(tenant=[3, 0]).held(rule.NO_CELLS, today=100)
    assert first.steps.tolist() == [[3, 0]]
    for day in range(101, 107):
        first = cells(tenant=[4, 0]).held(first, today=day)
        assert first.steps.tolist() == [[3, 0]]
    assert cells(tenant=[4, 0]).held(first, today=107).steps.tolist() == [[4, 0]]


def test_falling_below_the_rule_takes_as_long_and_so_does_coming_back() -> None:
    told = cells(tenant=[3]).held(rule.NO_CELLS, today=100)
    assert cells(tenant=[0]).held(told, today=106).steps.tolist() == [[3]]
    gone = cells(tenant=[0]).held(told, today=107)
    assert gone.steps.tolist() == [[0]]
    assert cells(tenant=[3]).held(gone, today=113).steps.tolist() == [[0]]
    assert cells(tenant=[3]).held(gone, today=114).steps.tolist() == [[3]]


@given(st.lists(st.lists(st.integers(0, 20), min_size=2, max_size=2), min_size=2, max_size=40))
def test_no_step_ever_changes_twice_within_a_week(days: list[list[int]]) -> None:
    held, changes = rule.NO_CELLS, {0: -100, 1: -100}
    for day, numbers in enumerate(days):
        before = held.steps[0].tolist() if held.rows else [0, 0]
        held = cells(tenant=numbers).held(held, today=day)
        for place, (old, new) in enumerate(zip(before, held.steps[0].tolist(), strict=True)):
            if old != new:
                assert day - changes[place] >= 7
                changes[place] = day


def test_cells_are_held_by_name_whatever_their_order() -> None:
    before = Cells.of(["y", "x"], ["b", "a"], np.array([[1, 2], [3, 4]], dtype=np.uint8)).held(rule.NO_CELLS, 100)
    now = Cells.of(["x", "y"], ["a", "b"], np.array([[9, 9], [9, 9]], dtype=np.uint8)).held(before, 101)
    assert now.steps.tolist() == [[4, 3], [2, 1]]
    assert now.row("x") is not None
    assert now.row("z") is None
