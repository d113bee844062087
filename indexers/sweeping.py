"""Ends what was noted ahead of a document, once the document itself is written and searchable."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Set

import structlog
from opensearchpy import AsyncOpenSearch
from opensearchpy.exceptions import OpenSearchException
from prometheus_client import Gauge

from indexers.bulk import write
from indexers.noted import Stored, read_noted, read_stored, tenants_with_notes
from indexers.projections import Operation
from indexers.serving import Serving
from indexers.withdrawing import note
from mappings import directory, withdrawals
from mappings.withdrawals import Withdrawal
from search.core.errors import OfficeSearchError

log = structlog.get_logger(__name__)

NOTED = Gauge("office_search_withdrawals_noted", "Documents whose newer access lists are noted ahead of them")
# Longer than an index takes to show what was written: an entry goes the second time that it is found to be over.
EVERY_S = 1.5
# In between it looks after those tenants only of which this process has noted something.
LOOK_EVERY = 20

# After so long a document that has never come is taken for a dead letter.
ABSENT_S = 3600.0

# Of a tenant's entries; as many as there is room for.
MOST_OF_A_TENANT = withdrawals.PAGES * withdrawals.MOST_ON_A_PAGE

Entry = tuple[str, str, int]
"""(tenant, key, version)"""


class Sweep:
    """Sweeps until it is cancelled."""

    def __init__(self, engine: AsyncOpenSearch, serving: Serving) -> None:
        self._engine = engine
        self._serving = serving
        self._over: set[Entry] = set()
        self._absent: dict[Entry, float] = {}
        self._rounds = 0
        self._known: dict[str, dict[str, Withdrawal]] = {}

    def look_after(self, noted: Mapping[str, Mapping[str, Withdrawal]]) -> None:
        """Sweep for these entries, by tenant and key, from the next round on."""
        for tenant, entries in noted.items():
            mine = self._known.setdefault(tenant, {})
            for key, one in entries.items():
                known = mine.get(key)
                if (known.version < one.version) if known else (len(mine) < MOST_OF_A_TENANT):
                    mine[key] = one

    async def run(self) -> None:
        while True:
            try:
                await self.once()
            except (OpenSearchException, OfficeSearchError) as error:
                log.warning("what is noted could not be swept", error=str(error)[:200])
            await asyncio.sleep(EVERY_S)

    async def once(self) -> None:
        """Take out what was over in the last round already, and note again what is lacking.

        It is lacking where another generation of the directory serves by now, or where there was no room before.
        """
        tenants = set(self._known)
        if self._rounds % LOOK_EVERY == 0:
            tenants |= await tenants_with_notes(self._engine)
        self._rounds += 1
        noted = await read_noted(self._engine, tenants)
        self.look_after(noted)
        NOTED.set(sum(map(len, noted.values())))
        places = {
            (t, *withdrawals.place(key)): (t, key, one.version)
            for t, of in self._known.items()
            for key, one in of.items()
        }
        stored = await read_stored(self._engine, places)
        over = {entry for place, entry in places.items() if place in stored and self._is_over(stored[place], entry)}
        self._absent = {entry: since for entry, since in self._absent.items() if entry in places.values()}
        gone, self._over = over & self._over, over - self._over
        if operations := self._put_right(noted, over, gone):
            await write(self._engine, await self._serving.indices(directory.NAME), operations, 0)

    def _is_over(self, stored: Stored | None, entry: Entry) -> bool:
        """Return whether an entry is needed no more: its document is as new, or deleted, or has never come for long."""
        if stored is None:
            return time.monotonic() - self._absent.setdefault(entry, time.monotonic()) > ABSENT_S
        return stored.lists is None or stored.sequence >= entry[2]

    def _put_right(
        self, noted: Mapping[str, Mapping[str, Withdrawal]], over: Set[Entry], gone: Set[Entry]
    ) -> list[Operation]:
        operations: list[Operation] = []
        for tenant, mine in list(self._known.items()):
            there = noted.get(tenant, {})
            lacking = {
                key: one
                for key, one in mine.items()
                if (tenant, key, one.version) not in over and (key not in there or there[key].version < one.version)
            }
            out = {key: one.version for key, one in mine.items() if (tenant, key, one.version) in gone}
            operations += note(tenant, lacking, out)
            for key in out:
                del mine[key]
            if not mine:
                del self._known[tenant]
        return operations
