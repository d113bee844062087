"""The two long-running processes: the indexers and the query API."""

from __future__ import annotations

import asyncio
import signal

import structlog
import uvicorn
from fastapi import FastAPI
from prometheus_client import start_http_server

from indexers import service
from search.api.app import create
from search.core.errors import ConfigurationError
from search.core.settings import Settings
from search.core.stack import Endpoints

log = structlog.get_logger(__name__)


async def run_indexers(settings: Settings, endpoints: Endpoints) -> None:
    """Index until SIGINT or SIGTERM, then finish what is under way. Serves /metrics on the indexer port."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    try:
        server, _ = start_http_server(settings.indexer_port, addr=settings.indexer_host)
    except OSError as error:
        raise ConfigurationError(
            f"The indexers' metrics port {settings.indexer_port} cannot be opened ({error.strerror}); "
            "set OFFICE_SEARCH_INDEXER_PORT to another one."
        ) from None
    try:
        log.info("indexers_started", metrics=f"http://{settings.indexer_host}:{server.server_port}/metrics")
        await service.run(settings, endpoints, stop)
    finally:
        server.shutdown()
        server.server_close()
    log.info("indexers_stopped")


def run_api(settings: Settings, endpoints: Endpoints) -> None:
    """Serve the query API until SIGINT or SIGTERM. Raises ConfigurationError without an identity mode."""
    server(create(settings, endpoints), settings.api_host, settings.api_port).run()


def server(app: FastAPI, host: str, port: int) -> uvicorn.Server:
    """uvicorn without an access log of its own: the edge writes one, without query strings."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        access_log=False,
        log_config=None,
        server_header=False,
        loop="uvloop",
        # The edge bounds what a request may hold, and answers; below its bound nothing is to be cut off.
        h11_max_incomplete_event_size=256 * 1024,
    )
    return uvicorn.Server(config)
