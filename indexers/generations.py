"""Generations: which concrete indices a collection is written to, and which of them serve."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

from opensearchpy import AsyncOpenSearch
from opensearchpy.exceptions import ConflictError, NotFoundError, OpenSearchException, RequestError

from analyzers import ANALYSIS_VERSION
from indexers import tenants
from indexers.decisions import REGISTRY, Decision, Decisions, decision_id
from indexers.tenants import Tenants
from mappings.catalogue import Catalogue
from search.core.engine import is_overload
from search.core.errors import OfficeSearchError, Unavailable

State = Literal["building", "serving", "outlived", "retired"]
"""`outlived`: a newer one serves, and this one is followed until no alias leads to it. It is never recorded."""


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
        self.decisions = Decisions(engine)
        self.tenants = Tenants(engine)
        self.catalogue = catalogue

    async def prepare(self) -> None:
        """Make the registry itself, a first generation of every collection that has none, and the first decisions."""
        settings = {"number_of_shards": 1, "auto_expand_replicas": "0-1"}
        await create_index(self._engine, REGISTRY, {"settings": {"index": settings}, "mappings": {"dynamic": False}})
        await create_index(self._engine, tenants.INDEX, tenants.BODY)
        known = {generation.collection for generation in await self.recorded()}
        for collection in self.catalogue.made:
            if collection not in known:
                await self._first(collection)
        await self.decide_first()

    async def _first(self, collection: str) -> None:
        try:
            await self._put(self._new(collection, 1, "serving", {}), create=True)
        except ConflictError:
            return  # another indexer, started at the same time, was first

    async def decide_first(self) -> None:
        """Store the decision for every collection that has none yet: the highest generation that says it serves.

        So it is after an upgrade, and after a collection was added.
        """
        recorded = await self.recorded()
        stored = await self.decisions.of(self.catalogue.made)
        for collection, number in _said_to_serve(recorded).items():
            if collection not in stored:
                await self.decisions.first(Decision(collection, number, number))

    async def recorded(self) -> list[Generation]:
        """Return those that the catalogue knows, oldest first, with the states that are recorded of them.

        Raises OfficeSearchError when no indexer has ever run.
        """
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

    async def all(self) -> list[Generation]:
        """Return those that the catalogue knows, oldest first, as the decisions have it. Raises like `recorded`."""
        recorded = await self.recorded()
        numbers = _said_to_serve(recorded)
        numbers |= {name: decision.number for name, decision in (await self.decisions.of(self.catalogue.made)).items()}
        return [_as_decided(generation, numbers.get(generation.collection)) for generation in recorded]

    async def serving(self, collection: str) -> Generation:
        for generation in await self.all():
            if generation.collection == collection and generation.state == "serving":
                return generation
        raise OfficeSearchError(f"No generation of {collection} serves - run `office-search index`.")

    async def decision(self, collection: str) -> Decision:
        """Return what is decided now, as it is stored. Raises OfficeSearchError before the first decision."""
        if found := (await self.decisions.of([collection])).get(collection):
            return found
        raise OfficeSearchError(f"No generation of {collection} serves - run `office-search index`.")

    async def create(self, collection: str, starts: Mapping[str, int], number: int | None = None) -> Generation:
        """Record a generation that is being built; by default the next. Raises ConflictError when it exists."""
        numbers = [g.number for g in await self.recorded() if g.collection == collection]
        generation = self._new(collection, number or max(numbers, default=0) + 1, "building", starts)
        await self._put(generation, create=True)
        return generation

    async def change(self, generation: Generation, state: State) -> Generation:
        changed = replace(generation, state=state)
        await self._put(changed)
        return changed

    async def state(self, generation: Generation) -> State:
        """Read in real time what is recorded and decided, whatever the caller last knew."""
        ids = [generation.name, decision_id(generation.collection)]
        recorded, decided = (await self._engine.mget(index=REGISTRY, body={"ids": ids}))["docs"]
        if not recorded.get("found"):
            raise OfficeSearchError(f"There is no record of {generation.name} any more.")
        number = decided["_source"]["number"] if decided.get("found") else None
        return _as_decided(replace(generation, state=recorded["_source"]["state"]), number).state

    async def _put(self, generation: Generation, *, create: bool = False) -> None:
        params = {"refresh": "true", **({"op_type": "create"} if create else {})}
        body = {name: value for name, value in asdict(generation).items() if name != "streams"}
        if create:
            await self.tenants.begin(generation.name, ())
        await self._engine.index(index=REGISTRY, id=generation.name, body=body, params=params)

    def _new(self, collection: str, number: int, state: State, starts: Mapping[str, int]) -> Generation:
        made_at, streams = datetime.now(UTC).isoformat(), self.catalogue.streams_of(collection)
        return Generation(collection, number, state, starts, ANALYSIS_VERSION, made_at, streams)


def _said_to_serve(generations: Iterable[Generation]) -> dict[str, int]:
    """Return, by collection, the highest of the generations that are recorded as serving."""
    found: dict[str, int] = {}
    for generation in generations:
        if generation.state == "serving":
            found[generation.collection] = max(generation.number, found.get(generation.collection, 0))
    return found


def _as_decided(generation: Generation, number: int | None) -> Generation:
    """Return a generation with the state that it has when the one of this number serves."""
    if generation.state == "retired" or number is None:
        return generation
    if generation.number == number:
        return replace(generation, state="serving")
    return replace(generation, state="outlived" if generation.number < number else "building")


async def create_index(engine: AsyncOpenSearch, index: str, body: Mapping[str, Any]) -> None:
    """Make an index, unless it is there already."""
    try:
        await engine.indices.create(index=index, body=body)
    except RequestError as error:
        if error.error != "resource_already_exists_exception":
            raise
