"""What follows from the decision: from any state a few rounds come to one generation that serves, and to rest."""

from __future__ import annotations

import time
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from indexers.decisions import Build, Decision
from indexers.generations import Generation
from indexers.reconcile import Consumers, Delete, Mark, Point, Release, View, plan

STREAM = "changes.apps"


def generation(number: int, state: str) -> Generation:
    return Generation("apps", number, state, {}, "v", "2026-03-02", (STREAM,))  # type: ignore[arg-type]


def view(decision: Decision, states: dict[int, str], indices: dict[str, set[str]], consumers: set[str]) -> View:
    return View(decision, [generation(*one) for one in states.items()], indices, {STREAM: consumers})


def decided(number: int, last: int, build: Build | None = None) -> Decision:
    return Decision("apps", number, last, build, (1, 1))


def builds(number: int, renewed: float | None = None) -> Build:
    return Build(number, "somebody", 0.0, time.time() if renewed is None else renewed)


def test_what_was_cut_off_just_after_the_decision() -> None:
    """The example at the head of the module."""
    found = view(
        decided(2, 2),
        {1: "serving", 2: "building"},
        {"apps-000001-acme": {"apps.acme"}, "apps-000002-acme": set()},
        {"apps-000001", "apps-000002"},
    )
    assert plan(found) == [
        Point(found.decision, {"apps.acme": "apps-000002-acme"}),
        Mark(found.generations[1], "serving"),
        Mark(found.generations[0], "retired"),
        Consumers([(STREAM, "apps-000001")]),
        Delete(["apps-000001-acme"]),
    ]


def test_a_build_under_way_is_left_alone() -> None:
    indices = {"apps-000001-acme": {"apps.acme"}, "apps-000002-acme": set()}
    states = {1: "serving", 2: "building"}
    assert plan(view(decided(1, 2, builds(2)), states, indices, {"apps-000001", "apps-000002"})) == []


def test_one_that_gives_no_sign_of_life_is_given_up_first_and_cleared_away_then() -> None:
    abandoned = decided(1, 2, builds(2, renewed=0.0))
    states = {1: "serving", 2: "building"}
    assert plan(view(abandoned, states, {}, {"apps-000002"})) == [Release(abandoned)]
    [mark, consumers] = plan(view(decided(1, 2), states, {}, {"apps-000002"}))
    assert isinstance(mark, Mark)
    assert (mark.generation.number, mark.state) == (2, "retired")
    assert consumers == Consumers([(STREAM, "apps-000002")])


def test_what_an_older_version_builds_is_left_to_whoever_began_it() -> None:
    """It gives no signs of life, and has a number that was given to no build."""
    assert plan(view(decided(1, 1), {1: "serving", 2: "building"}, {}, {"apps-000002"})) == []


def test_an_alias_that_was_lost_or_leads_to_two_is_put_right_and_others_indices_are_not_touched() -> None:
    indices = {
        "apps-000002-acme": set(),
        "apps-000002-a-b": {"apps.a-b", "somebody.else"},
        "apps-000003-a-b": {"apps.a-b"},
        "apps-archive": {"apps.acme"},
    }
    found = view(decided(2, 3, builds(3)), {2: "serving", 3: "building"}, indices, set())
    [point] = plan(found)
    assert isinstance(point, Point)
    assert point.targets == {"apps.acme": "apps-000002-acme", "apps.a-b": "apps-000002-a-b"}


def test_what_a_build_of_one_tenant_left_is_cleared_away_once_it_is_over() -> None:
    """It has a number, and no generation that is recorded; others' are left, and whatever an alias leads to."""
    indices = {"apps-000001-acme": {"apps.acme"}, "apps-000002-acme": set(), "apps-000003-acme": {"apps.x"}}
    consumers = {"apps-000001", "apps-000002", "apps-000009", "apps-000002-access", "contacts-000002", "mine"}
    filling = replace(builds(2), tenant="acme")
    assert plan(view(decided(1, 3, filling), {1: "serving"}, indices, consumers)) == []
    assert plan(view(decided(1, 3), {1: "serving"}, indices, consumers)) == [
        Consumers([(STREAM, "apps-000002"), (STREAM, "apps-000002-access")]),
        Delete(["apps-000002-acme"]),
    ]


NUMBERS = st.integers(1, 4)


@given(
    number=NUMBERS,
    last=NUMBERS,
    build=st.one_of(st.none(), st.tuples(NUMBERS, st.booleans())),
    states=st.dictionaries(NUMBERS, st.sampled_from(["building", "serving", "retired"])),
    tenants=st.dictionaries(st.tuples(NUMBERS, st.sampled_from("ab")), st.sets(st.sampled_from("ab"))),
    consumers=st.sets(NUMBERS),
)
def test_from_any_state_one_serves_and_rest_is_come_to(
    number: int,
    last: int,
    build: tuple[int, bool] | None,
    states: dict[int, str],
    tenants: dict[tuple[int, str], set[str]],
    consumers: set[int],
) -> None:
    last = max(number, last)
    under_way = builds(number + build[0], None if build[1] else 0.0) if build else None
    if under_way:
        last = max(last, under_way.number)
    states = {**states, number: states.get(number, "building")}
    states[number] = "building" if states[number] == "retired" else states[number]  # what serves is never retired
    indices = {f"apps-{one:06d}-{tenant}": {f"apps.{a}" for a in aliases} for (one, tenant), aliases in tenants.items()}
    found = view(decided(number, last, under_way), states, indices, {f"apps-{one:06d}" for one in consumers})
    for _ in range(3):
        for action in plan(found):
            found = done(found, action)
    assert plan(found) == []
    living = {one.number: one.state for one in found.generations if one.state != "retired"}
    assert living[number] == "serving"
    assert all(other > number for other in living if other != number)
    known = {one.number for one in found.generations}
    for index, aliases in found.indices.items():
        of, tenant = int(index[5:11]), index[12:]
        assert of not in known or of in living
        if of == number:
            assert f"apps.{tenant}" in aliases
        elif f"apps-{number:06d}-{tenant}" in found.indices:
            assert f"apps.{tenant}" not in aliases


def done(found: View, action: object) -> View:
    """What an action makes of it."""
    match action:
        case Release(decision):
            return replace(found, decision=replace(decision, build=None))
        case Point(_, targets):
            left = {index: set(aliases) - targets.keys() for index, aliases in found.indices.items()}
            for name, index in targets.items():
                left[index] |= {name}
            return replace(found, indices=left)
        case Mark(one, state):
            marked = [replace(g, state=state) if g.number == one.number else g for g in found.generations]
            return replace(found, generations=marked)
        case Consumers(names):
            gone = {name for _, name in names}
            return replace(found, consumers={stream: set(all) - gone for stream, all in found.consumers.items()})
        case Delete(names):
            return replace(found, indices={index: on for index, on in found.indices.items() if index not in names})
    raise AssertionError(action)
