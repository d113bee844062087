"""The standing pull under FastStream: what an upgrade of FastStream or nats-py must not break."""

from __future__ import annotations

import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import kit
import pytest
import streamkit
from nats.js.api import StorageType
from opensearchpy import AsyncOpenSearch
from outside import OwnBroker
from streamkit import Seen, Stuck

from search import bootstrap
from search.core.settings import Settings
from search.core.streams.nats import NatsBroker, pulls
from search.core.streams.nats.following import PULL_TIMEOUT_S, NatsSubscription
from search.core.streams.port import Broker

BATCH = 500
_names = count(1)


@dataclass
class Consumer:
    """A stream of numbers, and its durable consumer."""

    broker: NatsBroker
    name: str = field(default_factory=lambda: f"pulls-{next(_names)}")

    async def make(self, ack_wait_s: float = 60, storage: StorageType = StorageType.MEMORY) -> Consumer:
        js = self.broker.connection.client().jetstream()
        await js.add_stream(name=self.name, subjects=[self.name], storage=storage)
        await self.broker.ensure_consumer(self.name, self.name, 0, ack_wait_s)
        return self

    async def publish(self, numbers: Iterable[int]) -> None:
        await streamkit.publish(self.broker, self.name, numbers)

    @asynccontextmanager
    async def followed_by(self, seen: Seen) -> AsyncIterator[NatsSubscription]:
        subscription = await self.broker.follow(self.name, self.name, BATCH, seen.take)
        try:
            yield subscription
        finally:
            await subscription.stop()


@pytest.fixture
async def consumer(broker: NatsBroker) -> AsyncIterator[Consumer]:
    made = await Consumer(broker).make()
    yield made
    await broker.connection.client().jetstream().delete_stream(made.name)


async def test_a_single_event_is_handed_over_at_once(consumer: Consumer) -> None:
    seen, waited = Seen(), []
    async with consumer.followed_by(seen):
        for number in range(20):
            began = time.monotonic()
            await consumer.publish([number])
            await seen.until(number + 1)
            waited.append(time.monotonic() - began)
    assert statistics.median(waited) < PULL_TIMEOUT_S / 4
    assert seen.numbers == list(range(20))


async def test_an_event_after_a_long_silence_is_handed_over_at_once(
    consumer: Consumer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request that the broker has ended, as nothing came, is made anew."""
    monkeypatch.setattr(pulls, "EXPIRES_S", 0.3)
    seen = Seen()
    async with consumer.followed_by(seen) as subscription:
        pull = subscription.pull
        await kit.until(_is(lambda: pull._asked_at > 0), "a first request")
        first = pull._asked_at
        await kit.until(_is(lambda: pull._asked_at > first), "the request to end and be made anew")
        began = time.monotonic()
        await consumer.publish([1])
        await seen.until(1)
    assert time.monotonic() - began < PULL_TIMEOUT_S


async def test_a_batch_is_never_larger_than_was_asked_for_and_mostly_full(consumer: Consumer) -> None:
    seen = Seen()
    await consumer.publish(range(10 * BATCH))
    async with consumer.followed_by(seen):
        await seen.until(10 * BATCH)
    assert max(seen.batches) <= BATCH
    assert statistics.mean(seen.batches) > BATCH / 4


async def test_of_20000_events_none_is_lost_or_doubled_and_they_keep_their_order(consumer: Consumer) -> None:
    seen = Seen()
    async with consumer.followed_by(seen):
        for start in range(0, 20_000, 1_000):
            await consumer.publish(range(start, start + 1_000))
        await seen.until(20_000)
        info = await consumer.broker.connection.client().jetstream().consumer_info(consumer.name, consumer.name)
    assert seen.numbers == list(range(20_000))
    assert info.num_redelivered == 0


async def test_whoever_stops_gives_back_what_was_not_begun(consumer: Consumer) -> None:
    """`ack_wait` is a minute here: what was only dropped would not be back before."""
    first, second = Stuck(), Seen()
    await consumer.publish(range(4 * BATCH))
    async with consumer.followed_by(first) as subscription:
        pull = subscription.pull
        await kit.until(_is(lambda: first.stuck.is_set() and len(pull._buffer) > 0), "events to wait in the process")
        await pull.unsubscribe()
        first.released.set()
    async with consumer.followed_by(second):
        await second.until(4 * BATCH - len(first.numbers), 20)
    assert sorted(first.numbers + second.numbers) == list(range(4 * BATCH))


async def test_a_restart_of_the_broker_is_survived(tmp_path: Path, settings: Settings) -> None:
    with OwnBroker(tmp_path) as server:
        broker = bootstrap.broker_at(settings.broker, server.url)
        await broker.open()
        client = broker.connection.client()
        consumer = await Consumer(broker).make(ack_wait_s=2, storage=StorageType.FILE)
        seen = Seen()
        async with consumer.followed_by(seen):
            await consumer.publish(range(1_000))
            await seen.until(1_000)
            server.stop()
            server.start()
            await kit.until(_is(lambda: client.stats["reconnects"] == 1), "the client to find the broker again")
            await consumer.publish(range(1_000, 2_000))
            began = time.monotonic()
            await kit.until(_is(lambda: set(seen.numbers) == set(range(2_000))), "what came after")
            assert time.monotonic() - began < pulls.EXPIRES_S / 3, "it waited for a request that the broker forgot"
        await broker.close()


async def test_without_its_consumer_a_pull_does_not_spin(consumer: Consumer) -> None:
    stats = consumer.broker.connection.client().stats
    async with consumer.followed_by(Seen()):
        await consumer.broker.delete_consumer(consumer.name, consumer.name)
        before, began = stats["out_msgs"], time.monotonic()
        await kit.until(_is(lambda: stats["out_msgs"] >= before + 3), "it to ask again")
        assert time.monotonic() - began > 2 * pulls.PAUSE_S


async def test_a_consumer_deleted_at_the_broker_is_made_and_followed_anew(
    indexers: None, broker: Broker, engine: AsyncOpenSearch
) -> None:
    await kit.publish(broker, [kit.event("doc", kit.doc("f-1", "以前", owner_id="u-1"), tenant="acme")])
    await kit.settled(broker, engine)
    await broker.delete_consumer("changes.docs", "docs-000001")
    await kit.publish(broker, [kit.event("doc", kit.doc("f-2", "以后", owner_id="u-1"), tenant="acme")])
    await kit.settled(broker, engine)
    assert set(await kit.contents(engine, "docs", "acme")) == {"f-1", "f-2"}


def _is(condition: Callable[[], bool]) -> Callable[[], Awaitable[bool]]:
    async def holds() -> bool:
        return condition()

    return holds
