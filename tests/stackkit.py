"""One engine and one broker for the whole run, really running; each test module gets them as if new.

A plugin and no conftest, as several folders share one stack: their conftests take it in, the others do not pay for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import apikit
import kit
import pytest
from apikit import GATEWAY_SECRET
from kit import CATALOGUE
from nats.aio.client import Client
from opensearchpy import AsyncOpenSearch

from indexers.generations import Registry
from indexers.lag import lags
from search import bootstrap
from search.core import engine as engines
from search.core.endpoints import Endpoints
from search.core.errors import OfficeSearchError
from search.core.settings import Settings
from search.core.streams.nats import NatsBroker
from search.core.streams.port import Broker
from search.localstack import temporary_stack


@pytest.fixture(scope="session")
def stack() -> Iterator[Endpoints]:
    """The managed stack, started by the suite and stopped by it, by process id."""
    with temporary_stack(heap="1g") as endpoints:
        yield endpoints


@pytest.fixture(scope="session")
def settings() -> Settings:
    """Settings for tests: quick refreshes and redeliveries, the gateway mode."""
    chosen = {
        "indices.refresh_interval": "200ms",
        "indexing.ack_wait_s": 5,
        "indexers.port": 0,
        "identity.gateway.secrets": GATEWAY_SECRET,
        "search.deadline_ms": 10_000,
        "rates.caller": "off",
        "rates.app": "off",
    }
    return kit.changed(Settings(), **chosen)


@pytest.fixture(scope="session")
async def engine(stack: Endpoints, settings: Settings) -> AsyncIterator[AsyncOpenSearch]:
    client = engines.connect(settings.engine, stack.opensearch_url, timeout_s=60)
    yield client
    await client.close()


@pytest.fixture(scope="session")
async def broker(stack: Endpoints, settings: Settings) -> AsyncIterator[NatsBroker]:
    """A connection to the broker."""
    connection = bootstrap.broker_at(settings.broker, stack.broker_url)
    await connection.open()
    yield connection
    await connection.close()


@pytest.fixture(scope="session")
def client(broker: NatsBroker) -> Client:
    """NATS' own client of the same connection, for what no broker but NATS has."""
    return broker.connection.client()


@pytest.fixture(scope="module")
async def world(stack: Endpoints, engine: AsyncOpenSearch, broker: Broker, client: Client) -> Endpoints:
    """The stack, emptied for this module: no streams, no indices, no generations."""
    await kit.wipe(client, engine)
    await broker.ensure_streams(CATALOGUE.streams)
    return stack


@pytest.fixture(scope="module")
async def indexers(
    world: Endpoints, settings: Settings, engine: AsyncOpenSearch, broker: Broker
) -> AsyncIterator[None]:
    """The indexing service, running in this process for as long as the module's tests do."""
    stop = asyncio.Event()
    task = asyncio.create_task(bootstrap.index(settings, world, CATALOGUE, stop))
    await kit.until(lambda: _follows(engine, broker, task), "the indexers to follow")
    yield
    stop.set()
    await task


async def _follows(engine: AsyncOpenSearch, broker: Broker, task: asyncio.Task[None]) -> bool:
    if task.done():
        task.result()
    registry = Registry(engine, CATALOGUE)
    try:
        found = await lags(registry, broker)
        followed = {generation.collection for generation in await registry.all()}
    except OfficeSearchError:
        return False
    return followed == set(CATALOGUE.made) and None not in found.values()


@pytest.fixture(scope="module")
async def api(indexers: None, world: Endpoints, settings: Settings) -> AsyncIterator[apikit.Api]:
    """The query API over the module's world, ready to answer."""
    async with apikit.running(settings, world, GATEWAY_SECRET) as running:
        await running.ready()
        yield running
