"""Generations: which concrete indices a collection is written to, and which of them serve."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import uuid4

from opensearchpy import AsyncOpenSearch
from opensearchpy.exceptions import ConflictError, NotFoundError, OpenSearchException, RequestError

from analyzers import ANALYSIS_VERSION, Lexicons
from mappings import directory
from mappings.catalogue import Catalogue
from search.core.engine import is_overload
from search.core.errors import OfficeSearchError, Unavailable
from search.core.settings import IndicesSettings

State = Literal["building", "serving", "retired"]
REGISTRY = "generations"


@dataclass(frozen=True)
class Generation:
    """One build of a collection.

    `starts`: the stream position from which each of its consumers follows. `streams`: those that make it up, with a
    consumer each; not kept in the registry, as the catalogue says it.
    """

    collection: str
    number: int
    state: State
    starts: Mapping[str, int]
    analysis_version: str
    created_at: str
    streams: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.collection}-{self.number:06d}"

    def index(self, tenant: str) -> str:
        return f"{self.name}-{tenant}"

    def durable(self, stream: str) -> str:
        """Return the name of the consumer that follows one of its streams."""
        return self.name if len(self.streams) == 1 else f"{self.name}-{stream.rpartition('.')[2]}"


def alias(collection: str, tenant: str) -> str:
    """Return the name that readers ask: the tenant's index of the generation that serves."""
    return f"{collection}.{tenant}"


class Registry:
    """The record of all generations, kept in the engine beside the indices that it speaks of."""

    def __init__(self, engine: AsyncOpenSearch, catalogue: Catalogue) -> None:
        self._engine = engine
        self.catalogue = catalogue

    async def prepare(self) -> None:
        """Make the registry itself, and a first generation of every collection that has none."""
        settings = {"number_of_shards": 1, "auto_expand_replicas": "0-1"}
        await _create(self._engine, REGISTRY, {"settings": {"index": settings}, "mappings": {"dynamic": False}})
        known = {generation.collection for generation in await self.all()}
        for collection in self.catalogue.made:
            if collection not in known:
                await self._first(collection)

    async def _first(self, collection: str) -> None:
        try:
            await self._put(self._new(collection, 1, "serving", {}), create=True)
        except ConflictError:
            return  # another indexer, started at the same time, was first

    async def all(self) -> list[Generation]:
        """Return those that the catalogue knows, oldest first. Raise OfficeSearchError when no indexer has ever run."""
        try:
            answer = await self._engine.search(index=REGISTRY, body={"size": 1000, "query": {"match_all": {}}})
        except NotFoundError:
            raise OfficeSearchError("There is no index yet - run `office-search index`.") from None
        except OpenSearchException as error:
            if not is_overload(error):
                raise
            raise Unavailable("OpenSearch does not answer yet; is it up? Try `office-search status`.") from error
        found = [
            Generation(**hit["_source"], streams=self.catalogue.streams_of(hit["_source"]["collection"]))
            for hit in answer["hits"]["hits"]
            if hit["_source"]["collection"] in self.catalogue.made
        ]
        return sorted(found, key=lambda generation: (generation.collection, generation.number))

    async def serving(self, collection: str) -> Generation:
        for generation in await self.all():
            if generation.collection == collection and generation.state == "serving":
                return generation
        raise OfficeSearchError(f"No generation of {collection} serves - run `office-search index`.")

    async def create(self, collection: str, starts: Mapping[str, int]) -> Generation:
        """Make the next generation of a collection, still building. Raise ConflictError when another is being built."""
        numbers = [g.number for g in await self.all() if g.collection == collection]
        generation = self._new(collection, max(numbers, default=0) + 1, "building", starts)
        await self._put(generation, create=True)
        return generation

    async def change(self, generation: Generation, state: State) -> Generation:
        changed = replace(generation, state=state)
        await self._put(changed)
        return changed

    async def state(self, generation: Generation) -> State:
        """Read in real time, whatever the caller last knew."""
        document = await self._engine.get(index=REGISTRY, id=generation.name)
        state: State = document["_source"]["state"]
        return state

    async def _put(self, generation: Generation, *, create: bool = False) -> None:
        params = {"refresh": "true", **({"op_type": "create"} if create else {})}
        body = {name: value for name, value in asdict(generation).items() if name != "streams"}
        await self._engine.index(index=REGISTRY, id=generation.name, body=body, params=params)

    def _new(self, collection: str, number: int, state: State, starts: Mapping[str, int]) -> Generation:
        made_at, streams = datetime.now(UTC).isoformat(), self.catalogue.streams_of(collection)
        return Generation(collection, number, state, starts, ANALYSIS_VERSION, made_at, streams)


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
        if tenant in self._known:
            return
        index = self.generation.index(tenant)
        await self._refuse_retired()
        await _create(self._engine, index, self._body(tenant))
        if self.generation.collection == directory.NAME:
            await self._mark(index)
        try:
            state = await self._refuse_retired()
        except OfficeSearchError:
            # Retired just now, and its indices deleted before this one was there.
            await self._engine.indices.delete(index=index, params={"ignore_unavailable": "true"})
            raise
        if state == "serving":
            await self._engine.indices.put_alias(index=index, name=alias(self.generation.collection, tenant))
        self._known.add(tenant)

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


async def _create(engine: AsyncOpenSearch, index: str, body: Mapping[str, Any]) -> None:
    """Make an index, unless it is there already."""
    try:
        await engine.indices.create(index=index, body=body)
    except RequestError as error:
        if error.error != "resource_already_exists_exception":
            raise
