"""The canary: measures how long a revocation takes to count, by making revocations in a tenant of its own."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import count

import structlog
from prometheus_client import Counter, Histogram

from mappings.events import encode
from search.canary.revocations import KINDS, Revocation, State, everybody_may_search, revocation
from search.core.errors import Forbidden, OfficeSearchError, Unavailable
from search.core.tasks import cancelled
from search.query.question import Question
from search.query.search import Search

SECONDS = Histogram(
    "office_search_revocation_seconds",
    "Time from a change that takes access away to the first answer without what it took",
    ("kind",),
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
FAILURES = Counter("office_search_canary_failures_total", "Measurements of a revocation that came to no end")

PATIENCE_S = 30.0
BETWEEN_LOOKS_S = 0.01

Publish = Callable[[str, bytes, str], Awaitable[object]]
"""(stream, event, its subject) → an awaitable that ends when the broker has stored the event."""

_log = structlog.get_logger(__name__)


class Canary:
    """Gives a made-up user access to something and takes it away again, one kind of revocation after the other.

    It asks the service's own search, with the same directory and reader as any caller. `publish` raises Unavailable.
    `clock`: monotonic seconds.
    """

    def __init__(
        self,
        search: Search,
        publish: Publish,
        tenant: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._search = search
        self._publish = publish
        self._tenant = tenant
        self._clock = clock
        # Several processes may measure at the same time, each with entities of its own.
        self._name = f"canary-{secrets.token_hex(4)}"
        self._numbers = count(1)

    @asynccontextmanager
    async def running(self, every_s: float) -> AsyncIterator[None]:
        """Measure one kind of revocation every `every_s` seconds while the block runs."""
        task = asyncio.create_task(self._run(every_s))
        try:
            yield
        finally:
            await cancelled(task)

    async def _run(self, every_s: float) -> None:
        for number in count():
            await asyncio.sleep(every_s)
            kind = KINDS[number % len(KINDS)]
            try:
                SECONDS.labels(kind).observe(await self.measure(kind))
            except (OfficeSearchError, TimeoutError) as error:
                FAILURES.inc()
                _log.warning("canary_failed", kind=kind, error=repr(error)[:200])

    async def measure(self, kind: str) -> float:
        """Return the seconds from a revocation to the first answer without the revoked entity; at most PATIENCE_S.

        Raises Unavailable when the entity is not found in the first place, or nothing can be published.
        """
        one = revocation(kind, f"{self._name}-{next(self._numbers)}", secrets.token_hex(8))
        try:
            await self._tell([everybody_may_search(self._modules()), *one.granted])
            if await self._until(one, found=True) is None:
                raise Unavailable(f"What was given was not found within {PATIENCE_S:.0f} s; are the indexers behind?")
            began = self._clock()
            await self._tell([one.revoked])
            gone = await self._until(one, found=False)
            if gone is None:
                _log.error("revocation_late", kind=kind, seconds=PATIENCE_S)
            return PATIENCE_S if gone is None else gone - began
        finally:
            await self._tell(state.deleted() for state in one.granted)

    async def _until(self, one: Revocation, *, found: bool) -> float | None:
        """Return the time when an answer first held (`found`) or no longer held the entity; None if not in time."""
        ends = self._clock() + PATIENCE_S
        while self._clock() < ends:
            if await self._finds(one) is found:
                return self._clock()
            await asyncio.sleep(BETWEEN_LOOKS_S)
        return None

    async def _finds(self, one: Revocation) -> bool | None:
        """Return whether the caller finds the entity; None if there was no complete answer."""
        try:
            caller = await self._search.directory.principal(self._tenant, one.caller)
            asked = Question(one.word, verticals=[one.vertical])
            answer = await self._search.answer(caller, asked, datetime.now(UTC))
        except Forbidden:
            return False
        except Unavailable:
            return None
        return None if answer.failed else any(hit.id == one.wanted for hit in answer.hits)

    def _modules(self) -> list[str]:
        return [vertical.module for vertical in self._search.catalogue.of(self._tenant).verticals.values()]

    async def _tell(self, states: Iterable[State]) -> None:
        for state in states:
            stream = self._search.catalogue.stream_of[state.entity]
            await self._publish(stream, event(state, self._tenant, time.time_ns() // 1000), state.subject)


def event(state: State, tenant: str, sequence: int) -> bytes:
    """Return the event that a producer would send. `sequence`: microseconds since 1970."""
    moment = datetime.fromtimestamp(sequence / 1e6, UTC).isoformat()
    verb, data = ("deleted", {}) if state.data is None else ("upserted", state.data)
    return encode(tenant, state.entity, state.subject, sequence, data, source="/canary", time=moment, verb=verb)
