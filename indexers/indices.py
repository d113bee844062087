"""The concrete indices of a generation: one per tenant, made when the tenant is first seen."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from opensearchpy import AsyncOpenSearch
from opensearchpy.exceptions import ConflictError

from analyzers import Lexicons
from indexers.generations import Generation, Registry, State, alias, create_index
from mappings import directory
from search.core.errors import OfficeSearchError, Unavailable
from search.core.settings import IndicesSettings


class IndexLost(Unavailable):
    """An index that was there is gone; what it held must not look as if it had never been."""


class Indices:
    """The concrete indices of one generation, made when their tenant is first seen."""

    def __init__(
        self,
        engine: AsyncOpenSearch,
        registry: Registry,
        generation: Generation,
        settings: IndicesSettings,
        lexicons: Lexicons,
    ) -> None:
        self._engine = engine
        self._registry = registry
        self._settings = settings
        self._lexicons = lexicons
        self._known: set[str] = set()
        self.generation = generation

    async def ensure(self, tenant: str) -> None:
        """Make a tenant's index, unless it is there.

        Raises IndexLost when the record says that it was there, OfficeSearchError for a retired generation.
        """
        if tenant in self._known:
            return
        index = self.generation.index(tenant)
        await self._refuse_retired()
        if await self._was_there(tenant):
            if not await self._engine.indices.exists(index=index):
                again = f"office-search rebuild {self.generation.collection} --tenant {tenant}"
                raise IndexLost(f"{index} is lost - run `{again}`.")
        else:
            await self._make(tenant, index)
        self._known.add(tenant)

    async def _was_there(self, tenant: str) -> bool:
        found = await self._registry.tenants.of([self.generation.name])
        return tenant in found.get(self.generation.name, ())

    async def _make(self, tenant: str, index: str) -> None:
        """Make the index, lead readers to it if its generation serves, and record it; in this order.

        What is cut off in between is done once more; nothing is written to an index that is not recorded.
        """
        await self._create(tenant, index)
        try:
            state = await self._refuse_retired()
        except OfficeSearchError:
            # Retired just now, and its indices deleted before this one was there.
            await self._engine.indices.delete(index=index, params={"ignore_unavailable": "true"})
            raise
        if state == "serving":
            await self._engine.indices.put_alias(index=index, name=alias(self.generation.collection, tenant))
        await self._registry.tenants.add(self.generation.name, tenant)

    async def _create(self, tenant: str, index: str) -> None:
        await create_index(self._engine, index, self._body(tenant))
        if self.generation.collection == directory.NAME:
            await self._mark(index)

    async def _refuse_retired(self) -> State:
        state = await self._registry.state(self.generation)
        if state == "retired":
            raise OfficeSearchError(f"{self.generation.name} was retired; nothing more is written to it.")
        return state

    def knows(self, tenant: str) -> bool:
        """Return whether the index is there, as far as this process has seen."""
        return tenant in self._known

    def forget(self, tenant: str) -> None:
        """Look again before the next write: the engine says that the index is not there."""
        self._known.discard(tenant)

    async def _mark(self, index: str) -> None:
        incarnation = {"id": uuid4().hex}
        try:
            await self._engine.create(index=index, id=directory.INCARNATION, body=incarnation)
        except ConflictError:
            return

    def _body(self, tenant: str) -> dict[str, Any]:
        collection = self._registry.catalogue.collections.get(self.generation.collection)
        mapping = collection.mapping() if collection else dict(directory.MAPPING)
        meta = {
            "generation": self.generation.name,
            "analysis_version": self.generation.analysis_version,
            "words": self._lexicons.of(tenant).digest,
        }
        settings = {
            "number_of_shards": self._settings.shards,
            "number_of_replicas": self._settings.replicas,
            "refresh_interval": self._settings.refresh_interval,
        }
        return {"settings": {"index": settings}, "mappings": {**mapping, "_meta": meta}}
