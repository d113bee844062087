"""`office-search index`: runs the indexers until they are told to stop."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager

import structlog
from prometheus_client import start_http_server

from indexers.service import Lane
from indexers.workers import Workers
from mappings.catalogue import Catalogue
from search import bootstrap
from search.commands.access_lane import stop_when_stdin_closes, watch_access_lane
from search.commands.recommend_job import keep_figures
from search.core.endpoints import Endpoints
from search.core.errors import ConfigurationError
from search.core.settings import Settings

log = structlog.get_logger(__name__)


async def run_indexers(
    settings: Settings, endpoints: Endpoints, only: Lane | None = None, *, ends_with_stdin: bool = False
) -> None:
    """Index until SIGINT or SIGTERM, then finish the work in hand. Serves /metrics on the lane's port.

    `only`: this lane; without, the contents are indexed here, and access in a process of its own beside this one.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    if ends_with_stdin:
        stop_when_stdin_closes(stop)
    lane = only or "contents"
    async with _metrics(settings, lane):
        with _workers(settings, lane) as workers:
            indexing = bootstrap.index(settings, endpoints, Catalogue.installed(), stop, [lane], workers)
            if only:
                await indexing
            else:
                await _together(stop, indexing, watch_access_lane(stop), keep_figures(settings, endpoints, stop))
    log.info("indexers_stopped", lane=lane)


async def _together(stop: asyncio.Event, *works: Coroutine[None, None, None]) -> None:
    """Run all of them to their end; when one fails, the others are told to stop before its error is raised."""
    tasks = [asyncio.ensure_future(work) for work in works]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    stop.set()
    await asyncio.gather(*tasks)


@contextmanager
def _workers(settings: Settings, lane: Lane) -> Iterator[Workers | None]:
    number = settings.indexing.analysis_processes
    if lane == "access" or not number:
        yield None
        return
    workers = Workers(number, settings.analysis.lexicons, settings.log.level)
    try:
        yield workers
    finally:
        workers.close()


@asynccontextmanager
async def _metrics(settings: Settings, lane: Lane) -> AsyncIterator[None]:
    port, variable = settings.indexers.port, "OFFICE_SEARCH_INDEXER_PORT"
    if lane == "access":
        port, variable = settings.indexers.access_lane_port, "OFFICE_SEARCH_INDEXER_ACCESS_PORT"
    try:
        server, _ = start_http_server(port, addr=settings.indexers.host)
    except OSError as error:
        raise ConfigurationError(
            f"The indexers' metrics port {port} cannot be opened ({error.strerror}); set {variable} to another one."
        ) from None
    try:
        log.info("indexers_started", lane=lane, metrics=f"http://{settings.indexers.host}:{server.server_port}/metrics")
        yield
    finally:
        server.shutdown()
        server.server_close()
