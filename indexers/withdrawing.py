"""The short way of what takes access away: noted, or written, before the documents themselves are analysed.

It follows the streams of all verticals beside the generations, and does with each event one of three things:

    deleted      of a document that is there: its tombstone is written
    upserted     of a document that is there with other lists, or with an entry: the lists are noted in the directory
    all else     nothing

Nothing depends on it: every event reaches its generation all the same, and versions decide. So it follows from now on
rather than from the beginning, and leaves to the generation what cannot be written at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence

import orjson
import structlog
from opensearchpy.exceptions import OpenSearchException
from prometheus_client import Counter

from indexers.bulk import write
from indexers.noted import Place, read_noted, read_stored
from indexers.portions import LARGE_BYTES
from indexers.projections import Operation, document_operation
from indexers.resources import Resources
from indexers.serving import Serving
from mappings import directory, withdrawals
from mappings.events import Change
from mappings.vertical import Vertical
from mappings.withdrawals import Withdrawal
from search.core.engine import is_overload
from search.core.errors import OfficeSearchError, RejectedEvent
from search.core.streams.port import Delivery

log = structlog.get_logger(__name__)

TAKEN = Counter("office_search_withdrawals_total", "Events that took the short way, by what was done", ["done"])
# What cannot be written at once is written by its generation, or waits there.
PATIENCE_S = 0.0
# Between attempts while the engine is away.
AWAY_S = 0.5
# Bytes that a deletion has in it, but for one that is written in an odd way and goes the long way alone.
DELETED = b'.deleted"'

# Takes over what is noted or over, keeping the higher version of every key; a full page takes nothing new.
NOTE = """
boolean changed = false;
for (entry in params.over.entrySet()) {
  def known = ctx._source[entry.getKey()];
  if (known != null && ((Number) known[0]).longValue() <= ((Number) entry.getValue()).longValue()) {
    ctx._source.remove(entry.getKey());
    changed = true;
  }
}
for (entry in params.noted.entrySet()) {
  def known = ctx._source[entry.getKey()];
  boolean fits = known == null && ctx._source.size() < params.most;
  if (fits || (known != null && ((Number) known[0]).longValue() < ((Number) entry.getValue()[0]).longValue())) {
    ctx._source[entry.getKey()] = entry.getValue();
    changed = true;
  }
}
if (!changed) { ctx.op = 'none'; }
"""


Concern = tuple[Vertical, Change, bool]
"""A change, of which vertical, and whether its text takes long to be analysed."""


class Withdrawing:
    """Takes the short way with one stream's events.

    `serving`: which indices are written to. `tell`: is told what is noted, by tenant and key.
    """

    def __init__(
        self,
        resources: Resources,
        stream: str,
        serving: Serving,
        tell: Callable[[Mapping[str, Mapping[str, Withdrawal]]], None],
    ) -> None:
        self._resources = resources
        self._tell = tell
        self._serving = serving
        self._verticals = [vertical for vertical in resources.catalogue.verticals.values() if vertical.stream == stream]
        self._entities = {name: model for vertical in self._verticals for name, model in vertical.entities.items()}

    async def handle(self, deliveries: Sequence[Delivery]) -> None:
        """Do what is to be done at once, and settle all of them, whatever came of it."""
        if changes := self._concerned(deliveries):
            await self._withdraw_once(changes)
        for delivery in deliveries:
            await delivery.settle()

    async def _withdraw_once(self, changes: Mapping[Place, Concern]) -> None:
        while True:
            try:
                await self._withdraw(changes)
                return
            except OpenSearchException as error:
                if not is_overload(error):
                    log.warning("the short way is closed", error=str(error)[:200])
                    return
                await asyncio.sleep(AWAY_S)
            except OfficeSearchError as error:
                # A generation was retired just now, say; the events are on their way to the one that serves.
                log.warning("the short way is closed", error=str(error)[:200])
                return

    def _concerned(self, deliveries: Sequence[Delivery]) -> dict[Place, Concern]:
        """Return the newest change of each document that could take something away."""
        found: dict[Place, Concern] = {}
        listed = any(not vertical.in_conversations for vertical in self._verticals)
        for delivery in deliveries:
            if not listed and DELETED not in delivery.data:
                continue
            try:
                change = self._resources.decode(delivery.data, self._entities)
            except RejectedEvent:
                continue  # becomes a dead letter on its long way
            for vertical in self._verticals:
                if change.entity not in vertical.entities or (change.state and vertical.in_conversations):
                    continue
                place = (change.tenant, vertical.name, vertical.document_id(change.entity, change.id))
                if place not in found or found[place][1].version < change.version:
                    found[place] = vertical, change, len(delivery.data) >= LARGE_BYTES
        return found

    async def _withdraw(self, changes: Mapping[Place, Concern]) -> None:
        stored = await read_stored(self._resources.engine, changes)
        with_lists = {tenant for (tenant, _, _), (_, change, _) in changes.items() if change.state}
        noted = await read_noted(self._resources.engine, with_lists)
        tombstones: dict[str, list[Operation]] = {}
        entries: dict[str, dict[str, Withdrawal]] = {}
        for place, (vertical, change, is_long) in changes.items():
            known = stored.get(place)
            tenant, _, document_id = place
            if known is None and is_long and change.state and (lists := withdrawals.lists(vertical, change.state)):
                # An earlier state may still be analysed, and be written long before this one.
                entries.setdefault(tenant, {})[withdrawals.key(vertical.name, document_id)] = Withdrawal(
                    change.version, lists
                )
            if known is None or known.lists is None or known.sequence >= change.version:
                continue
            if change.state is None:
                document = vertical.document(change.entity, None, None)
                operation = document_operation(tenant, document_id, change.version, document, ())
                tombstones.setdefault(vertical.name, []).append(operation)
                continue
            lists = withdrawals.lists(vertical, change.state)
            key = withdrawals.key(vertical.name, document_id)
            if lists is not None and (lists != known.lists or key in noted.get(tenant, {})):
                entries.setdefault(tenant, {})[key] = Withdrawal(change.version, lists)
        await self._note(entries)
        for name, operations in tombstones.items():
            TAKEN.labels("deleted").inc(len(operations))
            await self._write(name, operations)

    async def _note(self, entries: Mapping[str, Mapping[str, Withdrawal]]) -> None:
        if operations := [one for tenant, noted in entries.items() for one in note(tenant, noted)]:
            TAKEN.labels("noted").inc(sum(map(len, entries.values())))
            self._tell(entries)
            await self._write(directory.NAME, operations)

    async def _write(self, collection: str, operations: Sequence[Operation]) -> None:
        await write(self._resources.engine, await self._serving.indices(collection), operations, PATIENCE_S)


def note(
    tenant: str, noted: Mapping[str, Withdrawal] | None = None, over: Mapping[str, int] | None = None
) -> list[Operation]:
    """Return what puts entries into a tenant's pages, and takes out those whose documents are written.

    `over`: by key, the version up to which an entry is not needed any more.
    """
    found = []
    for page in withdrawals.PAGE_IDS:
        params = {
            "noted": {key: one.stored() for key, one in (noted or {}).items() if withdrawals.page(key) == page},
            "over": {key: version for key, version in (over or {}).items() if withdrawals.page(key) == page},
            "most": withdrawals.MOST_ON_A_PAGE,
        }
        if params["noted"] or params["over"]:
            script = {"lang": "painless", "source": NOTE, "params": params}
            body = orjson.dumps({"script": script, "scripted_upsert": True, "upsert": {}})
            found.append(Operation(tenant, {"update": {"_id": page, "retry_on_conflict": 20}}, body, ()))
    return found
