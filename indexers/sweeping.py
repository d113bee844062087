"""Ends what was noted ahead of a document, once the document itself is written and searchable."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import structlog
from opensearchpy import AsyncOpenSearch
from opensearchpy.exceptions import OpenSearchException
from prometheus_client import Gauge

from indexers.bulk import write
from indexers.noted import Stored, read_noted, read_stored, tenants_with_notes
from indexers.serving import Serving
from indexers.withdrawing import note
from mappings import directory
from search.core.errors import OfficeSearchError

log = structlog.get_logger(__name__)

NOTED = Gauge("office_search_withdrawals_noted", "Documents whose newer access lists are noted ahead of them")
# Longer than an index takes to show what was written: an entry goes the second time that it is found to be over.
EVERY_S = 1.5
# In between it looks after those tenants only of which this process has noted something.
LOOK_EVERY = 20

Entry = tuple[str, str, int]
"""(tenant, key, version)"""


class Sweep:
    """Sweeps until it is cancelled."""

    def __init__(self, engine: AsyncOpenSearch, serving: Serving) -> None:
        self._engine = engine
        self._serving = serving
        self._over: set[Entry] = set()
        self._rounds = 0
        self._tenants: set[str] = set()

    def look_after(self, tenants: Iterable[str]) -> None:
        """Sweep for these tenants from the next round on."""
        self._tenants.update(tenants)

    async def run(self) -> None:
        while True:
            try:
                await self.once()
            except (OpenSearchException, OfficeSearchError) as error:
                log.warning("what is noted could not be swept", error=str(error)[:200])
            await asyncio.sleep(EVERY_S)

    async def once(self) -> None:
        """Take out what was over in the last round already."""
        if self._rounds % LOOK_EVERY == 0:
            self._tenants |= await tenants_with_notes(self._engine)
        self._rounds += 1
        if not (tenants := frozenset(self._tenants)):
            return
        noted = await read_noted(self._engine, tenants)
        entries = [(tenant, key, one.version) for tenant, found in noted.items() for key, one in found.items()]
        NOTED.set(len(entries))
        self._tenants -= tenants - {tenant for tenant, _, _ in entries}
        places = {(tenant, *_place(key)): (tenant, key, version) for tenant, key, version in entries}
        stored = await read_stored(self._engine, places)
        over = {entry for place, entry in places.items() if place in stored and _is_over(stored[place], entry[2])}
        gone, self._over = over & self._over, over - self._over
        operations = [
            operation
            for tenant in {tenant for tenant, _, _ in gone}
            for operation in note(tenant, over={key: version for of, key, version in gone if of == tenant})
        ]
        if operations:
            await write(self._engine, await self._serving.indices(directory.NAME), operations, 0)


def _place(key: str) -> tuple[str, str]:
    vertical, _, document_id = key.partition("/")
    return vertical, document_id


def _is_over(stored: Stored | None, version: int) -> bool:
    return stored is None or stored.lists is None or stored.sequence >= version
