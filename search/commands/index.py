"""`office-search index`: runs the indexers until they are told to stop."""

from __future__ import annotations

import asyncio
import signal

import structlog
from prometheus_client import start_http_server

from mappings.catalogue import Catalogue
from search import bootstrap
from search.core.endpoints import Endpoints
from search.core.errors import ConfigurationError
from search.core.settings import Settings

log = structlog.get_logger(__name__)


async def run_indexers(settings: Settings, endpoints: Endpoints) -> None:
    """Index until SIGINT or SIGTERM, then finish the work in hand. Serves /metrics on the indexer port."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    try:
        server, _ = start_http_server(settings.indexers.port, addr=settings.indexers.host)
    except OSError as error:
        raise ConfigurationError(
            f"The indexers' metrics port {settings.indexers.port} cannot be opened ({error.strerror}); "
            "set OFFICE_SEARCH_INDEXER_PORT to another one."
        ) from None
    try:
        log.info("indexers_started", metrics=f"http://{settings.indexers.host}:{server.server_port}/metrics")
        await bootstrap.index(settings, endpoints, Catalogue.installed(), stop)
    finally:
        server.shutdown()
        server.server_close()
    log.info("indexers_stopped")
