"""The engine away, full, or losing its answers: nothing is dropped, nothing spins, all is there in the end."""

from __future__ import annotations

import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from itertools import count

import kit
import pytest
from kit import CATALOGUE
from nats.aio.client import Client
from nats.js.api import ConsumerInfo
from opensearchpy import AsyncOpenSearch
from outside import Proxy, proxy

from analyzers import Lexicons
from indexers import bulk, followers
from indexers.followed import Followed
from indexers.followers import Follower
from indexers.generations import Generation, Registry
from indexers.resources import Resources
from search import bootstrap
from search.core import engine as engines
from search.core.endpoints import Endpoints
from search.core.settings import IndexingSettings, Settings
from search.core.streams.nats.names import DEAD_LETTERS, stream_name
from search.core.streams.port import Broker

STREAM = "changes.messages"
BATCH = 50
ACK_WAIT_S = 1
_tenants = count(1)


@dataclass
class Site:
    """The messages' generation, followed through a proxy before the engine."""

    world: Endpoints
    settings: Settings
    broker: Broker
    client: Client
    engine: AsyncOpenSearch
    generation: Generation
    resources: Resources
    before: Proxy

    @asynccontextmanager
    async def follower(self) -> AsyncIterator[Follower]:
        through = engines.connect(self.settings.engine, self.before.url, timeout_s=5)
        follower = Follower(replace(self.resources, engine=through), self.generation)
        # Its notes are read past the proxy: a follower begins while the engine answers, and only writing is tried here.
        follower._followed = Followed(self.engine)
        await follower.start()
        try:
            yield follower
        finally:
            await follower.stop()
            await through.close()

    async def publish(self, tenant: str, number: int) -> set[str]:
        ids = [f"m-{one}" for one in range(number)]
        messages = [kit.message(id, "明天评审", conversation_id="c-1", sender_id="u-1") for id in ids]
        await kit.send(self.broker, [kit.event("message", message, tenant=tenant) for message in messages])
        return set(ids)

    async def consumer(self) -> ConsumerInfo:
        name = stream_name(STREAM)
        return await self.client.jetstream().consumer_info(name, self.generation.durable(STREAM))

    def has_delivered(self, number: int) -> Callable[[], Awaitable[bool]]:
        async def delivered() -> bool:
            return (await self.consumer()).delivered.consumer_seq >= number

        return delivered

    async def settled(self) -> None:
        async def done() -> bool:
            progress = await self.broker.progress(STREAM, self.generation.durable(STREAM))
            return progress is not None and progress.lag == 0

        await kit.until(done, "everything to be settled", 60)

    async def indexed(self, tenant: str) -> set[str]:
        return set(await kit.contents(self.engine, "messages", tenant))

    async def dead(self) -> int:
        return await self.broker.end(DEAD_LETTERS)


@pytest.fixture(scope="module")
async def site(
    world: Endpoints, settings: Settings, engine: AsyncOpenSearch, broker: Broker, client: Client
) -> AsyncIterator[Site]:
    await Registry(engine, CATALOGUE).prepare()
    generation = await Registry(engine, CATALOGUE).serving("messages")
    quick = replace(settings, indexing=IndexingSettings.model_construct(batch_size=BATCH, ack_wait_s=ACK_WAIT_S))
    async with (
        bootstrap.write_side(quick, world, CATALOGUE, Lexicons()) as resources,
        proxy(world.opensearch_url) as before,
    ):
        yield Site(world, quick, broker, client, engine, generation, resources, before)


@pytest.fixture
async def tenant(site: Site) -> str:
    site.before.disturb()
    return f"t-{next(_tenants)}"


DISTURBANCES: dict[str, Callable[[Proxy], None]] = {
    "too many requests": lambda before: before.disturb(refuse=429),
    "bad gateway": lambda before: before.disturb(refuse=502),
    "unavailable": lambda before: before.disturb(refuse=503),
    "gateway timeout": lambda before: before.disturb(refuse=504),
    "connections cut": lambda before: before.disturb(drop=True),
    "answers lost": lambda before: before.disturb(lose_answers=True),
    "every second operation rejected": lambda before: before.disturb(refuse_items=429),
    "every second shard away": lambda before: before.disturb(refuse_items=503),
}


@pytest.mark.parametrize("disturbance", DISTURBANCES.values(), ids=list(DISTURBANCES))
async def test_nothing_is_dropped_and_all_is_indexed_when_it_is_over(
    site: Site, tenant: str, disturbance: Callable[[Proxy], None]
) -> None:
    disturbance(site.before)
    async with site.follower():
        ids = await site.publish(tenant, 4 * BATCH)
        await kit.until(site.before.disturbed_times(4), "several attempts")
        site.before.disturb()
        await site.settled()
    assert await site.indexed(tenant) == ids
    assert await site.dead() == 0


async def test_what_was_written_before_its_answer_got_lost_stays_as_it_is(site: Site, tenant: str) -> None:
    site.before.disturb(lose_answers=True)
    async with site.follower():
        await site.publish(tenant, 1)
        await kit.until(site.before.disturbed_times(3), "several attempts")
        first = await kit.contents(site.engine, "messages", tenant)
        site.before.disturb()
        await site.settled()
    assert await kit.contents(site.engine, "messages", tenant) == first


async def test_nothing_spins_while_the_engine_is_away(site: Site, tenant: str) -> None:
    """Each pause is at least half of its mean, and the means double: attempts grow with the logarithm of the time."""
    site.before.disturb(refuse=503)
    async with site.follower():
        await site.publish(tenant, 10 * BATCH)
        await kit.until(site.before.disturbed_times(8), "several attempts")
        tries, away_s = len(site.before.disturbed), site.before.disturbed[-1] - site.before.disturbed[0]
        site.before.disturb()
        await site.settled()
    each = math.log2(away_s / (bulk.FIRST_PAUSE_S / 2) + 1) + 1
    assert tries <= 2 * each, "more than two requests were under way, or they did not wait"


async def test_a_batch_that_is_held_is_not_delivered_again(site: Site, tenant: str) -> None:
    """Two batches that are being written, and a third that waits for its turn."""
    before = (await site.consumer()).delivered.consumer_seq
    site.before.disturb(refuse=503)
    async with site.follower():
        for number in range(1, 4):
            await site.publish(tenant, 1)
            await kit.until(site.has_delivered(before + number), "a batch of one event")
        began = time.monotonic()
        await kit.until(_has_passed(began, 3 * ACK_WAIT_S), "the time after which the broker would deliver again")
        site.before.disturb()
        await site.settled()
    assert (await site.consumer()).delivered.consumer_seq == before + 3


async def test_whoever_stops_while_the_engine_is_away_leaves_the_batch_to_the_next(
    site: Site, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(followers, "DRAIN_S", 0.2)
    site.before.disturb(refuse=503)
    async with site.follower():
        ids = await site.publish(tenant, BATCH)
        await kit.until(site.before.disturbed_times(1), "an attempt")
    site.before.disturb()
    async with site.follower():
        await site.settled()
    assert await site.indexed(tenant) == ids


def _has_passed(began: float, seconds: float) -> Callable[[], Awaitable[bool]]:
    async def passed() -> bool:
        return time.monotonic() - began > seconds

    return passed
