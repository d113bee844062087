"""What every build has in common: the right to it, how far it has come, and what is left behind when it fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

import structlog

from indexers.building import Lease, take
from indexers.decisions import Overtaken
from indexers.following_up import FollowUp
from indexers.generations import Generation
from indexers.resources import Resources
from mappings.withdrawals import PAGE_IDS
from search.core.errors import OfficeSearchError
from search.core.streams.port import Progress

log = structlog.get_logger(__name__)

POLL_S = 0.1
STALLED_S = 120.0


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


class Builder:
    """Builds something of one collection under a lease."""

    def __init__(self, resources: Resources, watcher: Watcher) -> None:
        self._resources = resources
        self._engine = resources.engine
        self._broker = resources.broker
        self._registry = resources.registry
        self._watcher = watcher
        self._follow_up = FollowUp(resources.engine, resources.broker, resources.registry)

    @asynccontextmanager
    async def _lease(self, name: str, *, restart: bool, tenant: str | None = None) -> AsyncIterator[Lease]:
        """Hold the right to build while the block runs; if it fails, give it back and clear away what was made.

        Raises OfficeSearchError when another build is under way, Overtaken when one has taken the place of this one.
        """
        await self._follow_up.finish(name)  # what an earlier one may have left
        lease = await take(self._registry, name, restart=restart, tenant=tenant)
        try:
            lease.keep()
            await self._follow_up.finish(name)  # what was taken over
            yield lease
        except BaseException as error:
            # An unfinished build serves nobody; without this it would lie there until it counts as abandoned.
            await asyncio.shield(self._give_up(name, lease))
            if lease.is_lost and isinstance(error, asyncio.CancelledError):
                raise Overtaken(
                    f"Another build of {name} has taken the place of this one; nothing was changed."
                ) from None
            raise

    async def _give_up(self, name: str, lease: Lease) -> None:
        try:
            if await lease.give_up():
                await self._follow_up.finish(name)
        except Exception as error:
            log.warning("an unfinished build is left to the indexers", vertical=name, error=repr(error)[:200])

    async def _ends(self, generation: Generation) -> Mapping[str, int]:
        return {stream: await self._broker.end(stream) for stream in generation.streams}

    async def _progress(self, generation: Generation, stream: str) -> Progress:
        found = await self._broker.progress(stream, generation.durable(stream))
        if found is None:
            raise OfficeSearchError(f"{generation.name} has no consumer - run `office-search index`.")
        return found

    async def _count(self, index: str) -> int:
        """Return how many documents of an index, or of all that a pattern names, are searchable after a refresh."""
        await self._engine.indices.refresh(index=index)
        # What is noted ahead of documents is of no stream, and comes and goes by itself.
        body = {"query": {"bool": {"must_not": [{"ids": {"values": list(PAGE_IDS)}}]}}}
        return int((await self._engine.count(index=index, body=body))["count"])
