"""Observes requests: an access log line, a latency metric, and ids that join the log lines of a request."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable
from typing import Any

import structlog
from prometheus_client import Gauge, Histogram
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from search.access.sealing import Sealing, caller_hash

REQUEST_ID = "X-Request-Id"
CLIENT_REQUEST_ID = "X-Client-Request-Id"
X_CALLER = "X-Caller"
SECONDS = Histogram(
    "office_search_http_seconds",
    "Time from a request's arrival to the end of its answer",
    ("route", "method", "status"),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 1.5, 2.5, 5, 10),
)
IN_FLIGHT = Gauge("office_search_http_in_flight", "Requests that are being answered")

# Nginx's status for a client that closed the connection before the answer.
GONE = 499

# Machines ask for these every few seconds.
_PROBES = frozenset({"/healthz", "/readyz", "/metrics"})
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_MAX_PATH = 200

_log = structlog.get_logger("search.access_log")


class Observed:
    """Middleware that logs and measures each request by path; never its query string, body or credentials.

    Every answer to a proven caller carries a hash of who that is, by which a client notices somebody else's.
    """

    def __init__(self, app: ASGIApp, sealing: Sealing, clock: Callable[[], float] = time.perf_counter) -> None:
        self._app = app
        self._sealing = sealing
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id, clients = uuid.uuid4().hex, _client_request_id(scope)
        # The routes of this request write the proven caller here.
        scope.setdefault("state", {}).update(request_id=request_id, client_request_id=clients)
        status = GONE

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers[REQUEST_ID] = request_id
                if clients:
                    headers[CLIENT_REQUEST_ID] = clients
                if caller := scope["state"].get("caller"):
                    headers[X_CALLER] = caller_hash(self._sealing, caller)
            await send(message)

        ids = {"request_id": request_id} | ({"client_request_id": clients} if clients else {})
        with structlog.contextvars.bound_contextvars(**ids), IN_FLIGHT.track_inprogress():
            started = self._clock()
            try:
                await self._app(scope, receive, watched)
            except Exception:
                status = 500
                raise
            finally:
                _report(scope, status, self._clock() - started)


def _client_request_id(scope: Scope) -> str | None:
    """Return the id that the sender chose, by which its logs and ours are joined; None without one that is harmless.

    It never takes the place of our own: whoever chooses it could give many requests one id, or another's.
    """
    given = [value for name, value in scope["headers"] if name == b"x-request-id"]
    return given[0].decode() if len(given) == 1 and _ID.fullmatch(given[0]) else None


def _report(scope: Scope, status: int, seconds: float) -> None:
    # Each distinct label makes a new series, so only names of ours become labels.
    route = getattr(scope.get("route"), "path", "unknown")
    method = scope["method"] if scope["method"] in _METHODS else "other"
    SECONDS.labels(route, method, str(status)).observe(seconds)
    # The raw path is still percent-encoded: it cannot break a line or fake another.
    path = scope["raw_path"][:_MAX_PATH].decode("ascii", "replace")
    level = _log.debug if path in _PROBES and status < 400 else _log.info
    level("request", method=method, path=path, status=status, ms=round(seconds * 1000, 1), **_caller(scope))


def _caller(scope: Scope) -> dict[str, Any]:
    caller = scope["state"].get("caller")
    if caller is None:
        return {}
    app = {} if caller.app is None else {"app": caller.app}
    return {"tenant": caller.tenant, "user": caller.user, "mode": caller.mode} | app
