"""Which apps a list shows: the best, a new and a quiet one among them, of several categories, and nothing for ever."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.recommend.choose import MOST_OF_A_CATEGORY, Rated, chosen, place_at


def ranked(number: int, categories: int = 10) -> list[Rated]:
    return [Rated(f"a{place:02d}", -place, 0, f"c{place % categories}") for place in range(number)]


def ids(apps: list[Rated], limit: int = 10, **seen: int) -> list[str]:
    return [one.app_id for one, _ in chosen(apps, seen, limit)]


def test_the_best_go_first_and_of_equals_the_latest() -> None:
    assert ids(ranked(12)) == [f"a{place:02d}" for place in range(10)]
    equals = [Rated("old", 1, 5, "c"), Rated("new", 1, 9, "d"), Rated("b", 1, 5, "e")]
    assert ids(equals) == ["new", "b", "old"]


def test_a_new_app_has_the_seventh_place_and_a_quiet_one_the_tenth() -> None:
    apps = [*ranked(20), Rated("new", -99, 9, "n", is_new=True), Rated("quiet", -99, 0, "q", 0.4, is_quiet=True)]
    found = ids(apps)
    assert (found[6], found[9]) == ("new", "quiet")
    assert ids(apps, limit=20)[16:] != found[6:]


@pytest.mark.parametrize("limit", [4, 5, 9])
def test_a_short_list_has_one_such_place_its_last(limit: int) -> None:
    apps = [*ranked(20), Rated("quiet", -99, 0, "q", 0.4, is_quiet=True)]
    assert ids(apps, limit)[-1] == "quiet"
    assert ids([*apps, Rated("new", -99, 9, "n", is_new=True)], limit)[-1] == "new"


def test_a_very_short_one_has_none() -> None:
    assert ids([*ranked(20), Rated("new", -99, 9, "n", is_new=True)], 3) == ["a00", "a01", "a02"]


def test_of_ten_not_more_than_three_are_of_one_category() -> None:
    apps = [replace(one, category="same" if place < 8 else one.category) for place, one in enumerate(ranked(30))]
    found = {one.app_id for one in apps if one.category == "same"} & set(ids(apps))
    assert found == {"a00", "a01", "a02"}


def test_where_there_is_no_other_category_the_list_is_full_all_the_same() -> None:
    assert len(ids(ranked(15, categories=1))) == 10


def test_what_was_seen_often_and_left_goes_behind_and_then_behind_all() -> None:
    assert ids(ranked(6), a00=4)[0] == "a00"
    assert ids(ranked(6), a00=5) == ["a01", "a02", "a03", "a04", "a05", "a00"]
    assert ids(ranked(6), a00=10, a02=5) == ["a01", "a03", "a04", "a05", "a02", "a00"]
    assert ids(ranked(3), a00=99, a01=99, a02=99) == ["a00", "a01", "a02"]


def test_a_new_app_that_was_seen_often_leaves_its_place_to_another() -> None:
    apps = [*ranked(20), *(Rated(name, -99, 9, "n", is_new=True) for name in ("n1", "n2"))]
    assert ids(apps, n1=5)[6] == "n2"


rated = st.builds(
    Rated,
    st.integers(0, 60).map(lambda number: f"a{number}"),
    st.floats(-5, 5),
    st.integers(0, 9),
    st.sampled_from("abc"),
    st.floats(0, 1),
    st.booleans(),
    st.booleans(),
)


@given(st.lists(rated, unique_by=lambda one: one.app_id, max_size=40), st.integers(1, 50))
def test_any_list_is_as_long_as_it_can_be_and_says_nothing_twice(apps: list[Rated], limit: int) -> None:
    found = chosen(apps, {}, limit)
    shown = [one.app_id for one, _ in found]
    assert len(shown) == len(set(shown)) == min(limit, len(apps))
    assert all(
        place == "best" or place == place_at(number, limit) or limit < 10 for number, (_, place) in enumerate(found, 1)
    )
    assert MOST_OF_A_CATEGORY == 3
