"""A batch of messages → documents → the engine; each message is settled once its fate is certain."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import nats.errors
import structlog
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from opensearchpy import AsyncOpenSearch
from prometheus_client import Counter

from indexers.bulk import Failure, write
from indexers.dead_letters import bury
from indexers.generations import Indices
from indexers.projections import Operation, Projection
from mappings.events import Change, decode
from search.core.errors import RejectedEvent

log = structlog.get_logger(__name__)

SETTLED = Counter("office_search_events_total", "Events settled: indexed or stale, or dead", ["collection", "outcome"])
# While the engine works on two requests, the next batch is analysed; more only takes memory.
REQUESTS_UNDER_WAY = 2


class Pipeline:
    """One consumer's way into one generation. Never raises for the sake of an event."""

    def __init__(
        self,
        projection: Projection,
        indices: Indices,
        engine: AsyncOpenSearch,
        stream: JetStreamContext,
        ack_wait_s: float,
    ) -> None:
        self._projection = projection
        self._indices = indices
        self._engine = engine
        self._stream = stream
        self._ack_wait_s = ack_wait_s
        self._slots = asyncio.Semaphore(REQUESTS_UNDER_WAY)
        self._tasks: set[asyncio.Task[None]] = set()

    async def handle(self, messages: Sequence[Msg]) -> None:
        """Analyse a batch and start writing it; waits only when too much is under way."""
        keeper = asyncio.create_task(self._keep(messages))
        try:
            operations, reasons = self._prepare(messages)
            await self._slots.acquire()
        except BaseException:
            keeper.cancel()
            raise
        task = asyncio.create_task(self._finish(messages, operations, reasons, keeper))
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

    def _prepare(self, messages: Sequence[Msg]) -> tuple[list[Operation], dict[int, str]]:
        changes: list[tuple[int, Change]] = []
        reasons: dict[int, str] = {}
        for position, message in enumerate(messages):
            try:
                changes.append((position, decode(message.data, self._projection.entities)))
            except RejectedEvent as error:
                reasons[position] = str(error)
        try:
            return self._projection.operations(changes), reasons
        except Exception:
            return self._one_by_one(changes, reasons), reasons

    def _one_by_one(self, changes: Sequence[tuple[int, Change]], reasons: dict[int, str]) -> list[Operation]:
        """A fault of ours that one event brings to light must not hold up all the others."""
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
        messages: Sequence[Msg],
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
            for position, reason in sorted(reasons.items()):
                await bury(self._stream, messages[position], reason, self._indices.generation.name)
            for message in messages:
                await message.ack()
        finally:
            keeper.cancel()
        collection = self._indices.generation.collection
        SETTLED.labels(collection, "indexed").inc(len(messages) - len(reasons))
        SETTLED.labels(collection, "dead").inc(len(reasons))

    async def _keep(self, messages: Sequence[Msg]) -> None:
        """Tell the broker, while a batch is held, that it is still being worked on."""
        while True:
            await asyncio.sleep(self._ack_wait_s / 3)
            for message in messages:
                with suppress(nats.errors.Error):
                    await message.in_progress()
