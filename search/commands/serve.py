"""`office-search serve`: runs the query API until it is told to stop."""

from __future__ import annotations

import uvicorn
from fastapi import FastAPI

from search.api.app import create
from search.api.edge.connections import ConnectionLimits, limited
from search.core.endpoints import Endpoints
from search.core.settings import ApiSettings, Settings


def run_api(settings: Settings, endpoints: Endpoints) -> None:
    """Serve the query API until SIGINT or SIGTERM. Raises ConfigurationError without an identity mode."""
    server(create(settings, endpoints), settings.api).run()


def server(app: FastAPI, settings: ApiSettings) -> uvicorn.Server:
    """Return a uvicorn server without an access log of its own; the edge writes one, without query strings."""
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        http=limited(ConnectionLimits(settings.connections, settings.head_s)),
        timeout_keep_alive=settings.idle_s,
        # There are none; a connection that became one would be beyond the limits.
        ws="none",
        # Who sends what is told by the connection, never by a header.
        proxy_headers=False,
        access_log=False,
        log_config=None,
        server_header=False,
        loop="uvloop",
        # Larger than the edge's limits, so that the edge refuses too large requests, with an answer.
        h11_max_incomplete_event_size=256 * 1024,
    )
    return uvicorn.Server(config)
