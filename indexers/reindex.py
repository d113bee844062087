"""Reindexing: one more generation, built beside the one that serves, then the decision that it serves."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

from indexers.aside import Aside, Held, held
from indexers.builder import POLL_S, STALLED_S, Builder, Built
from indexers.copying import Copy
from indexers.followers import Follower, ensure_consumer
from indexers.generations import Generation
from search.core.errors import OfficeSearchError


class Reindex(Builder):
    """Builds the next generation of one collection from the serving one's stored originals."""

    async def run(self, name: str, *, restart: bool = False) -> Built:
        """Build, compare and swap.

        `restart`: discard a build that was cut off. Raises OfficeSearchError when a build is under way, when new and
        old differ, and when what was decided could not be carried out.
        """
        await self._require(name)
        async with self._lease(name, restart=restart) as lease:
            old = await self._registry.serving(name)
            new = await self._registry.create(name, await self._positions(old), lease.number)
            documents, rejected = await self._build(old, new)
            await self._require_all_tenants(old, new)
            self._watcher.step("swap")
            await lease.decide()
        await self._finish(name, new)
        return Built(new.name, old.name, documents, rejected)

    async def _require(self, name: str) -> None:
        """Raise OfficeSearchError when there is nothing to build from."""
        if name not in (known := self._resources.catalogue.collections):
            raise OfficeSearchError(f"There is no vertical {name!r}; there are {', '.join(known)}.")
        if lost := (await self._follow_up.lost([name])).get(name):
            raise OfficeSearchError(
                f"The indices of {', '.join(lost[:10])} are lost, so they cannot be copied - run "
                f"`office-search rebuild {name}`, which reads the stream from its beginning."
            )

    async def _require_all_tenants(self, old: Generation, new: Generation) -> None:
        """Raise OfficeSearchError when the new generation lacks a tenant of the old one."""
        recorded = await self._registry.tenants.of([old.name, new.name])
        if missing := recorded.get(old.name, frozenset()) - recorded.get(new.name, frozenset()):
            raise OfficeSearchError(
                f"{new.name} has no index of {', '.join(sorted(missing)[:10])}, as {old.name} has. "
                "The old one goes on serving and the new one was removed."
            )

    async def _finish(self, name: str, new: Generation) -> None:
        """Carry out what was decided."""
        try:
            await self._follow_up.finish(name)
        except Exception as error:
            raise OfficeSearchError(
                f"It is decided that {new.name} serves, but that could not be carried out: {str(error)[:200]}. "
                "The indexers go on with it while they run; look at `office-search status`."
            ) from error

    async def _require_nothing_aside(self, old: Generation, new: Generation) -> None:
        """Wait until no tenant's events wait for the new generation's index alone.

        They count as settled; swapped before they are written, what they take away would be there again. Raises
        OfficeSearchError when they stay.
        """
        began = time.monotonic()
        while waiting := await self._aside_of(new, besides=old):
            if time.monotonic() - began > STALLED_S:
                raise OfficeSearchError(
                    f"Events of {', '.join(sorted(waiting)[:10])} cannot be written to {new.name}: "
                    f"{next(iter(waiting.values())).reason}. The old one goes on serving and the new one was removed."
                )
            await asyncio.sleep(POLL_S)

    async def _aside_of(self, new: Generation, *, besides: Generation) -> Mapping[str, Held]:
        found = await held(self._engine, [new.name, besides.name])
        old = found.get(besides.name, {})
        return {tenant: one for tenant, one in found.get(new.name, {}).items() if tenant not in old}

    async def _positions(self, old: Generation) -> Mapping[str, int]:
        """Return where the new consumers begin: behind what the serving indices are known to hold."""
        aside = Aside(self._engine, old.name)
        found = {}
        for stream in old.streams:
            settled = (await self._progress(old, stream)).settled
            start = await aside.start(stream, settled)
            info = await self._broker.info(stream)
            if start <= settled and (info is None or info.first > start):
                raise OfficeSearchError(
                    f"Events of {stream} from {start} on are set aside for {old.name}, and the stream holds them no "
                    "more: a new generation would never get them. Mend what holds them up first; "
                    "`office-search status` tells of it."
                )
            found[stream] = start
        return found

    async def _build(self, old: Generation, new: Generation) -> tuple[int, list[str]]:
        for stream in new.streams:
            await ensure_consumer(self._broker, new, stream, float(self._resources.settings.indexing.ack_wait_s))
        copy = Copy(self._resources, old, new)
        self._watcher.step("copy", await self._count(every_index(old)))
        async for documents in copy.run(await self._indices(old)):
            self._watcher.advance(documents)
        follower = Follower(self._resources, new)
        try:
            await follower.start()
            self._watcher.step("follow the stream")
            await self._reach(new, await self._ends(new))
            self._watcher.step("compare counts")
            await self._compare(old, new, len(copy.rejected))
            await self._require_nothing_aside(old, new)
        finally:
            await follower.stop()
        return copy.copied, copy.rejected

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

    async def _compare(self, old: Generation, new: Generation, rejected: int) -> None:
        """Check that the new count lies between the old one's before and after it, as events flow meanwhile.

        Documents never go away (a delete is a tombstone), so each bound holds whatever comes in between.
        """
        before = await self._count(every_index(old))
        await self._reach(new, await self._ends(new))
        count = await self._count(every_index(new))
        await self._reach(old, await self._ends(old))
        after = await self._count(every_index(old))
        if not before <= count <= after:
            raise OfficeSearchError(
                f"{new.name} holds {count} documents, {old.name} {before} to {after}; {rejected} were rejected. "
                "The old one goes on serving and the new one was removed."
            )

    async def _indices(self, generation: Generation) -> list[str]:
        found = await self._engine.indices.get(index=every_index(generation), params={"allow_no_indices": "true"})
        return sorted(found)


def every_index(generation: Generation) -> str:
    return f"{generation.name}-*"
