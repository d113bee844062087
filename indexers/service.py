"""The indexing service: follows every generation that is not retired, as generations come and go."""

from __future__ import annotations

import asyncio
import gc
from contextlib import AsyncExitStack

import structlog
from faststream.nats import NatsBroker
from opensearchpy import AsyncOpenSearch
from prometheus_client import Gauge

from analyzers import Lexicons, load_lexicons
from indexers.followers import Follower, delete_consumers
from indexers.generations import Registry
from indexers.lag import lags_of
from search.core import broker as streams
from search.core import engine as engines
from search.core.endpoints import Endpoints
from search.core.settings import BrokerSettings, Settings

log = structlog.get_logger(__name__)

LOOK_S = 1.0
LAG = Gauge("office_search_lag_events", "Events not yet settled by a consumer", ["consumer"])


async def run(settings: Settings, endpoints: Endpoints, stop: asyncio.Event) -> None:
    """Index until `stop` is set.

    Raises Unavailable when engine or broker are away at the start, ConfigurationError for a faulty lexicon.
    """
    async with AsyncExitStack() as stack:
        engine = engines.connect(settings.engine, endpoints.opensearch_url, timeout_s=60)
        stack.push_async_callback(engine.close)
        await engines.ping(engine)
        broker = await start_broker(settings.broker, endpoints)
        stack.push_async_callback(broker.stop)
        registry = Registry(engine)
        await registry.prepare()
        service = Service(broker, engine, registry, settings, load_lexicons(settings.analysis.lexicons))
        stack.push_async_callback(service.stop)
        _tune_collector()
        await service.watch(stop)


async def start_broker(settings: BrokerSettings, endpoints: Endpoints) -> NatsBroker:
    """A connected FastStream broker, with every stream there."""
    client = await streams.connect(settings, endpoints.broker_url)
    await streams.ensure_streams(client.jetstream())
    await client.close()
    broker = NatsBroker(
        **streams.options(settings, endpoints.broker_url), logger=None, max_reconnect_attempts=-1, allow_reconnect=True
    )
    await broker.start()
    return broker


class Service:
    """The followers of this process, kept in step with the registry."""

    def __init__(
        self,
        broker: NatsBroker,
        engine: AsyncOpenSearch,
        registry: Registry,
        settings: Settings,
        lexicons: Lexicons,
    ) -> None:
        self._broker = broker
        self._engine = engine
        self._registry = registry
        self._settings = settings
        self._lexicons = lexicons
        self._followers: dict[str, Follower] = {}

    async def watch(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                await self._match()
                await self._measure()
            except Exception as error:
                # The engine or the broker is away; what follows holds its batches, and this looks again.
                log.warning("could not look at the generations", error=repr(error)[:200])
            try:
                async with asyncio.timeout(LOOK_S):
                    await stop.wait()
            except TimeoutError:
                continue

    async def stop(self) -> None:
        await asyncio.gather(*(follower.stop() for follower in self._followers.values()))
        self._followers.clear()

    async def _match(self) -> None:
        wanted = {g.name: g for g in await self._registry.all() if g.state != "retired"}
        for name in self._followers.keys() - wanted.keys():
            log.info("generation retired", generation=name)
            await self._retire(self._followers.pop(name))
        for name in wanted.keys() - self._followers.keys():
            follower = Follower(
                self._broker, self._engine, self._registry, wanted[name], self._settings, self._lexicons
            )
            await follower.start()
            self._followers[name] = follower
            log.info("following", generation=name)

    async def _retire(self, follower: Follower) -> None:
        await follower.stop()
        if await self._registry.state(follower.generation) == "retired":
            # Started just when the build was given up, it has made its consumers anew.
            await delete_consumers(self._broker.connection.jetstream(), follower.generation)

    async def _measure(self) -> None:
        stream = self._broker.connection.jetstream()
        for name, follower in list(self._followers.items()):
            for durable, lag in (await lags_of(follower.generation, stream)).items():
                if lag is None:
                    # Its subscription falls silent without a word; following anew makes the consumer again.
                    log.error("consumer was deleted at the broker; following again", consumer=durable)
                    await self._followers.pop(name).stop()
                    break
                LAG.labels(durable).set(lag)


def _tune_collector() -> None:
    """Documents are made and dropped by the thousand and hold no cycles: look for those rarely (+25 % throughput)."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 50)
