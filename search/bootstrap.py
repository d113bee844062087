"""Everything put together, once, from the settings: what answers questions, and what indexes.

The API, the command line, evaluations, benchmarks and tests begin here; nothing else builds a search or an indexer.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import tzinfo

import structlog
from opensearchpy import AsyncOpenSearch

from analyzers import Lexicons, load_lexicons
from indexers import service
from indexers.generations import Registry
from indexers.resources import Resources
from indexers.workers import Workers
from mappings.catalogue import Catalogue
from mappings.events import decode
from search.access.callers import Callers
from search.access.directory import Directory
from search.access.known import Known, nothing_known
from search.access.reader import Reader
from search.access.sealing import Sealing
from search.core import engine as engines
from search.core.endpoints import Endpoints
from search.core.errors import Unavailable
from search.core.settings import BrokerSettings, Settings
from search.core.streams.nats import NatsBroker, NatsConnection
from search.core.streams.nats.connection import connect
from search.core.streams.port import Broker
from search.core.timezones import zone_named
from search.explain.explainer import Explainer
from search.feedback import Feedback
from search.health.known import KnownTenants
from search.health.readiness import Readiness
from search.query.closeness import ClosenessKept
from search.query.context import Contexts
from search.query.dates import SHANGHAI
from search.query.search import Search
from search.recommend.kept import FiguresKept
from search.recommend.past import Past
from search.recommend.recommend import Recommend
from search.recommend.run import Run
from search.store.asking import AskedKept
from search.store.report import Reporting
from search.store.store import Store
from search.suggest.suggest import Suggest

log = structlog.get_logger(__name__)

# Between attempts to reach an engine or a broker that is not there yet.
WAIT_S = 2.0
# Of each request that writes feedback, in the background.
FEEDBACK_PATIENCE_S = 5.0

Clock = Callable[[], int]
"""Microseconds since 1970."""


def now() -> int:
    """Return the machine's time, in microseconds since 1970."""
    return time.time_ns() // 1000


@dataclass(frozen=True)
class Services:
    """What answers a caller's questions."""

    catalogue: Catalogue
    search: Search
    suggest: Suggest
    contexts: Contexts
    store: Store
    recommend: Recommend
    reporting: Reporting
    asked: AskedKept
    explain: Explainer
    readiness: Readiness
    callers: Callers
    known: KnownTenants
    sealing: Sealing
    feedback: Feedback


def broker_at(settings: BrokerSettings, url: str) -> NatsBroker:
    """Return the process's one connection to the broker; nothing is opened yet."""
    return NatsBroker(NatsConnection(lambda: connect(settings, url)))


@asynccontextmanager
async def connected_broker(settings: BrokerSettings, url: str) -> AsyncIterator[Broker]:
    """Yield the broker while it is connected. Raises Unavailable when it is away."""
    broker = broker_at(settings, url)
    await broker.open()
    try:
        yield broker
    finally:
        await broker.close()


def search_over(
    engine: AsyncOpenSearch,
    deadline_ms: int,
    catalogue: Catalogue,
    lexicons: Lexicons,
    clock: Clock = now,
    known: Known = nothing_known,
    sealing: Sealing | None = None,
    timezone: tzinfo = SHANGHAI,
) -> Search:
    """Return the search over an engine.

    `deadline_ms`: for all searches of one answer. `known`: tells lost indices. `timezone`: where days begin.
    """
    # The engine is listened to for as long again as searching may take: reading what was found comes after it.
    directory = Directory(engine, clock, patience_s=2 * deadline_ms / 1000, known=known)
    return Search(
        Reader(engine, deadline_ms, known=known), directory, catalogue, lexicons, timezone, sealing or Sealing()
    )


@asynccontextmanager
async def read_side(
    settings: Settings,
    endpoints: Endpoints,
    broker: Broker,
    catalogue: Catalogue,
    lexicons: Lexicons,
    sealing: Sealing,
) -> AsyncIterator[Services]:
    """Yield what answers; readiness is not watched yet. The broker may be away."""
    async with AsyncExitStack() as stack:
        engine = engines.connect(settings.engine, endpoints.opensearch_url)
        stack.push_async_callback(engine.close)
        stack.push_async_callback(broker.close)
        registry = Registry(engine, catalogue)
        known = KnownTenants(registry)
        readiness = Readiness(engine, registry, broker, known)
        timezone = zone_named(settings.search.timezone)
        search = search_over(
            engine,
            settings.search.deadline_ms,
            catalogue,
            lexicons,
            known=known,
            sealing=sealing,
            timezone=timezone,
        )
        callers = Callers(search.directory, readiness.require)
        # A client of its own: what is slow there keeps no connection from a search.
        aside = engines.connect(settings.engine, endpoints.opensearch_url, timeout_s=FEEDBACK_PATIENCE_S)
        stack.push_async_callback(aside.close)
        feedback = Feedback(
            aside, settings.feedback, sealing, search.directory.deleted_among, replicas=settings.indices.replicas
        )
        asked = AskedKept(aside, feedback, settings.indices.replicas)
        search = replace(search, opened=asked)
        explain = Explainer(engine, settings.search.deadline_ms, search, readiness.events_behind, known)
        closeness = ClosenessKept(search.directory)
        suggest = Suggest(search.reader, catalogue, closeness, feedback, lexicons, asked)
        contexts = Contexts(search.reader, search.directory, catalogue)
        past = Past(engine, known, 2 * settings.search.deadline_ms / 1000)
        figures = FiguresKept(aside)
        recommend = Recommend(search.reader, catalogue, figures, past, feedback)
        store = Store(search, figures, past)
        reporting = Reporting(search.reader, catalogue, figures, asked)
        yield Services(
            catalogue,
            search,
            suggest,
            contexts,
            store,
            recommend,
            reporting,
            asked,
            explain,
            readiness,
            callers,
            known,
            sealing,
            feedback,
        )


@asynccontextmanager
async def write_side(
    settings: Settings, endpoints: Endpoints, catalogue: Catalogue, lexicons: Lexicons | None = None
) -> AsyncIterator[Resources]:
    """Yield what indexes, connected, with every stream there.

    `lexicons`: by default those that the settings name. Raises Unavailable when engine or broker are away,
    ConfigurationError for a faulty lexicon.
    """
    lexicons = lexicons or load_lexicons(settings.analysis.lexicons)
    async with AsyncExitStack() as stack:
        engine = engines.connect(settings.engine, endpoints.opensearch_url, timeout_s=60)
        stack.push_async_callback(engine.close)
        await engines.ping(engine)
        broker = await stack.enter_async_context(connected_broker(settings.broker, endpoints.broker_url))
        await broker.ensure_streams(catalogue.streams)
        yield Resources(engine, broker, Registry(engine, catalogue), settings, lexicons, decode)


@asynccontextmanager
async def figures_run(settings: Settings, endpoints: Endpoints, catalogue: Catalogue) -> AsyncIterator[Run]:
    """Yield what makes the figures of apps. Raises Unavailable when the engine is away, ConfigurationError."""
    lexicons = load_lexicons(settings.analysis.lexicons)
    engine = engines.connect(settings.engine, endpoints.opensearch_url, timeout_s=60)
    try:
        await engines.ping(engine)
        yield Run(engine, catalogue, lexicons, settings.indices.replicas)
    finally:
        await engine.close()


async def index(
    settings: Settings,
    endpoints: Endpoints,
    catalogue: Catalogue,
    stop: asyncio.Event,
    lanes: Iterable[service.Lane] = service.LANES,
    workers: Workers | None = None,
) -> None:
    """Run the indexers until `stop` is set; wait for an engine or a broker that is away. Raises ConfigurationError."""
    lexicons = load_lexicons(settings.analysis.lexicons)
    while not stop.is_set():
        try:
            async with write_side(settings, endpoints, catalogue, lexicons) as resources:
                await service.index(replace(resources, workers=workers), stop, lanes)
        except Unavailable as error:
            log.warning("indexers_waiting", error=str(error))
        with suppress(TimeoutError):
            async with asyncio.timeout(WAIT_S):
                await stop.wait()
