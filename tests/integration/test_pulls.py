"""The standing pull under FastStream: what an upgrade of FastStream or nats-py must not break."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Annotated

import kit
import pytest
from faststream import AckPolicy, Context
from faststream.nats import JStream, NatsBroker, PullSub
from faststream.nats.message import NatsBatchMessage
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.api import AckPolicy as ServerAckPolicy
from nats.js.api import ConsumerConfig, StorageType
from opensearchpy import AsyncOpenSearch
from outside import OwnBroker

from indexers import pulls
from search.core import broker as streams
from search.core.endpoints import Endpoints
from search.core.settings import Settings

PULL_TIMEOUT_S = 1.0
BATCH = 500
_names = count(1)


@dataclass
class Seen:
    """What a consumer was handed, in order."""

    numbers: list[int] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)

    async def take(self, messages: Sequence[Msg]) -> None:
        self.batches.append(len(messages))
        for message in messages:
            self.numbers.append(int(message.data))
            await message.ack()


@dataclass
class Consumer:
    """A stream of numbers, and its durable consumer."""

    url: str
    settings: Settings
    client: Client
    name: str = field(default_factory=lambda: f"pulls-{next(_names)}")

    async def make(self, ack_wait_s: float = 60, storage: StorageType = StorageType.MEMORY) -> Consumer:
        await self.client.jetstream().add_stream(name=self.name, subjects=[self.name], storage=storage)
        config = ConsumerConfig(
            durable_name=self.name,
            ack_policy=ServerAckPolicy.EXPLICIT,
            ack_wait=ack_wait_s,
            max_ack_pending=100_000,
        )
        await self.client.jetstream().add_consumer(self.name, config)
        return self

    async def publish(self, numbers: Sequence[int]) -> None:
        js = self.client.jetstream(publish_async_max_pending=len(numbers) + 1)
        async with asyncio.timeout(30):
            await asyncio.gather(*[await js.publish_async(self.name, b"%d" % number) for number in numbers])

    @asynccontextmanager
    async def followed_by(self, seen: Seen) -> AsyncIterator[pulls.StandingPull]:
        """As the followers do it: a FastStream batch subscriber that reads from a standing pull."""
        broker = NatsBroker(**streams.options(self.settings.broker, self.url), logger=None, max_reconnect_attempts=-1)
        await broker.start()
        subscriber = broker.subscriber(
            self.name,
            durable=self.name,
            stream=JStream(self.name, declare=False),
            pull_sub=PullSub(batch_size=BATCH, timeout=PULL_TIMEOUT_S, batch=True),
            ack_policy=AckPolicy.MANUAL,
            decoder=_nothing,
            persistent=False,
        )

        async def handle(message: Annotated[NatsBatchMessage, Context("message")]) -> None:
            await seen.take(message.raw_message)

        subscriber(handle)
        pull = pulls.StandingPull(broker.connection, self.name, self.name, BATCH)
        await pulls.start(subscriber, pull)
        try:
            yield pull
        finally:
            await pull.unsubscribe()
            await subscriber.stop()
            await broker.stop()


async def _nothing(_: NatsBatchMessage) -> list[bytes]:
    return []


@pytest.fixture
async def consumer(stack: Endpoints, settings: Settings, client: Client) -> AsyncIterator[Consumer]:
    made = await Consumer(stack.broker_url, settings, client).make()
    yield made
    await client.jetstream().delete_stream(made.name)


async def test_a_single_event_is_handed_over_at_once(consumer: Consumer) -> None:
    seen, waited = Seen(), []
    async with consumer.followed_by(seen):
        for number in range(20):
            began = time.monotonic()
            await consumer.publish([number])
            await kit.until(_has(seen, number + 1), "the event")
            waited.append(time.monotonic() - began)
    assert statistics.median(waited) < PULL_TIMEOUT_S / 4
    assert seen.numbers == list(range(20))


async def test_an_event_after_a_long_silence_is_handed_over_at_once(
    consumer: Consumer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request that the broker has ended, as nothing came, is made anew."""
    monkeypatch.setattr(pulls, "EXPIRES_S", 0.3)
    seen = Seen()
    async with consumer.followed_by(seen) as pull:
        await kit.until(_is(lambda: pull._asked_at > 0), "a first request")
        first = pull._asked_at
        await kit.until(_is(lambda: pull._asked_at > first), "the request to end and be made anew")
        began = time.monotonic()
        await consumer.publish([1])
        await kit.until(_has(seen, 1), "the event")
    assert time.monotonic() - began < PULL_TIMEOUT_S


async def test_a_batch_is_never_larger_than_was_asked_for_and_mostly_full(consumer: Consumer) -> None:
    seen = Seen()
    await consumer.publish(range(10 * BATCH))
    async with consumer.followed_by(seen):
        await kit.until(_has(seen, 10 * BATCH), "everything")
    assert max(seen.batches) <= BATCH
    assert statistics.mean(seen.batches) > BATCH / 4


async def test_of_20000_events_none_is_lost_or_doubled_and_they_keep_their_order(consumer: Consumer) -> None:
    seen = Seen()
    async with consumer.followed_by(seen):
        for start in range(0, 20_000, 1_000):
            await consumer.publish(range(start, start + 1_000))
        await kit.until(_has(seen, 20_000), "everything")
        info = await consumer.client.jetstream().consumer_info(consumer.name, consumer.name)
    assert seen.numbers == list(range(20_000))
    assert info.num_redelivered == 0


async def test_whoever_stops_gives_back_what_was_not_begun(consumer: Consumer) -> None:
    """`ack_wait` is a minute here: what was only dropped would not be back before."""
    stuck, second = asyncio.Event(), Seen()

    class Stuck(Seen):
        async def take(self, messages: Sequence[Msg]) -> None:
            if self.numbers:
                await stuck.wait()
            await super().take(messages)

    first = Stuck()
    await consumer.publish(range(4 * BATCH))
    async with consumer.followed_by(first) as pull:
        await kit.until(_is(lambda: len(first.numbers) > 0 and len(pull._buffer) > 0), "events to wait in the process")
        await pull.unsubscribe()
        stuck.set()
    async with consumer.followed_by(second):
        await kit.until(_has(second, 4 * BATCH - len(first.numbers)), "the rest", 20)
    assert sorted(first.numbers + second.numbers) == list(range(4 * BATCH))


async def test_a_restart_of_the_broker_is_survived(tmp_path: Path, settings: Settings) -> None:
    with OwnBroker(tmp_path) as server:
        client = await streams.connect(settings.broker, server.url)
        consumer = await Consumer(server.url, settings, client).make(ack_wait_s=2, storage=StorageType.FILE)
        seen = Seen()
        async with consumer.followed_by(seen):
            await consumer.publish(range(1_000))
            await kit.until(_has(seen, 1_000), "what came before")
            server.stop()
            server.start()
            await kit.until(_is(lambda: client.stats["reconnects"] == 1), "the client to find the broker again")
            await consumer.publish(range(1_000, 2_000))
            began = time.monotonic()
            await kit.until(_is(lambda: set(seen.numbers) == set(range(2_000))), "what came after")
            assert time.monotonic() - began < pulls.EXPIRES_S / 3, "it waited for a request that the broker forgot"
        await client.close()


async def test_without_its_consumer_a_pull_does_not_spin(consumer: Consumer) -> None:
    async with consumer.followed_by(Seen()) as pull:
        await consumer.client.jetstream().delete_consumer(consumer.name, consumer.name)
        before, began = pull._client.stats["out_msgs"], time.monotonic()
        await kit.until(_is(lambda: pull._client.stats["out_msgs"] >= before + 3), "it to ask again")
        assert time.monotonic() - began > 2 * pulls.PAUSE_S


async def test_a_consumer_deleted_at_the_broker_is_made_and_followed_anew(
    indexers: None, client: Client, engine: AsyncOpenSearch
) -> None:
    await kit.publish(client, [kit.event("doc", kit.doc("f-1", "以前", owner_id="u-1"), tenant="acme")])
    await kit.settled(client, engine)
    await client.jetstream().delete_consumer(streams.stream_name("changes.docs"), "docs-000001")
    await kit.publish(client, [kit.event("doc", kit.doc("f-2", "以后", owner_id="u-1"), tenant="acme")])
    await kit.settled(client, engine)
    assert set(await kit.contents(engine, "docs", "acme")) == {"f-1", "f-2"}


def _has(seen: Seen, number: int) -> Callable[[], Awaitable[bool]]:
    return _is(lambda: len(seen.numbers) >= number)


def _is(condition: Callable[[], bool]) -> Callable[[], Awaitable[bool]]:
    async def holds() -> bool:
        return condition()

    return holds
