"""Copies the stored originals of one generation into the next, analysed anew."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any

from analyzers import Segmenter
from indexers.bulk import Failure, write
from indexers.generations import Generation
from indexers.indices import Indices
from indexers.projections import Operation, document_operation
from indexers.resources import Resources
from mappings.collection import ENTITY, ORIGINAL, TOMBSTONE, Collection
from mappings.events import validate
from search.core.errors import RejectedEvent

PAGE = 1000


class Copy:
    """A copy under way. `rejected`: why documents are not copied, whose original no longer passes the contract."""

    def __init__(self, resources: Resources, old: Generation, new: Generation) -> None:
        self._resources = resources
        self._engine = resources.engine
        self._old = old
        self._collection = resources.catalogue.collections[new.collection]
        self._target = Indices(self._engine, resources.registry, new, resources.settings.indices, resources.lexicons)
        self.copied = 0
        self.rejected: list[str] = []

    async def run(self, indices: Iterable[str]) -> AsyncIterator[int]:
        """Copy these indices of the old generation; yield the number of documents of each page that is done."""
        for index in indices:
            tenant = index.removeprefix(f"{self._old.name}-")
            await self._target.ensure(tenant)
            async for hits in self._pages(index):
                for outcome in await write(self._engine, self._target, self._rebuilt(tenant, hits)):
                    if isinstance(outcome, Failure):
                        self.rejected.append(outcome.reason)
                self.copied += len(hits)
                yield len(hits)

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

    def _rebuilt(self, tenant: str, hits: Sequence[Mapping[str, Any]]) -> list[Operation]:
        operations = []
        segmenter = self._resources.lexicons.of(tenant).segmenter
        for hit in hits:
            source = hit["_source"]
            try:
                document = source if source.get("tombstone") else _document(self._collection, source, segmenter)
            except RejectedEvent as error:
                self.rejected.append(f"{hit['_id']}: {error}")
                document = {**TOMBSTONE, **({ENTITY: source[ENTITY]} if ENTITY in source else {})}
            operations.append(document_operation(tenant, hit["_id"], hit["_version"], document, ()))
        return operations


def _document(collection: Collection, source: Mapping[str, Any], segmenter: Segmenter | None) -> Mapping[str, Any]:
    entity, original = collection.entity_of(source), source[ORIGINAL]
    return collection.document(entity, validate(collection.entities[entity], original), original, segmenter)
