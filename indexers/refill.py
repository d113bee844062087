"""Filling one tenant's index anew from the beginning of the streams, beside the others, which are not touched.

Where `apps-000001` serves, `apps-000001-acme` is lost, and this build got the number 7:

    apps-000007-acme   is made; nobody is led to it, and no indexer writes to it
    apps-000007        a consumer of each stream, from the first event: what is acme's goes into that index
    apps-000001-acme   is cloned from it once it holds all up to the streams' ends, read after the old one was gone;
                       then the alias leads there, and what was set aside since then goes into it

So an index under the name that serves is always whole, whoever points an alias at it, and until there is one the tenant
counts as lost. A build that is cut off leaves only what has its number, which is given to nobody else: `reconcile`
clears that away.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from opensearchpy.exceptions import ConnectionError as EngineConnectionError
from opensearchpy.exceptions import OpenSearchException, RequestError

from indexers.builder import POLL_S, STALLED_S, Builder, Watcher
from indexers.building import Lease
from indexers.followed import Followed
from indexers.generations import Generation
from indexers.rebuild import require_whole_streams
from indexers.replay import Beside, Replay
from indexers.resources import Resources
from search.core.errors import OfficeSearchError

# A consumer may say for a moment that nothing is left, and a stream's last event may have been deleted.
IDLE_S = 5.0
CLONE_S = 120


@dataclass(frozen=True)
class Refilled:
    """What was filled: the index, how many documents it holds, and why some events gave none."""

    index: str
    documents: int
    rejected: Sequence[str]


class Refill(Builder):
    """Fills the index of one tenant in the serving generation of a collection, or of the directory."""

    def __init__(self, resources: Resources, watcher: Watcher, tenant: str) -> None:
        super().__init__(resources, watcher)
        self._tenant = tenant

    async def run(self, name: str, *, restart: bool = False) -> Refilled:
        """Fill the index beside the one that serves, or is lost, and put it in that one's place.

        `restart`: discard a whole build that was cut off. Raises OfficeSearchError where the streams do not hold
        everything, for a tenant who never had an index there, and when a build is under way.
        """
        await self._require(name)
        async with self._lease(name, restart=restart, tenant=self._tenant) as lease:
            serving = await self._registry.serving(name)
            beside = replace(serving, number=lease.number, state="building", starts={})
            filled = await self._fill(serving, beside, lease)
            await lease.give_up()
        await self._follow_up.finish(name)
        return filled

    async def _require(self, name: str) -> None:
        """Raise OfficeSearchError when there is nothing to fill, or not all of it in the streams."""
        await require_whole_streams(self._resources, name)
        for gap in await Followed(self._engine).gaps():
            if gap.collection == name:
                raise OfficeSearchError(str(gap))
        serving = await self._registry.serving(name)
        recorded = (await self._registry.tenants.of([serving.name])).get(serving.name, frozenset())
        if self._tenant not in recorded:
            raise OfficeSearchError(
                f"{serving.name} never had an index of {self._tenant!r}, so nothing of it is lost; is the name right? "
                f"It has {len(recorded)} tenants: {', '.join(sorted(recorded)[:10]) or 'none'}."
            )

    async def _fill(self, serving: Generation, beside: Generation, lease: Lease) -> Refilled:
        resources, watcher, tenant = self._resources, self._watcher, self._tenant
        index = Beside(self._engine, self._registry, beside, resources.settings.indices, resources.lexicons)
        await index.make(tenant, serving)
        replay = Replay(resources, beside, index, tenant, watcher)
        old, new = serving.index(tenant), beside.index(tenant)
        try:
            before = await self._held(old)
            ends = await self._ends(beside)
            watcher.step("read the streams from their beginning", sum(ends.values()))
            await replay.start()
            await self._reach(beside, ends, replay)
            watcher.step("put it in its place")
            await self._require(serving.collection)  # the streams may have lost their beginnings meanwhile
            documents = await self._count(new)
            if before is not None:
                await self._remove(old, before, documents, lease)
            # What came until the old index was gone may have gone into it; what comes later is set aside.
            await self._reach(beside, await self._ends(beside), replay)
        finally:
            await replay.stop()
        await self._place(new, old)
        return Refilled(old, await self._count(new), replay.rejected)

    async def _held(self, index: str) -> int | None:
        """Return how many documents the index in question holds; None where it is lost, 0 where it cannot be read."""
        if not await self._engine.indices.exists(index=index):
            return None
        try:
            return await self._count(index)
        except EngineConnectionError:
            raise
        except OpenSearchException:
            return 0

    async def _remove(self, index: str, before: int, documents: int, lease: Lease) -> None:
        """Remove an index that is there, but in doubt; from here on it is lost until the other one takes its place."""
        if documents < before:
            raise OfficeSearchError(
                f"The streams give {documents} documents of {self._tenant}, though {index} holds {before}: they lack "
                "some. Nothing was changed."
            )
        await lease.confirm()
        await self._engine.indices.delete(index=index, params={"ignore_unavailable": "true"})

    async def _reach(self, beside: Generation, ends: Mapping[str, int], replay: Replay) -> None:
        """Wait until everything up to these positions is in the index. Raise what ended the replay, if that did.

        No other count tells what is missing, so that nothing seems to be left proves nothing, unless it stays so.
        """
        known: list[tuple[int, int]] = []
        moved = time.monotonic()
        while True:
            replay.check()
            found = [await self._progress(beside, stream) for stream in ends]
            if all(one.settled >= end for one, end in zip(found, ends.values(), strict=True)):
                return
            if (state := [(one.settled, one.lag) for one in found]) != known:
                known, moved = state, time.monotonic()
            unmoved_s = time.monotonic() - moved
            if unmoved_s > IDLE_S and not any(one.lag for one in found):
                return
            if unmoved_s > STALLED_S:
                raise OfficeSearchError(
                    f"{beside.index(self._tenant)} has not come further for {STALLED_S:.0f} s; does the engine keep up?"
                )
            await asyncio.sleep(POLL_S)

    async def _place(self, filled: str, wanted: str) -> None:
        """Have the engine make the wanted index of the filled one: all of it at once, or it is not there."""
        await self._engine.indices.add_block(index=filled, block="write")
        params = {"wait_for_active_shards": "1", "timeout": f"{CLONE_S}s", "request_timeout": CLONE_S + 10}
        body = {"settings": {"index.blocks.write": None}}
        try:
            answer = await self._engine.indices.clone(index=filled, target=wanted, body=body, params=params)
            if not answer["shards_acknowledged"]:
                raise OfficeSearchError(f"{wanted} was not there within {CLONE_S} s; is a disk full? It stays lost.")
        except BaseException as error:
            # Without what it is made of, which goes next, it would never be there. One that somebody restored stays.
            if not isinstance(error, RequestError):
                params = {"ignore_unavailable": "true"}
                await asyncio.shield(self._engine.indices.delete(index=wanted, params=params))
            raise
