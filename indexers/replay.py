"""One tenant's events, read from the beginning of the streams, into an index that nobody is led to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from indexers.builder import Watcher
from indexers.bulk import Failure, write
from indexers.followers import projection
from indexers.generations import Generation
from indexers.indices import IndexLost, Indices
from indexers.projections import Operation, Projection
from indexers.resources import Resources
from mappings.events import Change
from search.core.errors import RejectedEvent
from search.core.streams.port import Delivery, Subscription


class Beside(Indices):
    """The index of one tenant that is filled beside a generation: made once; made anew, it would lack what it held."""

    async def make(self, tenant: str, of: Generation) -> None:
        """Make the index, to be the tenant's in the generation `of`."""
        self._of = of
        await self._create(tenant, self.generation.index(tenant))

    async def ensure(self, tenant: str) -> None:
        index = self.generation.index(tenant)
        if not await self._engine.indices.exists(index=index):
            raise IndexLost(f"{index} is gone while it was being filled; nobody was led to it.")

    def _body(self, tenant: str) -> dict[str, Any]:
        body = super()._body(tenant)
        body["mappings"]["_meta"]["generation"] = self._of.name
        return body


class Replay:
    """Follows the streams of a generation that is recorded nowhere, from their first events, for one tenant alone.

    `rejected`: why the engine does not take some of them. What breaks the contract is passed over in silence: it
    lies among the dead letters since it first came.
    """

    def __init__(
        self, resources: Resources, generation: Generation, indices: Indices, tenant: str, watcher: Watcher
    ) -> None:
        self._resources = resources
        self._generation = generation
        self._indices = indices
        self._tenant = tenant
        self._watcher = watcher
        self._running: list[Subscription] = []
        self._error: Exception | None = None
        self.rejected: list[str] = []

    async def start(self) -> None:
        broker, indexing = self._resources.broker, self._resources.settings.indexing
        for stream in self._generation.streams:
            durable = self._generation.durable(stream)
            await broker.ensure_consumer(stream, durable, 0, float(indexing.ack_wait_s))
            made = projection(self._generation.collection, stream, self._resources)

            async def handle(deliveries: Sequence[Delivery], made: Projection = made) -> None:
                await self._handle(made, deliveries)

            self._running.append(await broker.follow(stream, durable, indexing.batch_size, handle))

    async def stop(self) -> None:
        for subscription in self._running:
            await subscription.stop()
        self._running.clear()

    def check(self) -> None:
        """Raise what ended it, if anything has."""
        if self._error:
            raise self._error

    async def _handle(self, made: Projection, deliveries: Sequence[Delivery]) -> None:
        """Write what a batch says of the tenant, and settle it. What fails is not settled, and ends the replay."""
        if self._error:
            return
        try:
            operations = self._operations(made, [one.data for one in deliveries])
            for outcome in await write(self._resources.engine, self._indices, operations):
                if isinstance(outcome, Failure):
                    self.rejected.append(outcome.reason)
            for delivery in deliveries:
                await delivery.settle()
            self._watcher.advance(len(deliveries))
        except Exception as error:
            self._error = error

    def _operations(self, made: Projection, events: Sequence[bytes]) -> list[Operation]:
        changes = [(at, change) for at, event in enumerate(events) if (change := self._change(made, event))]
        try:
            return made.operations(changes)
        except Exception:
            return self._one_by_one(made, changes)

    def _one_by_one(self, made: Projection, changes: Sequence[tuple[int, Change]]) -> list[Operation]:
        operations: list[Operation] = []
        for position, change in changes:
            try:
                operations += made.operations([(position, change)])
            except Exception as error:
                self.rejected.append(f"{change.entity} {change.id}: {error}")
        return operations

    def _change(self, made: Projection, event: bytes) -> Change | None:
        """Return what an event says of the tenant; None for others' events, which are not even checked."""
        try:
            said = orjson.loads(event)
            if not isinstance(said, dict) or said.get("tenant") != self._tenant:
                return None
            return self._resources.decode(event, made.entities)
        except (orjson.JSONDecodeError, RejectedEvent):
            return None
