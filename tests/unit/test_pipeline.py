"""What becomes of a delivery, whatever the envelope is and whoever delivers."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import kit
import orjson
import pytest
from kit import VERTICALS
from streamkit import GivenDelivery

from analyzers import Lexicons
from indexers.pipeline import Pipeline
from indexers.preparing import Decode, OnTheLoop
from indexers.projections import Documents
from mappings.entities import Entity
from mappings.events import Change, decode
from search.core.errors import RejectedEvent, Unavailable
from search.core.streams.port import Delivery


class Engine:
    """Takes every bulk request."""

    def __init__(self) -> None:
        self.lines: list[Any] = []

    @property
    def transport(self) -> Engine:
        return self

    async def perform_request(self, method: str, url: str, body: bytes) -> dict[str, Any]:
        self.lines += map(orjson.loads, body.splitlines())
        return {}


class Indices:
    """Those of a generation, all of which are there."""

    generation = SimpleNamespace(name="docs-000001", collection="docs", index=lambda tenant: f"docs-000001-{tenant}")

    async def ensure(self, tenant: str) -> None:
        return


class Letters:
    """The dead letters; `away`: as when the broker is."""

    def __init__(self, *, away: bool = False) -> None:
        self.kept: list[tuple[bytes, str, str]] = []
        self._away = away

    async def send_to_dead_letters(self, delivery: Delivery, reason: str, generation: str) -> None:
        if self._away:
            raise Unavailable("The broker does not answer.")
        self.kept.append((delivery.data, reason, generation))


async def handled(decode: Decode, engine: Engine, letters: Letters, *events: bytes) -> list[bool]:
    """Which of these events are settled in the end."""
    deliveries = [GivenDelivery(event, "changes.docs", position) for position, event in enumerate(events, 1)]
    preparing = OnTheLoop(decode, Documents(VERTICALS["docs"], Lexicons()))
    pipeline = Pipeline(preparing, Indices(), engine, letters, ack_wait_s=60)  # type: ignore[arg-type]
    await pipeline.handle(deliveries)
    await pipeline.drain()
    return [one.settled for one in deliveries]


@pytest.fixture
def engine() -> Engine:
    return Engine()


def doc(id: str) -> bytes:
    return kit.event("doc", kit.doc(id, "方案", owner_id="u-1"), tenant="acme", version=7)


async def test_what_is_written_or_a_dead_letter_is_settled(engine: Engine) -> None:
    letters = Letters()
    assert await handled(decode, engine, letters, doc("f-1"), b"{", doc("f-2")) == [True, True, True]
    assert [line["index"]["_id"] for line in engine.lines[::2]] == ["f-1", "f-2"]
    ((data, reason, generation),) = letters.kept
    assert (data, generation) == (b"{", "docs-000001")
    assert reason.startswith("not JSON: ")


async def test_an_event_whose_dead_letter_is_not_stored_comes_again_alone(engine: Engine) -> None:
    assert await handled(decode, engine, Letters(away=True), doc("f-1"), b"{", doc("f-2")) == [True, False, True]


async def test_another_envelope_is_decoded_by_whoever_knows_it(engine: Engine) -> None:
    def unwrap(raw: bytes, entities: Mapping[str, type[Entity]]) -> Change:
        envelope = orjson.loads(raw)
        if envelope["op"] != "u":
            raise RejectedEvent(f"op: {envelope['op']!r} is none of ours")
        return decode(orjson.dumps(envelope["after"]), entities)

    letters = Letters()
    good, bad = ({"op": op, "after": orjson.loads(doc("f-1"))} for op in "ux")
    assert await handled(unwrap, engine, letters, orjson.dumps(good), orjson.dumps(bad)) == [True, True]
    action, document = engine.lines
    assert (action["index"]["_id"], action["index"]["version"]) == ("f-1", 7)
    assert document["original"]["title"] == "方案"
    assert [reason for _, reason, _ in letters.kept] == ["op: 'x' is none of ours"]
