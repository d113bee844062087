"""Connections to the API: no half request is waited for long, no idle one for ever, and their number is bounded."""

from __future__ import annotations

import asyncio
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import ClassVar

import h11
import structlog
from prometheus_client import Counter, Gauge
from uvicorn.protocols.http.h11_impl import H11Protocol

from search.api.edge.observed import REQUEST_ID
from search.api.problems import RETRY_AFTER_S, Problem
from search.core.errors import ProblemType

OPEN = Gauge("office_search_connections", "Connections that are open")
CLOSED = Counter(
    "office_search_connections_closed_total",
    "Connections closed on a client: refused as all are busy, idle ones in the way of others, heads that came too late",
    ["reason"],
)
for _reason in ("busy", "idle", "late"):
    CLOSED.labels(_reason)

# How long an answer waits for a client that does not read it.
UNREAD_S = 30
# The least time between two log lines that say that there are too many.
WARN_S = 10

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """`most`: connections at a time. `head_s`: seconds for a request's head, from its first byte or from connecting."""

    most: int = 800
    head_s: float = 10


@dataclass(slots=True)
class _Doors:
    """What the connections of one server share. `waiting`: those that no request is being answered on, oldest first."""

    limits: ConnectionLimits
    waiting: dict[Connection, None] = field(default_factory=dict)
    warned_at: float = -WARN_S


class Connection(H11Protocol):
    """Uvicorn's connection, with limits. A server needs a class of its own, which `limited` makes.

    Beyond the greatest number, the connection that has waited longest for a request is closed, so that half-sent heads
    and idle connections cannot keep others out; while all are being answered, a new one is told to come again.
    """

    doors: ClassVar[_Doors]
    _clock: asyncio.TimerHandle | None = None
    _unread_clock: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        OPEN.inc()
        if len(self.connections) > self.doors.limits.most and not self._make_room():
            CLOSED.labels("busy").inc()
            self._refuse(
                503, ProblemType.UNAVAILABLE, "There are too many connections just now; try again in a few seconds."
            )
            return
        self._note(begun=True)

    def data_received(self, data: bytes) -> None:
        # What comes after a refusal is not looked at.
        if not self.transport.is_closing():
            super().data_received(data)
            self._note(begun=True)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        # What has come of the next request, or is still to come of this one's body, is timed too.
        self._note(begun=self.conn.their_state is not h11.IDLE or bool(self.conn.trailing_data[0]))
        if self.transport.is_closing():
            self._close()

    def timeout_keep_alive_handler(self) -> None:
        super().timeout_keep_alive_handler()
        self._close()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._await_reader()

    def resume_writing(self) -> None:
        super().resume_writing()
        if not self.transport.is_closing():
            self._stop_awaiting_reader()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        self._stop_awaiting_reader()
        OPEN.dec()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        self._refuse(400, ProblemType.BAD_REQUEST, msg)

    def _note(self, *, begun: bool) -> None:
        """Note whether a request is being answered or waited for; `begun`: its head's time has begun."""
        answering = self.cycle is not None and not self.cycle.response_complete
        if answering or self.transport.is_closing():
            self._stop_waiting()
            return
        self.doors.waiting.setdefault(self)
        if begun and self._clock is None:
            self._clock = self.loop.call_later(self.doors.limits.head_s, self._late)

    def _stop_waiting(self) -> None:
        self.doors.waiting.pop(self, None)
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None

    def _late(self) -> None:
        if self.conn.trailing_data[0]:
            CLOSED.labels("late").inc()
            self._refuse(408, ProblemType.TOO_SLOW, "The head of the request did not arrive in time.")
        else:
            self._close()

    def _make_room(self) -> bool:
        """Close the connection that has waited longest; return whether there was one."""
        if time.monotonic() - self.doors.warned_at >= WARN_S:
            self.doors.warned_at = time.monotonic()
            _log.warning("too_many_connections", most=self.doors.limits.most, waiting=len(self.doors.waiting))
        oldest = next(iter(self.doors.waiting), None)
        if oldest is None:
            return False
        CLOSED.labels("idle").inc()
        oldest._close()
        return True

    def _refuse(self, status: int, type: ProblemType, detail: str) -> None:
        """Answer with a problem, unless another answer has begun, and close the connection."""
        headers = {"Connection": "close", REQUEST_ID: uuid.uuid4().hex}
        if status == 503:
            headers["Retry-After"] = str(RETRY_AFTER_S)
        problem = Problem(status, type, detail, headers)
        reason = HTTPStatus(status).phrase.encode()
        with suppress(h11.LocalProtocolError):
            head = self.conn.send(h11.Response(status_code=status, headers=problem.raw_headers, reason=reason))
            body = self.conn.send(h11.Data(data=bytes(problem.body)))
            self.transport.write(b"".join((head or b"", body or b"", self.conn.send(h11.EndOfMessage()) or b"")))
        self._close()

    def _close(self) -> None:
        self._stop_waiting()
        self.transport.close()
        if self.transport.get_write_buffer_size():
            self._await_reader()

    def _await_reader(self) -> None:
        """Give the client some time to read what is written, and then no more."""
        if self._unread_clock is None:
            self._unread_clock = self.loop.call_later(UNREAD_S, self.transport.abort)

    def _stop_awaiting_reader(self) -> None:
        if self._unread_clock is not None:
            self._unread_clock.cancel()
            self._unread_clock = None


def limited(limits: ConnectionLimits) -> type[Connection]:
    """Return the class of one server's connections, which share these limits."""
    return type("LimitedConnection", (Connection,), {"doors": _Doors(limits)})
