"""Rebuilding: a generation made of the whole stream, for when the serving one has lost what it would be copied from."""

from __future__ import annotations

from collections.abc import Mapping

from indexers.followers import Follower, ensure_consumer
from indexers.generations import Generation
from indexers.reindex import Reindex, every_index
from indexers.resources import Resources
from search.core.errors import OfficeSearchError


class Rebuild(Reindex):
    """Builds the next generation of a collection, or of the directory, from the beginning of its streams."""

    async def _require(self, name: str) -> None:
        await require_whole_streams(self._resources, name)

    async def _positions(self, old: Generation) -> Mapping[str, int]:
        return dict.fromkeys(old.streams, 0)

    async def _build(self, old: Generation, new: Generation) -> tuple[int, list[str]]:
        for stream in new.streams:
            await ensure_consumer(self._broker, new, stream, float(self._resources.settings.indexing.ack_wait_s))
        follower = Follower(self._resources, new)
        try:
            await follower.start()
            self._watcher.step("follow the stream")
            before = await self._count(every_index(old))
            await self._reach(new, await self._ends(new))
            self._watcher.step("compare counts")
            count = await self._count(every_index(new))
            if count < before:
                raise OfficeSearchError(
                    f"{new.name} holds {count} documents, though {old.name} has {before}: the stream lacks some. "
                    "The old one goes on serving and the new one was removed."
                )
            await self._require_nothing_aside(old, new)
        finally:
            await follower.stop()
        return count, []


async def require_whole_streams(resources: Resources, name: str) -> None:
    """Raise OfficeSearchError unless all that a collection is made of is still in its streams."""
    if name not in (known := resources.catalogue.made):
        raise OfficeSearchError(f"There is no vertical {name!r}; there are {', '.join(known)}.")
    for stream in resources.catalogue.streams_of(name):
        info = await resources.broker.info(stream)
        if info is None or not info.is_whole:
            first = "is not there" if info is None else f"no longer begins at its first event but at {info.first}"
            raise OfficeSearchError(
                f"{stream} {first}, so {name} cannot be made from it. "
                "Restore the index from a snapshot, or have the producers publish everything again."
            )
