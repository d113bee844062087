"""`office-search serve`: runs the query API until it is told to stop."""

from __future__ import annotations

import uvicorn
from fastapi import FastAPI

from search.api.app import create
from search.core.endpoints import Endpoints
from search.core.settings import Settings


def run_api(settings: Settings, endpoints: Endpoints) -> None:
    """Serve the query API until SIGINT or SIGTERM. Raises ConfigurationError without an identity mode."""
    server(create(settings, endpoints), settings.api.host, settings.api.port).run()


def server(app: FastAPI, host: str, port: int) -> uvicorn.Server:
    """Return a uvicorn server without an access log of its own; the edge writes one, without query strings."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        access_log=False,
        log_config=None,
        server_header=False,
        loop="uvloop",
        # Larger than the edge's limits, so that the edge refuses too large requests, with an answer.
        h11_max_incomplete_event_size=256 * 1024,
    )
    return uvicorn.Server(config)
