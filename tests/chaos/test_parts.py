"""The parts of the chaos that need no engine: stories, what may be answered, what must be stored, shorter stories."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import Any

import kit
import pytest
from chaos import oracle
from chaos.load import BAD, TOPIC, Flow, Key, Said, State
from chaos.shrink import shortest
from chaos.sight import Sight, Window, Wrong, judge
from chaos.story import Check, Kill, LoseIndex, Step, Story, faults, story


def test_a_story_is_made_of_its_seed_alone_and_ends_with_a_check() -> None:
    assert story(7, 20) == story(7, 20) != story(8, 20)
    for seed in range(50):
        told = story(seed, 20)
        assert faults(told) == 20
        assert isinstance(told[-1].act, Check)
        assert not any(isinstance(one, LoseIndex) for one in told[:-1])
        assert len({str(step) for step in told}) > 10


def test_all_kinds_of_steps_are_drawn() -> None:
    drawn = Counter(type(step.act).__name__ for seed in range(20) for step in story(seed, 20))
    assert len(drawn) == 13, drawn


def test_events_come_with_duplicates_disorder_and_deletes() -> None:
    flow, said = Flow(1), Said()
    flow.found("t0")
    flow.found("t1")
    events = list(islice(iter(flow.next, None), 2000))
    for event in events:
        said.note_tried(event)
    raws = [event.raw for event in events]
    assert raws.count(BAD) > 5
    assert len(raws) - len(set(raws)) > 100
    versions = [event.version for event in events if event.tenant == "t0"]
    assert versions != sorted(versions)
    assert sum(event.state is None and event.key is not None for event in events) > 100
    assert {event.tenant for event in events} == {"t0", "t1", ""}


def test_the_oracle_s_documents_do_not_depend_on_the_order() -> None:
    flow, said = Flow(3), Said()
    flow.found("t0")
    for event in islice(iter(flow.next, None), 600):
        said.note_tried(event)
    once = oracle.expected(said.events)
    back = oracle.expected({stream: [*reversed(events), *events] for stream, events in said.events.items()})
    assert once == back
    assert {collection for collection, _ in once} == {"messages", "contacts", "docs", "apps", "directory"}
    with pytest.raises(Wrong, match="is missing"):
        oracle.compare("docs.t0", {}, once["docs", "t0"])


MEMBER = ("member", "group:g0|user:u1")


def window(**floors: int) -> Window:
    """u1 is in g0 from version 1, out from 2; f1 is open to g0 in version 1, and to nobody in version 2."""
    states: dict[Key, dict[int, State]] = {
        ("user", "u1"): {1: kit.user("u1", f"{TOPIC} u1 v1")},
        ("role", "default"): {1: kit.role()},
        MEMBER: {1: kit.member("group:g0", "user:u1"), 2: None},
        ("doc", "f1"): {
            1: kit.doc("f1", f"{TOPIC} f1 v1", owner_id="u0", allow=["group:g0"]),
            2: kit.doc("f1", f"{TOPIC} f1 v2", owner_id="u0", allow=["tenant:*"]),
            3: None,
        },
    }
    known = {"user": ("user", "u1"), "role": ("role", "default"), "member": MEMBER, "doc": ("doc", "f1")}
    return Window(states, {known[name]: version for name, version in floors.items()})


def answer(*shown: int, **more: Any) -> dict[str, Any]:
    hits = [
        {"vertical": "docs", "id": "f1", "title": f"<em>{TOPIC}</em> f1 v{version}", "snippet": "", "fields": {}}
        for version in shown
    ]
    return {"hits": hits, "failed": [], "denied": [], "partial": False, **more}


USER = {"vertical": "contacts", "id": "user:u1", "title": f"{TOPIC} u1 v1", "snippet": "", "fields": {"kind": "user"}}


def judged(there: Window, told: dict[str, Any]) -> None:
    judge(Sight(there, "u1"), {**told, "hits": [*told["hits"], USER]})


def test_what_is_on_its_way_may_be_told_or_not() -> None:
    before = window(user=1, role=1, member=1, doc=1)
    judged(before, answer())
    judged(before, answer(1))
    judged(before, answer(2))


@pytest.mark.parametrize(
    ("floors", "shown", "said"),
    [
        ({"member": 2, "doc": 1}, 1, "may not see"),
        ({"member": 1, "doc": 2}, 1, "not the state any more"),
        ({"member": 1, "doc": 3}, 2, "not the state any more"),
        ({"member": 1, "doc": 1}, 9, "never published"),
    ],
)
def test_what_is_taken_away_for_certain_must_not_be_told(floors: dict[str, int], shown: int, said: str) -> None:
    with pytest.raises(Wrong, match=said):
        judged(window(user=1, role=1, **floors), answer(shown))


def test_what_is_there_for_certain_must_be_told_unless_it_is_said_to_have_failed() -> None:
    there = window(user=1, role=1, member=1)
    there = Window(
        {**there.states, ("doc", "f1"): {2: there.states["doc", "f1"][2]}}, {**there.floors, ("doc", "f1"): 2}
    )
    judged(there, answer(2))
    judged(there, answer(failed=["docs"], partial=True))
    with pytest.raises(Wrong, match="docs without"):
        judged(there, answer())
    with pytest.raises(Wrong, match="partial"):
        judged(there, answer(2, failed=["messages"]))


async def test_the_shortest_story_is_looked_for() -> None:
    guilty = [Step(Kill("the API", 0.5), 0), Step(Kill("the broker", 0.5), 0)]
    told = [*story(1, 9), guilty[0], *story(2, 9), guilty[1], Step(Check(), 0)]
    tried = 0

    async def fails(shorter: Story) -> bool:
        nonlocal tried
        tried += 1
        return all(step in shorter for step in guilty)

    found = await shortest(told, fails, lambda: True)
    assert [step for step in found if not isinstance(step.act, Check)] == guilty
    assert isinstance(found[-1].act, Check)
    tried = 0
    assert len(await shortest(told, fails, lambda: tried < 2)) > 2
