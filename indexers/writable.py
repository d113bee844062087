"""Which tenants of a generation can be written now; the others' events wait a moment for their index, or go aside."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import structlog
from opensearchpy import AsyncOpenSearch
from opensearchpy.exceptions import OpenSearchException

from indexers.aside import Aside
from indexers.indices import IndexLost, Indices
from indexers.projections import Operation
from indexers.refusals import is_of_tenant
from search.core.streams.port import Delivery

log = structlog.get_logger(__name__)

# So long a batch's events wait for the index of a new tenant; no position of the stream gets past them meanwhile.
PATIENCE_S = 3.0
# So long nobody else tries to make an index after the engine did not answer.
AWAY_S = 5.0
# What may wait so in all, before events go aside at once.
MOST_WAITING_BYTES = 64 * 1024 * 1024


@dataclass
class Apart:
    """A tenant's part of a batch that cannot be written with the rest; `reason`: why not, where that is known."""

    operations: list[Operation] = field(default_factory=list)
    positions: set[int] = field(default_factory=set)
    reason: str | None = None

    def add(self, operation: Operation, reason: str | None = None) -> None:
        self.operations.append(operation)
        self.positions.update(operation.sources)
        self.reason = self.reason or reason


class Writable:
    """Makes indices beside the batches that need none, one at a time, and remembers who is in trouble."""

    def __init__(self, engine: AsyncOpenSearch, indices: Indices) -> None:
        self.aside = Aside(engine, indices.generation.name)
        self.in_trouble: dict[str, str] = {}
        self._indices = indices
        self._opening: dict[str, asyncio.Task[str | None]] = {}
        self._turn = asyncio.Semaphore(1)
        self._waiting_bytes = 0
        self._away_until = 0.0

    def is_ready(self, tenant: str) -> bool:
        return self._indices.knows(tenant) and tenant not in self.in_trouble

    async def open(self, tenant: str, waiting: Sequence[Delivery]) -> str | None:
        """Wait a moment for a tenant's index; return why its events should go aside, None when it can be written."""
        if tenant in self.in_trouble or self._indices.knows(tenant):
            return self.in_trouble.get(tenant)
        if time.monotonic() < self._away_until:
            return None
        size = sum(len(one.data) for one in waiting)
        if self._waiting_bytes + size > MOST_WAITING_BYTES:
            return "many new tenants at once"
        self._waiting_bytes += size
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await asyncio.shield(self._open(tenant))
        except OpenSearchException:
            # The whole engine is in trouble: writing waits until it is over, and later batches ask nothing meanwhile.
            self._away_until = time.monotonic() + AWAY_S
            return None
        except TimeoutError:
            return "its index is being made"
        finally:
            self._waiting_bytes -= size

    async def put(self, tenant: str, deliveries: Iterable[Delivery], reason: str) -> None:
        """Set a tenant's events aside; what comes after them goes there too, until they are written.

        Raises Unavailable when they cannot be kept.
        """
        if tenant not in self.in_trouble:
            log.warning(
                "tenant set aside", generation=self._indices.generation.name, tenant=tenant, because=reason[:300]
            )
        # Not afterwards: the trouble may be over by then, and what is still on its way here would begin it anew.
        self.in_trouble[tenant] = reason
        await self.aside.put(tenant, ((one.stream, one.position, one.data) for one in deliveries), reason)

    async def make(self, tenant: str) -> str | None:
        """Make a tenant's index, unless it is there; return why that cannot be, None when it is done.

        Raises OpenSearchException when that is nothing of this tenant's: the engine is away, or full.
        """
        async with self._turn:
            try:
                await self._indices.ensure(tenant)
            except IndexLost as error:
                return str(error)
            except OpenSearchException as error:
                if not is_of_tenant(error):
                    raise
                return str(error)[:500]
        return None

    def close(self) -> None:
        for task in self._opening.values():
            task.cancel()

    def _open(self, tenant: str) -> asyncio.Task[str | None]:
        if tenant not in self._opening:
            task = self._opening[tenant] = asyncio.create_task(self.make(tenant))
            task.add_done_callback(lambda _: self._opening.pop(tenant, None))
        return self._opening[tenant]
