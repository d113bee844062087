"""A batch of deliveries → documents → the engine; each is settled once its fate is certain."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

import structlog
from opensearchpy import AsyncOpenSearch
from prometheus_client import Counter

from indexers.bulk import Failure, write
from indexers.generations import Indices
from indexers.projections import Operation, Projection
from mappings.entities import Entity
from mappings.events import Change
from search.core.errors import RejectedEvent, Unavailable
from search.core.streams.port import DeadLetters, Delivery

log = structlog.get_logger(__name__)

SETTLED = Counter("office_search_events_total", "Events settled: indexed or stale, or dead", ["collection", "outcome"])
DEAD = Counter("office_search_dead_letters_total", "Events given up on, by stream", ["stream"])
UNBURIED = Counter(
    "office_search_dead_letters_refused_total", "Dead letters that could not be stored and are tried again", ["stream"]
)
# Before an event comes again whose dead letter could not be stored.
FIRST_DELAY_S, LONGEST_DELAY_S = 0.5, 30.0
# While the engine works on two requests, the next batch is analysed; more only takes memory.
REQUESTS_UNDER_WAY = 2

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
    ) -> None:
        self._decode = decode
        self._projection = projection
        self._indices = indices
        self._engine = engine
        self._dead_letters = dead_letters
        self._ack_wait_s = ack_wait_s
        self._slots = asyncio.Semaphore(REQUESTS_UNDER_WAY)
        self._tasks: set[asyncio.Task[None]] = set()

    async def handle(self, deliveries: Sequence[Delivery]) -> None:
        """Analyse a batch and start writing it; wait only when too much is under way."""
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
        self._slots.release()
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
        try:
            for operation, failure in zip(
                operations, await write(self._engine, self._indices, operations), strict=True
            ):
                if isinstance(failure, Failure):
                    reasons |= dict.fromkeys(operation.sources, failure.reason)
            for position, delivery in enumerate(deliveries):
                if position not in reasons:
                    await delivery.settle()
            for position, reason in sorted(reasons.items()):
                await self._give_up(deliveries[position], reason)
        finally:
            keeper.cancel()
        SETTLED.labels(self._indices.generation.collection, "indexed").inc(len(deliveries) - len(reasons))

    async def _give_up(self, delivery: Delivery, reason: str) -> None:
        """Settle a delivery as a dead letter; where that cannot be stored, it alone comes again, later each time."""
        try:
            await self._dead_letters.send_to_dead_letters(delivery, reason, self._indices.generation.name)
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
        SETTLED.labels(self._indices.generation.collection, "dead").inc()

    async def _keep(self, deliveries: Sequence[Delivery]) -> None:
        """Tell the broker, while a batch is held, that it is still being worked on."""
        while True:
            await asyncio.sleep(self._ack_wait_s / 3)
            for delivery in deliveries:
                with suppress(Unavailable):
                    await delivery.extend()
