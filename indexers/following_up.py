"""Brings aliases, consumers, indices and states in line with what is decided, from whatever state they are in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import structlog
from opensearchpy import AsyncOpenSearch
from opensearchpy.exceptions import NotFoundError, OpenSearchException

from indexers.decisions import Overtaken
from indexers.generations import Registry
from indexers.reconcile import Action, Consumers, Delete, Mark, Point, Release, View, parts, plan
from search.core.engine import is_overload
from search.core.errors import OfficeSearchError
from search.core.streams.port import Broker

log = structlog.get_logger(__name__)

# The engine takes a request line of 4 KiB; a name may have 60 characters.
NAMES = 50
ROUNDS = 5


class FollowUp:
    """Looks at what there is and does what follows from the decisions. Any number of processes may, at the same time.

    Only what can never serve again is deleted, and only once no alias leads to it.
    """

    def __init__(self, engine: AsyncOpenSearch, broker: Broker, registry: Registry) -> None:
        self._engine = engine
        self._broker = broker
        self._registry = registry

    async def all(self) -> list[Action]:
        """Bring every collection in line, and return what was done. Raises what engine and broker raise."""
        return await self.only(self._registry.catalogue.made)

    async def only(self, collections: Sequence[str]) -> list[Action]:
        """Bring these collections in line; one that cannot be does not hold up the others, and its error comes last."""
        await self._registry.decide_first()
        views = await self._views(collections)
        await self._begin_records(views)
        done: list[Action] = []
        errors: list[Exception] = []
        for view in views:
            try:
                for action in plan(view):
                    await self._do(action)
                    done.append(action)
            except Exception as error:
                errors.append(error)
        if errors:
            raise errors[0]
        return done

    async def finish(self, collection: str) -> None:
        """Bring a collection in line until nothing is left to do. Raise OfficeSearchError if that does not help."""
        for _ in range(ROUNDS):
            if not await self.only([collection]):
                return
        raise OfficeSearchError(f"{collection} could not be brought in line with what is decided; see the log.")

    async def lost(self, collections: Sequence[str]) -> dict[str, list[str]]:
        """Return, by collection, the tenants whose index in the serving generation was there and is gone."""
        # The record first: an index is there before it is recorded, so none that was just made can look lost.
        serving = [one.name for one in await self._registry.all() if one.state == "serving"]
        recorded = await self._registry.tenants.of(serving)
        views = await self._views(collections)
        return {
            view.decision.collection: sorted(recorded.get(_serving(view), frozenset()) - _tenants(view, _serving(view)))
            for view in views
        }

    async def _begin_records(self, views: Iterable[View]) -> None:
        """Begin the record of tenants for generations of an older version, which kept none: by its indices."""
        living = {g.name: view for view in views for g in view.generations if g.state != "retired"}
        recorded = await self._registry.tenants.of(living)
        for name in living.keys() - recorded.keys():
            await self._registry.tenants.begin(name, _tenants(living[name], name))

    async def _views(self, collections: Sequence[str]) -> list[View]:
        # The decisions come last, so none is older than what is acted on.
        indices = await self._indices(collections)
        consumers = await self._consumers(collections)
        recorded = await self._registry.recorded()
        decisions = await self._registry.decisions.of(collections)
        return [
            View(
                decisions[name],
                [one for one in recorded if one.collection == name],
                {index: aliases for index, aliases in indices.items() if parts(name, index)[0]},
                consumers,
            )
            for name in collections
            if name in decisions
        ]

    async def _indices(self, collections: Sequence[str]) -> Mapping[str, frozenset[str]]:
        found = await self._engine.indices.get_alias(
            index=",".join(f"{name}-*" for name in collections), params={"allow_no_indices": "true"}
        )
        return {index: frozenset(about["aliases"]) for index, about in found.items()}

    async def _consumers(self, collections: Iterable[str]) -> Mapping[str, frozenset[str]]:
        streams = {stream for name in collections for stream in self._registry.catalogue.streams_of(name)}
        return {stream: await self._broker.consumers(stream) for stream in sorted(streams)}

    async def _do(self, action: Action) -> None:
        match action:
            case Release():
                await self._release(action)
            case Point():
                await self._point(action)
            case Mark(generation, state):
                log.info("generation marked", generation=generation.name, state=state)
                await self._registry.change(generation, state)
            case Consumers(names):
                for stream, name in names:
                    await self._broker.delete_consumer(stream, name)
            case Delete(names):
                for start in range(0, len(names), NAMES):
                    some = ",".join(names[start : start + NAMES])
                    with suppress(NotFoundError):  # somebody else deletes them at the same time
                        await self._engine.indices.delete(index=some, params={"ignore_unavailable": "true"})

    async def _release(self, action: Release) -> None:
        build = action.decision.build
        try:
            await self._registry.decisions.change(action.decision, build=None)
        except Overtaken:
            return  # it gives signs of life after all, or somebody else was first
        log.warning("an abandoned build is given up", collection=action.decision.collection, build=build)

    async def _point(self, action: Point) -> None:
        """Point aliases at the serving generation, all at once, unless another one serves by now.

        Where that fails, as one tenant's index is blocked, each is pointed by itself, so that it is its tenant's alone.
        """
        collection = action.decision.collection
        if (await self._registry.decision(collection)).number != action.decision.number:
            raise Overtaken(f"Another generation of {collection} serves by now.")
        moves: dict[str, list[dict[str, Any]]] = {
            name: [
                {"remove": {"index": f"{collection}-*", "alias": name, "must_exist": False}},
                {"add": {"index": index, "alias": name}},
            ]
            for name, index in action.targets.items()
        }
        pointed = len(moves)
        try:
            together = [one for pair in moves.values() for one in pair]
            await self._engine.indices.update_aliases(body={"actions": together})
        except OpenSearchException as error:
            if is_overload(error) or len(moves) == 1:
                raise
            pointed = sum([await self._point_alone(name, pair) for name, pair in moves.items()])
        log.info("aliases pointed", collection=collection, generation=action.decision.number, aliases=pointed)

    async def _point_alone(self, name: str, move: Sequence[Mapping[str, Any]]) -> bool:
        try:
            await self._engine.indices.update_aliases(body={"actions": list(move)})
        except OpenSearchException as error:
            if is_overload(error):
                raise
            log.warning("alias not pointed", alias=name, error=str(error)[:200])
            return False
        return True


def _serving(view: View) -> str:
    return f"{view.decision.collection}-{view.decision.number:06d}"


def _tenants(view: View, generation: str) -> frozenset[str]:
    """Return the tenants that have an index in a generation."""
    return frozenset(
        index.removeprefix(f"{generation}-") for index in view.indices if index.startswith(f"{generation}-")
    )
