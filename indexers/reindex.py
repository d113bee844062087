"""Reindexing: one more generation, built beside the one that serves, then an alias swap."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import structlog
from faststream.nats import NatsBroker
from nats.js import JetStreamContext
from nats.js.errors import NotFoundError as ConsumerNotFound
from opensearchpy import AsyncOpenSearch

from indexers.bulk import Failure, write
from indexers.followers import Follower, ensure_consumer
from indexers.generations import COLLECTIONS, STREAMS_OF, Generation, Indices, Registry, alias
from indexers.projections import Operation, document_operation
from mappings.events import validate
from mappings.vertical import ENTITY, ORIGINAL, TOMBSTONE, Collection
from search.core import broker as streams
from search.core.errors import OfficeSearchError, RejectedEvent
from search.core.settings import Settings

log = structlog.get_logger(__name__)

PAGE = 1000
POLL_S = 0.1
COMPARE_S = 120.0


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

    def __init__(self, engine: AsyncOpenSearch, broker: NatsBroker, settings: Settings, watcher: Watcher) -> None:
        self._engine = engine
        self._broker = broker
        self._settings = settings
        self._watcher = watcher
        self._registry = Registry(engine)

    @property
    def _stream(self) -> JetStreamContext:
        return self._broker.connection.jetstream()

    async def run(self, name: str, *, restart: bool = False) -> Built:
        """Raises OfficeSearchError when a build is under way already, or the new generation is not the old one's like."""
        if name not in COLLECTIONS:
            raise OfficeSearchError(f"There is no vertical {name!r}; there are {', '.join(COLLECTIONS)}.")
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
        for subject in STREAMS_OF[generation.collection]:
            try:
                await self._stream.delete_consumer(streams.STREAMS[subject], generation.durable(subject))
            except ConsumerNotFound:
                continue
        await self._registry.change(generation, "retired")
        indices = await self._indices(generation)
        if indices:
            await self._engine.indices.delete(index=",".join(indices), params={"ignore_unavailable": "true"})

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
        """Where the new consumers begin: behind what the serving indices are known to hold."""
        positions = {}
        for subject in STREAMS_OF[old.collection]:
            progress = await streams.progress(self._stream, subject, old.durable(subject))
            if progress is None:
                raise OfficeSearchError(f"{old.name} has no consumer - run `office-search index`.")
            positions[subject] = progress.settled + 1
        return positions

    async def _build(self, old: Generation, new: Generation) -> tuple[int, list[str]]:
        for subject in STREAMS_OF[new.collection]:
            await ensure_consumer(self._stream, new, subject, float(self._settings.ack_wait_s))
        copied, rejected = await self._backfill(old, new)
        follower = Follower(self._broker, self._engine, self._registry, new, self._settings)
        await follower.start()
        try:
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
        if sources:
            await self._engine.indices.refresh(index=",".join(sources))
        total = await self._count(old)
        self._watcher.step("copy", total)
        target = Indices(self._engine, self._registry, new, self._settings)
        copied = 0
        rejected: list[str] = []
        for source in sources:
            tenant = source.removeprefix(f"{old.name}-")
            await target.ensure(tenant)
            async for hits in self._pages(source):
                operations = self._rebuilt(COLLECTIONS[new.collection], tenant, hits, rejected)
                for outcome in await write(self._engine, target, operations):
                    if isinstance(outcome, Failure):
                        rejected.append(outcome.reason)
                copied += len(hits)
                self._watcher.advance(len(hits))
        return copied, rejected

    async def _pages(self, index: str) -> AsyncIterator[list[dict[str, Any]]]:
        """All documents of an index as they were at one moment, with their versions."""
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
        for hit in hits:
            source = hit["_source"]
            try:
                document = source if source.get("tombstone") else _document(collection, source)
            except RejectedEvent as error:
                rejected.append(f"{hit['_id']}: {error}")
                document = {**TOMBSTONE, **({ENTITY: source[ENTITY]} if ENTITY in source else {})}
            operations.append(document_operation(tenant, hit["_id"], hit["_version"], document, ()))
        return operations

    # Following, comparing, swapping

    async def _ends(self, generation: Generation) -> Mapping[str, int]:
        return {
            subject: await streams.last_sequence(self._stream, subject) for subject in STREAMS_OF[generation.collection]
        }

    async def _reach(self, generation: Generation, ends: Mapping[str, int]) -> None:
        """Wait until everything up to these stream positions is in the generation's indices."""

        async def reached() -> bool:
            for subject, end in ends.items():
                progress = await streams.progress(self._stream, subject, generation.durable(subject))
                if progress is None:
                    raise OfficeSearchError(f"The consumer of {generation.name} was deleted while it was built.")
                if progress.lag and progress.settled < end:
                    return False
            return True

        await _until(reached)

    async def _compare(self, old: Generation, new: Generation, rejected: int) -> None:
        """The new count must lie between the old one's before and after it, as events flow meanwhile.

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
        """Every tenant's alias onto this generation, all at once."""
        actions: list[dict[str, Any]] = []
        for index in await self._indices(generation):
            name = alias(generation.collection, index.removeprefix(f"{generation.name}-"))
            actions.append({"remove": {"index": f"{generation.collection}-*", "alias": name, "must_exist": False}})
            actions.append({"add": {"index": index, "alias": name}})
        if actions:
            await self._engine.indices.update_aliases(body={"actions": actions})

    async def _indices(self, generation: Generation) -> list[str]:
        found = await self._engine.indices.get(index=f"{generation.name}-*", params={"allow_no_indices": "true"})
        return sorted(found)

    async def _count(self, generation: Generation) -> int:
        if indices := await self._indices(generation):
            await self._engine.indices.refresh(index=",".join(indices))
            return int((await self._engine.count(index=",".join(indices)))["count"])
        return 0


def _document(collection: Collection, source: Mapping[str, Any]) -> Mapping[str, Any]:
    entity, original = collection.entity_of(source), source[ORIGINAL]
    return collection.document(entity, validate(collection.entities[entity], original), original)


async def _until(condition: Callable[[], Awaitable[bool]]) -> None:
    deadline = time.monotonic() + COMPARE_S
    while not await condition():
        if time.monotonic() > deadline:
            raise OfficeSearchError(
                f"The new generation did not catch up within {COMPARE_S:.0f} s; do the indexers run, and does the engine keep up?"
            )
        await asyncio.sleep(POLL_S)
