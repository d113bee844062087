"""In whatever order, however often and however late events come: each entity's highest sequence counts, once.

The same events go to two tenants: `calm` gets each entity's highest sequence alone and in order, `storm` gets all of
them shuffled, doubled and replayed. Both must hold the same. Every example has ids of its own, so none sees another's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import kit
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kit import CATALOGUE, COLLECTIONS
from opensearchpy import AsyncOpenSearch

from mappings import directory
from mappings.events import MAX_SEQUENCE
from search.core.streams.port import Broker

CALM, STORM = "calm", "storm"
_examples = count(1)

VERSIONS = st.one_of(st.integers(0, 4), st.sampled_from([0, 1, 2**31, 2**53 + 1, MAX_SEQUENCE - 1, MAX_SEQUENCE]))


@dataclass(frozen=True)
class Said:
    """One event: which entity, which of its versions, and whether it is its end. All else follows from these."""

    entity: str
    number: int
    version: int
    ends: bool

    def event(self, example: str, tenant: str) -> bytes:
        data = state(self.entity, f"{example}-{self.number}", example, self.version)
        if self.deletes:
            id = data.get("id") or f"{data['scope']}|{data['principal']}"
            return kit.deleted(self.entity, id, tenant=tenant, version=self.version)
        verb, subject = ("recorded", f"{example}-{self.number}") if self.entity == "usage" else ("upserted", None)
        return kit.event(self.entity, data, tenant=tenant, version=self.version, verb=verb, subject=subject)

    @property
    def deletes(self) -> bool:
        return self.ends and self.entity != "usage"

    @property
    def key(self) -> tuple[str, int]:
        return self.entity, self.number


def state(entity: str, id: str, example: str, version: int) -> dict[str, Any]:
    """An entity's state, in which every field that matters depends on the version."""
    text, odd, user = f"第{version}版", bool(version % 2), f"u-{version}"
    number = int(id.rpartition("-")[2])
    moment = f"2026-01-01T00:00:{version % 60:02d}Z"
    # Two conversations with several members each, so that their pages fill up.
    membership = kit.member(f"conversation:{example}-{number % 2}", f"user:{example}-{number}", since=moment)
    states = {
        "user": kit.user(id, text, department_ids=[f"d-{version}"], status="disabled" if odd else "active"),
        "department": {"id": id, "name": text, "parent_id": f"d-{version}"},
        "conversation": kit.conversation(id, text, public=odd, archived=not odd),
        "message": kit.message(id, text, conversation_id="c-1", sender_id=user),
        "doc": kit.doc(id, text, text, owner_id=user, allow=[f"user:{user}"]),
        "app": kit.app(id, text, allow=[f"user:{user}"]),
        "role": kit.role(id, [f"search.{version}"]),
        "member": membership,
        "usage": {"user_id": user, "app_id": "a-1", "action": "open", "at": moment},
    }
    return states[entity]


ENTITIES = ("user", "department", "conversation", "message", "doc", "app", "role", "member", "usage")


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Said], list[Said]]:
    """(what was said, one event per entity and version; the same in disorder, with doubles)."""
    said = draw(
        st.lists(
            st.builds(Said, st.sampled_from(ENTITIES), st.integers(0, 11), VERSIONS, st.booleans()),
            min_size=1,
            max_size=100,
            unique_by=lambda one: (one.key, one.version),
        )
    )
    doubled = said + draw(st.lists(st.sampled_from(said), max_size=len(said)))
    return said, draw(st.permutations(doubled))


def highest(said: Sequence[Said]) -> list[Said]:
    """Of each entity what counts."""
    last: dict[tuple[str, int], Said] = {}
    for one in said:
        if one.key not in last or last[one.key].version < one.version:
            last[one.key] = one
    return list(last.values())


@pytest.fixture(scope="module")
async def prepared(indexers: None, broker: Broker, engine: AsyncOpenSearch) -> None:
    """Both tenants have their indices, so that no example waits for one to be made."""
    for tenant in (CALM, STORM):
        await kit.send(broker, [Said(entity, 0, 0, False).event("first", tenant) for entity in ENTITIES])
    await kit.settled(broker, engine)


@given(histories())
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
async def test_events_shuffled_doubled_and_replayed_give_what_each_highest_sequence_alone_gives(
    prepared: None, broker: Broker, engine: AsyncOpenSearch, history: tuple[list[Said], list[Said]]
) -> None:
    said, disorder = history
    example = f"e{next(_examples)}"
    await kit.send(broker, [one.event(example, CALM) for one in highest(said)])
    await kit.send(broker, [one.event(example, STORM) for one in disorder])
    await kit.settled(broker, engine)
    calm, storm = await asyncio.gather(*(held(engine, tenant, example) for tenant in (CALM, STORM)))
    assert storm == calm
    assert versions(storm) == {one.key: (one.version, one.deletes) for one in highest(said) if one.entity in STORED}


async def test_a_replay_of_everything_changes_nothing(prepared: None, broker: Broker, engine: AsyncOpenSearch) -> None:
    said = [Said(e, n, v, v == 3) for e in ENTITIES for n in range(6) for v in (1, 2, 3 if n % 2 else 4)]
    first = [one.event("replay", STORM) for one in said]
    await kit.send(broker, first)
    await kit.settled(broker, engine)
    before = await held(engine, STORM, "replay")
    await kit.send(broker, first)
    await kit.send(broker, reversed(first))
    await kit.settled(broker, engine)
    assert await held(engine, STORM, "replay") == before


@pytest.mark.parametrize("entity", [entity for entity in ENTITIES if entity != "usage"])
async def test_a_late_older_upsert_does_not_bring_an_entity_back(
    prepared: None, broker: Broker, engine: AsyncOpenSearch, entity: str
) -> None:
    for order, name in (((1, 0, 2), "late"), ((2, 0, 1), "later")):
        said = [Said(entity, 1, 0, False), Said(entity, 1, 6, False), Said(entity, 1, 7, True)]
        await kit.send(broker, [said[place].event(f"{name}-{entity}", STORM) for place in order])
    await kit.settled(broker, engine)
    for name in ("late", "later"):
        found = await held(engine, STORM, f"{name}-{entity}")
        for documents in found.values():
            assert "第" not in str(documents)
        if entity in STORED:
            assert versions(found) == {(entity, 1): (7, True)}


async def test_of_two_events_of_one_sequence_the_later_changes_nothing(
    prepared: None, broker: Broker, engine: AsyncOpenSearch
) -> None:
    for entity in ENTITIES:
        await kit.send(broker, [Said(entity, 1, 5, False).event("equal", STORM)])
    await kit.settled(broker, engine)
    before = await held(engine, STORM, "equal")
    await kit.send(broker, [Said(entity, 1, 5, entity != "usage").event("equal", STORM) for entity in ENTITIES])
    await kit.settled(broker, engine)
    assert await held(engine, STORM, "equal") == before


# What the engine holds


STORED = {entity: collection for collection in COLLECTIONS.values() for entity in collection.entities}
Held = Mapping[str, Mapping[str, Any]]


async def held(engine: AsyncOpenSearch, tenant: str, example: str) -> Held:
    """By collection, all documents of one example; of the directory's shared documents the example's entries."""
    found = await asyncio.gather(*(kit.contents(engine, collection, tenant) for collection in CATALOGUE.made))
    ours = dict(zip(CATALOGUE.made, found, strict=True))
    entries = {id: _entries(id, source, example) for id, (_, source) in ours.pop(directory.NAME).items()}
    return {
        directory.NAME: {id: kept for id, kept in entries.items() if kept},
        **{name: {id: one for id, one in all.items() if _is_of(id, example)} for name, all in ours.items()},
    }


def _entries(id: str, source: Mapping[str, Any], example: str) -> dict[str, Any]:
    if _is_of(id, example):
        return dict(source)
    return {key: value for key, value in source.items() if _is_of(key, example)}


def _is_of(id: str, example: str) -> bool:
    return id.rpartition(":")[2].rpartition("-")[0] == example


def versions(found: Held) -> dict[tuple[str, int], tuple[int, bool]]:
    """(version, whether it is a tombstone) of every stored document."""
    return {
        (collection.entity_of(source), int(id.rpartition("-")[2])): (version, "tombstone" in source)
        for collection in COLLECTIONS.values()
        for id, (version, source) in found[collection.name].items()
    }
