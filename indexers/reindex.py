"""Reindexing: one more generation, built beside the one that serves, then an alias swap."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import structlog

from analyzers import Segmenter
from indexers.aside import Aside
from indexers.bulk import Failure, write
from indexers.followers import Follower, delete_consumers, ensure_consumer
from indexers.generations import Generation, Indices, alias
from indexers.projections import Operation, document_operation
from indexers.resources import Resources
from mappings.collection import ENTITY, ORIGINAL, TOMBSTONE, Collection
from mappings.events import validate
from search.core.errors import OfficeSearchError, RejectedEvent
from search.core.streams.port import Progress

log = structlog.get_logger(__name__)

PAGE = 1000
POLL_S = 0.1
STALLED_S = 120.0
# The engine takes a request line of 4 KiB; a name may have 60 characters.
NAMES = 50


class Watcher(Protocol):
    """Who is told how a build goes on; the command line draws it."""

    def step(self, name: str, total: int | None = None) -> None: ...

    def advance(self, documents: int) -> None: ...


@dataclass(frozen=True)
class Built:
    """What a reindex has done. `rejected`: documents whose stored original no longer passes the contract."""

    generation: str
    retired: str
    documents: int
    rejected: Sequence[str]


class Reindex:
    """Builds the next generation of one collection from the serving one's stored originals."""

    def __init__(self, resources: Resources, watcher: Watcher) -> None:
        self._resources = resources
        self._engine = resources.engine
        self._broker = resources.broker
        self._registry = resources.registry
        self._watcher = watcher

    async def run(self, name: str, *, restart: bool = False) -> Built:
        """Build, compare and swap. Raise OfficeSearchError when a build is under way, or new and old differ."""
        if name not in (known := self._resources.catalogue.collections):
            raise OfficeSearchError(f"There is no vertical {name!r}; there are {', '.join(known)}.")
        await self._refuse_second(name, restart=restart)
        old = await self._registry.serving(name)
        new = await self._registry.create(name, await self._positions(old))
        try:
            documents, rejected = await self._build(old, new)
        except BaseException:
            # An unfinished generation serves nobody; without this it would be followed for ever.
            await asyncio.shield(self.discard(new))
            raise
        await self._swap(old, new)
        return Built(new.name, old.name, documents, rejected)

    async def discard(self, generation: Generation) -> None:
        """Remove a generation: its consumers first, so that nothing is written after its indices are gone."""
        await delete_consumers(self._broker, generation)
        await self._registry.change(generation, "retired")
        indices = await self._indices(generation)
        for start in range(0, len(indices), NAMES):
            names = ",".join(indices[start : start + NAMES])
            await self._engine.indices.delete(index=names, params={"ignore_unavailable": "true"})

    async def _refuse_second(self, name: str, *, restart: bool) -> None:
        for generation in await self._registry.all():
            if generation.collection == name and generation.state == "building":
                if not restart:
                    raise OfficeSearchError(
                        f"{generation.name} is being built already. If that build was cut off, run "
                        f"`office-search reindex {name} --restart`."
                    )
                await self.discard(generation)

    async def _positions(self, old: Generation) -> Mapping[str, int]:
        """Return where the new consumers begin: behind what the serving indices are known to hold."""
        aside = Aside(self._engine, old.name)
        return {one: await aside.start(one, (await self._progress(old, one)).settled) for one in old.streams}

    async def _build(self, old: Generation, new: Generation) -> tuple[int, list[str]]:
        for stream in new.streams:
            await ensure_consumer(self._broker, new, stream, float(self._resources.settings.indexing.ack_wait_s))
        copied, rejected = await self._backfill(old, new)
        follower = Follower(self._resources, new)
        try:
            await follower.start()
            self._watcher.step("follow the stream")
            await self._reach(new, await self._ends(new))
            self._watcher.step("compare counts")
            await self._compare(old, new, len(rejected))
        finally:
            await follower.stop()
        return copied, rejected

    # Backfill

    async def _backfill(self, old: Generation, new: Generation) -> tuple[int, list[str]]:
        sources = await self._indices(old)
        total = await self._count(old)
        self._watcher.step("copy", total)
        target = Indices(self._engine, self._registry, new, self._resources.settings.indices, self._resources.lexicons)
        collection = self._resources.catalogue.collections[new.collection]
        copied = 0
        rejected: list[str] = []
        for source in sources:
            tenant = source.removeprefix(f"{old.name}-")
            await target.ensure(tenant)
            async for hits in self._pages(source):
                operations = self._rebuilt(collection, tenant, hits, rejected)
                for outcome in await write(self._engine, target, operations):
                    if isinstance(outcome, Failure):
                        rejected.append(outcome.reason)
                copied += len(hits)
                self._watcher.advance(len(hits))
        return copied, rejected

    async def _pages(self, index: str) -> AsyncIterator[list[dict[str, Any]]]:
        """Yield all documents of an index as they were at one moment, with their versions, page by page."""
        pit = (await self._engine.create_pit(index=index, params={"keep_alive": "5m"}))["pit_id"]
        body: dict[str, Any] = {
            "size": PAGE,
            "sort": [{"_shard_doc": "asc"}],
            "version": True,
            "track_total_hits": False,
            "_source": [ORIGINAL, ENTITY, "tombstone"],
            "pit": {"id": pit, "keep_alive": "5m"},
        }
        try:
            while hits := (await self._engine.search(body=body))["hits"]["hits"]:
                yield hits
                body["search_after"] = hits[-1]["sort"]
        finally:
            await self._engine.delete_pit(body={"pit_id": [pit]})

    def _rebuilt(
        self, collection: Collection, tenant: str, hits: Sequence[Mapping[str, Any]], rejected: list[str]
    ) -> list[Operation]:
        operations = []
        segmenter = self._resources.lexicons.of(tenant).segmenter
        for hit in hits:
            source = hit["_source"]
            try:
                document = source if source.get("tombstone") else _document(collection, source, segmenter)
            except RejectedEvent as error:
                rejected.append(f"{hit['_id']}: {error}")
                document = {**TOMBSTONE, **({ENTITY: source[ENTITY]} if ENTITY in source else {})}
            operations.append(document_operation(tenant, hit["_id"], hit["_version"], document, ()))
        return operations

    # Following, comparing, swapping

    async def _ends(self, generation: Generation) -> Mapping[str, int]:
        return {stream: await self._broker.end(stream) for stream in generation.streams}

    async def _reach(self, generation: Generation, ends: Mapping[str, int]) -> None:
        """Wait until everything up to these stream positions is in the generation's indices."""
        known: list[int] = []
        moved = time.monotonic()
        while True:
            found = [await self._progress(generation, stream) for stream in ends]
            if all(not one.lag or one.settled >= end for one, end in zip(found, ends.values(), strict=True)):
                return
            if (settled := [one.settled for one in found]) != known:
                known, moved = settled, time.monotonic()
            elif time.monotonic() - moved > STALLED_S:
                raise OfficeSearchError(
                    f"{generation.name} has not come further for {STALLED_S:.0f} s; "
                    "do the indexers run, and does the engine keep up?"
                )
            await asyncio.sleep(POLL_S)

    async def _progress(self, generation: Generation, stream: str) -> Progress:
        found = await self._broker.progress(stream, generation.durable(stream))
        if found is None:
            raise OfficeSearchError(f"{generation.name} has no consumer - run `office-search index`.")
        return found

    async def _compare(self, old: Generation, new: Generation, rejected: int) -> None:
        """Check that the new count lies between the old one's before and after it, as events flow meanwhile.

        Documents never go away (a delete is a tombstone), so each bound holds whatever comes in between.
        """
        before = await self._count(old)
        await self._reach(new, await self._ends(new))
        count = await self._count(new)
        await self._reach(old, await self._ends(old))
        after = await self._count(old)
        if not before <= count <= after:
            raise OfficeSearchError(
                f"{new.name} holds {count} documents, {old.name} {before} to {after}; {rejected} were rejected. "
                "The old one goes on serving and the new one was removed."
            )

    async def _swap(self, old: Generation, new: Generation) -> None:
        self._watcher.step("swap")
        new = await self._registry.change(new, "serving")
        await self._point(new)
        await self.discard(old)
        # A tenant first seen in between may have had its alias on the index that has just gone.
        await self._point(new)

    async def _point(self, generation: Generation) -> None:
        """Point every tenant's alias at this generation, all at once."""
        actions: list[dict[str, Any]] = []
        for index in await self._indices(generation):
            name = alias(generation.collection, index.removeprefix(f"{generation.name}-"))
            actions.append({"remove": {"index": f"{generation.collection}-*", "alias": name, "must_exist": False}})
            actions.append({"add": {"index": index, "alias": name}})
        if actions:
            await self._engine.indices.update_aliases(body={"actions": actions})

    async def _indices(self, generation: Generation) -> list[str]:
        found = await self._engine.indices.get(index=_every_index(generation), params={"allow_no_indices": "true"})
        return sorted(found)

    async def _count(self, generation: Generation) -> int:
        """Return how many documents are searchable after a refresh."""
        await self._engine.indices.refresh(index=_every_index(generation))
        return int((await self._engine.count(index=_every_index(generation)))["count"])


def _every_index(generation: Generation) -> str:
    return f"{generation.name}-*"


def _document(collection: Collection, source: Mapping[str, Any], segmenter: Segmenter | None) -> Mapping[str, Any]:
    entity, original = collection.entity_of(source), source[ORIGINAL]
    return collection.document(entity, validate(collection.entities[entity], original), original, segmenter)
