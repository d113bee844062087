"""A batch of deliveries → documents → the engine; each is settled once its fate is certain."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

import structlog
from opensearchpy import AsyncOpenSearch
from prometheus_client import Counter

from indexers.aside import Event
from indexers.bulk import Failure, Waiting, write
from indexers.indices import Indices
from indexers.projections import Operation, Projection
from indexers.writable import PATIENCE_S, Apart, Writable
from mappings.entities import Entity
from mappings.events import Change
from search.core.errors import RejectedEvent, Unavailable
from search.core.streams.port import DeadLetters, Delivery

log = structlog.get_logger(__name__)

SETTLED = Counter(
    "office_search_events_total", "Events settled: indexed or stale, dead, or set aside", ["collection", "outcome"]
)
DEAD = Counter("office_search_dead_letters_total", "Events given up on, by stream", ["stream"])
UNBURIED = Counter(
    "office_search_dead_letters_refused_total", "Dead letters that could not be stored and are tried again", ["stream"]
)
# Before an event comes again whose dead letter could not be stored.
FIRST_DELAY_S, LONGEST_DELAY_S = 0.5, 30.0
# Between attempts while neither writing nor setting aside works.
BETWEEN_S = 1.0
# While the engine works on two requests, the next batch is analysed; more only takes memory.
REQUESTS_UNDER_WAY = 2
# Those that wait for the indices of new tenants hold no request, only memory.
MOST_BATCHES = 32

Decode = Callable[[bytes, Mapping[str, type[Entity]]], Change]
"""(event, the models of the entities that its stream carries) → what it says; raises RejectedEvent with the reason."""


class Pipeline:
    """One consumer's way into one generation. Never raises for the sake of an event."""

    def __init__(
        self,
        decode: Decode,
        projection: Projection,
        indices: Indices,
        engine: AsyncOpenSearch,
        dead_letters: DeadLetters,
        ack_wait_s: float,
        writable: Writable | None = None,
    ) -> None:
        """`writable`: whose events may go aside; without, every batch waits for all of its indices."""
        self._decode = decode
        self._projection = projection
        self._indices = indices
        self._engine = engine
        self._dead_letters = dead_letters
        self._ack_wait_s = ack_wait_s
        self._writable = writable
        self._name, self._collection = indices.generation.name, indices.generation.collection
        self._slots = asyncio.Semaphore(REQUESTS_UNDER_WAY)
        self._tasks: set[asyncio.Task[None]] = set()

    async def handle(self, deliveries: Sequence[Delivery]) -> None:
        """Analyse a batch and start writing it; wait only when too much is under way."""
        while len(self._tasks) >= MOST_BATCHES:
            await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        keeper = asyncio.create_task(self._keep(deliveries))
        try:
            operations, reasons = self._prepare(deliveries)
            await self._slots.acquire()
        except BaseException:
            keeper.cancel()
            raise
        task = asyncio.create_task(self._finish(deliveries, operations, reasons, keeper))
        self._tasks.add(task)
        task.add_done_callback(self._done)

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

    def _prepare(self, deliveries: Sequence[Delivery]) -> tuple[list[Operation], dict[int, str]]:
        changes: list[tuple[int, Change]] = []
        reasons: dict[int, str] = {}
        for position, delivery in enumerate(deliveries):
            try:
                changes.append((position, self._decode(delivery.data, self._projection.entities)))
            except RejectedEvent as error:
                reasons[position] = str(error)
        try:
            return self._projection.operations(changes), reasons
        except Exception:
            return self._one_by_one(changes, reasons), reasons

    def _one_by_one(self, changes: Sequence[tuple[int, Change]], reasons: dict[int, str]) -> list[Operation]:
        """Turn changes into operations one by one, so that a fault which one brings to light holds up no other."""
        operations: list[Operation] = []
        for position, change in changes:
            try:
                operations += self._projection.operations([(position, change)])
            except RejectedEvent as error:
                reasons[position] = str(error)
            except Exception as error:
                log.exception("event could not be turned into a document", entity=change.entity)
                reasons[position] = f"could not be turned into a document: {error!r}"
        return operations

    async def _finish(
        self,
        deliveries: Sequence[Delivery],
        operations: Sequence[Operation],
        reasons: dict[int, str],
        keeper: asyncio.Task[None],
    ) -> None:
        """Write what can be written and settle it; then, without the slot, see to the tenants that cannot be."""
        try:
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
                self._slots.release()
            SETTLED.labels(self._collection, "indexed").inc(len(deliveries) - len(later | reasons.keys()))
            await asyncio.gather(*(self._see_to(tenant, one, deliveries) for tenant, one in apart.items()))
        finally:
            keeper.cancel()

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
                async with self._slots:
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
        operations, reasons = self._prepare(events)
        held = {p for operation, _ in await self._write(operations, reasons, 0) for p in operation.sources}
        for position in sorted(reasons.keys() - held):
            try:
                await self._dead_letters.send_to_dead_letters(events[position], reasons[position], self._name)
            except Unavailable:
                held.add(position)
        return [event for position, event in enumerate(events) if position not in held]

    async def _give_up(self, delivery: Delivery, reason: str) -> None:
        """Settle a delivery as a dead letter; where that cannot be stored, it alone comes again, later each time."""
        try:
            await self._dead_letters.send_to_dead_letters(delivery, reason, self._name)
        except Unavailable as error:
            delay_s = min(FIRST_DELAY_S * 2 ** (min(delivery.attempts, 10) - 1), LONGEST_DELAY_S)
            log.warning(
                "dead letter not stored; the event comes again",
                stream=delivery.stream,
                position=delivery.position,
                delay_s=delay_s,
                error=str(error)[:200],
            )
            UNBURIED.labels(delivery.stream).inc()
            await delivery.refuse(delay_s)
            return
        await delivery.settle()
        DEAD.labels(delivery.stream).inc()
        SETTLED.labels(self._collection, "dead").inc()

    async def _keep(self, deliveries: Sequence[Delivery]) -> None:
        """Tell the broker, while a batch is held, that it is still being worked on."""
        while True:
            await asyncio.sleep(self._ack_wait_s / 3)
            for delivery in deliveries:
                with suppress(Unavailable):
                    await delivery.extend()
