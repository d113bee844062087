"""A batch of deliveries → documents → the engine; each is settled once its fate is certain."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress

import structlog
from opensearchpy import AsyncOpenSearch
from prometheus_client import Counter

from indexers.aside import Event
from indexers.bulk import Failure, Waiting, write
from indexers.indices import Indices
from indexers.portions import Portion, Share, portions
from indexers.preparing import Preparing
from indexers.projections import Operation
from indexers.turns import Turns
from indexers.writable import PATIENCE_S, Apart, Writable
from search.core.errors import Unavailable
from search.core.streams.port import DeadLetters, Delivery

log = structlog.get_logger(__name__)

SETTLED = Counter(
    "office_search_events_total", "Events settled: indexed or stale, dead, or set aside", ["collection", "outcome"]
)
DEAD = Counter("office_search_dead_letters_total", "Events given up on, by stream", ["stream"])
UNBURIED = Counter(
    "office_search_dead_letters_refused_total", "Dead letters that could not be stored and are tried again", ["stream"]
)
SENT_BACK = Counter(
    "office_search_sent_back_total", "Events that come again later, as their tenant has too much in hand", ["stream"]
)
# Before an event comes again whose dead letter could not be stored.
FIRST_DELAY_S, LONGEST_DELAY_S = 0.5, 30.0
# Between attempts while neither writing nor setting aside works.
BETWEEN_S = 1.0
# While the engine works on two requests, the next events are analysed; more only takes memory.
REQUESTS_UNDER_WAY = 2
PREPARED_AT_ONCE = 3
# Those that wait for the indices of new tenants hold no request, only memory.
MOST_PORTIONS = 500
# How long a batch waits for room in one tenant's share, and before what finds none comes again.
ROOM_S = 1.0
FIRST_BACK_S, LONGEST_BACK_S = 5.0, 60.0


def expect_dead_letters(stream: str) -> None:
    """Count a stream's dead letters from nought on, so that the very first one is seen as an increase."""
    for letters in (DEAD, UNBURIED):
        letters.labels(stream)


class Pipeline:
    """One consumer's way into one generation. Never raises for the sake of an event."""

    def __init__(
        self,
        preparing: Preparing,
        indices: Indices,
        engine: AsyncOpenSearch,
        dead_letters: DeadLetters,
        ack_wait_s: float,
        writable: Writable | None = None,
    ) -> None:
        """`writable`: whose events may go aside; without, every batch waits for all of its indices."""
        self._preparing = preparing
        self._indices = indices
        self._engine = engine
        self._dead_letters = dead_letters
        self._ack_wait_s = ack_wait_s
        self._writable = writable
        self._name, self._collection = indices.generation.name, indices.generation.collection
        # Nothing else waits behind large texts: they have turns and requests of their own.
        self._turns = {False: Turns(PREPARED_AT_ONCE), True: Turns(PREPARED_AT_ONCE)}
        self._requests = {False: asyncio.Semaphore(REQUESTS_UNDER_WAY), True: asyncio.Semaphore(1)}
        self._share = Share()
        self._tasks: set[asyncio.Task[None]] = set()

    async def handle(self, deliveries: Sequence[Delivery]) -> None:
        """Start what is to be done with a batch; wait only when too much is under way.

        What is too much of one tenant, as it publishes texts faster than they can be analysed, is sent back for later.
        """
        until = time.monotonic() + ROOM_S
        for portion in portions([delivery.data for delivery in deliveries]):
            mine = [deliveries[position] for position in portion.positions]
            while len(self._tasks) >= MOST_PORTIONS:
                await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
            if await self._share.take(portion, until):
                task = asyncio.create_task(self._work(portion, mine))
                self._tasks.add(task)
                task.add_done_callback(self._done)
            else:
                await self._send_back(mine)

    async def _work(self, portion: Portion, deliveries: Sequence[Delivery]) -> None:
        keeper = asyncio.create_task(self._keep(deliveries))
        requests = self._requests[portion.is_large]
        try:
            try:
                # The turn lasts until it can be written, or what is prepared would pile up.
                async with self._turns[portion.is_large].turn(portion.tenant or ""):
                    prepared = await self._preparing.prepare([one.data for one in deliveries], portion.tenant)
                    await requests.acquire()
            finally:
                if not portion.is_large:
                    self._share.give(portion)
            await self._finish(deliveries, prepared.operations, dict(prepared.reasons), requests)
        finally:
            keeper.cancel()
            # What is large stays in hand until its fate is certain: a tenant whose index is blocked has no more of it.
            if portion.is_large:
                self._share.give(portion)

    async def _send_back(self, deliveries: Sequence[Delivery]) -> None:
        for delivery in deliveries:
            SENT_BACK.labels(delivery.stream).inc()
            with suppress(Unavailable):  # then it comes again anyway
                await delivery.refuse(_later_s(delivery.attempts, FIRST_BACK_S, LONGEST_BACK_S))

    async def drain(self) -> None:
        """Wait until everything taken in is settled."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def abandon(self) -> None:
        """Give up what is under way; the broker delivers it again."""
        for task in self._tasks:
            task.cancel()

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            # Not acknowledged, so nothing is lost: the broker delivers the batch again.
            log.error("batch failed; it will be delivered again", exc_info=error)

    async def _finish(
        self,
        deliveries: Sequence[Delivery],
        operations: Sequence[Operation],
        reasons: dict[int, str],
        request: asyncio.Semaphore,
    ) -> None:
        """Write what can be written and settle it; then, without the request, see to the tenants that cannot be."""
        try:
            ready, apart = self._parted(operations)
            for operation, reason in await self._write(ready, reasons):
                apart.setdefault(operation.tenant, Apart()).add(operation, reason)
            later = {position for one in apart.values() for position in one.positions}
            for position, delivery in enumerate(deliveries):
                if position not in later and position not in reasons:
                    await delivery.settle()
            for position in sorted(reasons.keys() - later):
                await self._give_up(deliveries[position], reasons[position])
        finally:
            request.release()
        SETTLED.labels(self._collection, "indexed").inc(len(deliveries) - len(later | reasons.keys()))
        await asyncio.gather(*(self._see_to(tenant, one, deliveries) for tenant, one in apart.items()))

    def _parted(self, operations: Sequence[Operation]) -> tuple[Sequence[Operation], dict[str, Apart]]:
        """Return the operations of tenants that can be written now, and the others by tenant."""
        if self._writable is None:
            return operations, {}
        apart = {
            tenant: Apart()
            for tenant in {operation.tenant for operation in operations}
            if not self._writable.is_ready(tenant)
        }
        if not apart:
            return operations, apart
        for operation in operations:
            if operation.tenant in apart:
                apart[operation.tenant].add(operation)
        return [operation for operation in operations if operation.tenant not in apart], apart

    async def _write(
        self, operations: Sequence[Operation], reasons: dict[int, str], patience_s: float = PATIENCE_S
    ) -> list[tuple[Operation, str]]:
        """Write operations; add to `reasons` what will never be, and return what cannot be now, with its reason."""
        patience = None if self._writable is None else patience_s
        waiting = []
        outcomes = await write(self._engine, self._indices, operations, patience)
        for operation, failure in zip(operations, outcomes, strict=True):
            if isinstance(failure, Waiting):
                waiting.append((operation, failure.reason))
            elif isinstance(failure, Failure):
                reasons |= dict.fromkeys(operation.sources, failure.reason)
        return waiting

    async def _see_to(self, tenant: str, apart: Apart, deliveries: Sequence[Delivery]) -> None:
        """Write a tenant's operations once its index is there, or set their events aside; whichever comes first."""
        assert self._writable
        reason = apart.reason or await self._writable.open(tenant, [deliveries[p] for p in apart.positions])
        while True:
            if reason is None:
                reasons: dict[int, str] = {}
                async with self._requests[False]:
                    waiting = await self._write(apart.operations, reasons)
                if not waiting:
                    for position in apart.positions - reasons.keys():
                        await deliveries[position].settle()
                    for position in sorted(reasons):
                        await self._give_up(deliveries[position], reasons[position])
                    SETTLED.labels(self._collection, "indexed").inc(len(apart.positions - reasons.keys()))
                    return
                reason = waiting[0][1]
            held = [deliveries[position] for position in sorted(apart.positions)]
            try:
                await self._writable.put(tenant, held, reason)
            except Unavailable as error:
                # The whole engine is in trouble, not this tenant: back to writing, which waits.
                log.warning("events cannot be set aside", generation=self._name, tenant=tenant, error=str(error)[:200])
                await asyncio.sleep(BETWEEN_S)
                reason = None
                continue
            for delivery in held:
                await delivery.settle()
            SETTLED.labels(self._collection, "aside").inc(len(held))
            return

    async def again(self, events: Sequence[Event]) -> list[Event]:
        """Try once more what was set aside; return what is written now, or in the dead letters."""
        prepared = await self._preparing.prepare([event.data for event in events])
        operations, reasons = prepared.operations, dict(prepared.reasons)
        held = {p for operation, _ in await self._write(operations, reasons, 0) for p in operation.sources}
        for position in sorted(reasons.keys() - held):
            try:
                await self._bury(events[position], reasons[position])
            except Unavailable:
                held.add(position)
        return [event for position, event in enumerate(events) if position not in held]

    async def _give_up(self, delivery: Delivery, reason: str) -> None:
        """Settle a delivery as a dead letter; where that cannot be stored, it alone comes again, later each time."""
        try:
            await self._bury(delivery, reason)
        except Unavailable as error:
            delay_s = _later_s(delivery.attempts, FIRST_DELAY_S, LONGEST_DELAY_S)
            log.warning(
                "dead letter not stored; the event comes again",
                stream=delivery.stream,
                position=delivery.position,
                delay_s=delay_s,
                error=str(error)[:200],
            )
            await delivery.refuse(delay_s)
            return
        await delivery.settle()

    async def _bury(self, delivery: Delivery, reason: str) -> None:
        """Store a dead letter, and count it. Raises Unavailable where it cannot be stored."""
        try:
            await self._dead_letters.send_to_dead_letters(delivery, reason, self._name)
        except Unavailable:
            UNBURIED.labels(delivery.stream).inc()
            raise
        DEAD.labels(delivery.stream).inc()
        SETTLED.labels(self._collection, "dead").inc()

    async def _keep(self, deliveries: Sequence[Delivery]) -> None:
        """Tell the broker, while a batch is held, that it is still being worked on."""
        while True:
            await asyncio.sleep(self._ack_wait_s / 3)
            for delivery in deliveries:
                with suppress(Unavailable):
                    await delivery.extend()


def _later_s(attempts: int, first_s: float, longest_s: float) -> float:
    """Return after how many seconds an event comes again: twice as many each time."""
    return float(min(first_s * 2 ** (min(attempts, 10) - 1), longest_s))
