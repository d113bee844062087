"""The consumers of one generation: each of its streams, from its start, into its indices."""

from __future__ import annotations

import asyncio

from indexers.again import Again
from indexers.followed import Followed
from indexers.generations import Generation
from indexers.indices import Indices
from indexers.pipeline import Pipeline, expect_dead_letters
from indexers.preparing import OnTheLoop, Preparing
from indexers.projections import DirectoryEntries, Documents, Projection
from indexers.resources import Resources
from indexers.workers import InWorkers
from indexers.writable import Writable
from mappings import directory
from search.core.errors import Unavailable
from search.core.streams.port import Broker, Subscription

DRAIN_S = 20.0


async def ensure_consumer(broker: Broker, generation: Generation, stream: str, ack_wait_s: float) -> None:
    """Make the generation's consumer of a stream; one that exists keeps its place, whatever its start was."""
    start = generation.starts.get(stream, 0)
    await broker.ensure_consumer(stream, generation.durable(stream), start, ack_wait_s)


async def delete_consumers(broker: Broker, generation: Generation) -> None:
    """Delete the generation's consumers, as far as they are there."""
    for stream in generation.streams:
        await broker.delete_consumer(stream, generation.durable(stream))


def projection(collection: str, stream: str, resources: Resources) -> Projection:
    """Return what makes documents of a stream's changes for a collection or the directory."""
    if collection == directory.NAME:
        return DirectoryEntries(stream)
    return Documents(resources.catalogue.collections[collection], resources.lexicons)


def preparing(collection: str, stream: str, resources: Resources) -> Preparing:
    """Return where a stream's events are prepared: texts in processes of their own, if there are any."""
    if resources.workers and collection != directory.NAME:
        return InWorkers(resources.workers, collection)
    return OnTheLoop(resources.decode, projection(collection, stream, resources))


class Follower:
    """Follows all streams of one generation until stopped. Several processes may follow the same one."""

    def __init__(self, resources: Resources, generation: Generation) -> None:
        self.generation = generation
        self._resources = resources
        self._indices = Indices(
            resources.engine, resources.registry, generation, resources.settings.indices, resources.lexicons
        )
        self._writable = Writable(resources.engine, self._indices)
        self._again: Again | None = None
        self._followed = Followed(resources.engine)
        self.epochs: dict[str, str] = {}
        self._running: list[tuple[Subscription, Pipeline]] = []

    async def start(self) -> None:
        await self._followed.prepare()
        try:
            for stream in self.generation.streams:
                await self._follow(stream)
            pipelines = dict(zip(self.generation.streams, (pipeline for _, pipeline in self._running), strict=True))
            self._again = Again(self._writable, pipelines)
            self._again.start()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Take no more, finish what is under way, leave the rest to the broker to deliver again."""
        if self._again:
            await self._again.stop()
        for subscription, _ in self._running:
            await subscription.stop()
        try:
            async with asyncio.timeout(DRAIN_S):
                for _, pipeline in self._running:
                    await pipeline.drain()
        except TimeoutError:
            for _, pipeline in self._running:
                pipeline.abandon()
        self._running.clear()

    async def _follow(self, stream: str) -> None:
        resources = self._resources
        ack_wait_s = float(resources.settings.indexing.ack_wait_s)
        start = await self._start(stream)
        durable = self.generation.durable(stream)
        await resources.broker.ensure_consumer(stream, durable, start, ack_wait_s)
        expect_dead_letters(stream)
        made = preparing(self.generation.collection, stream, resources)
        pipeline = Pipeline(made, self._indices, resources.engine, resources.broker, ack_wait_s, self._writable)
        subscription = await resources.broker.follow(
            stream, durable, resources.settings.indexing.batch_size, pipeline.handle
        )
        self._running.append((subscription, pipeline))

    async def _start(self, stream: str) -> int:
        """Return where to follow a stream from, which may be another one of that name than before."""
        broker, durable = self._resources.broker, self.generation.durable(stream)
        progress = await broker.progress(stream, durable)
        info = await broker.info(stream)
        if info is None:
            await broker.ensure_streams([stream])
            info = await broker.info(stream)
        if info is None:
            raise Unavailable(f"{stream} is not there.")
        settled = progress.settled if progress else 0
        start, is_anew = await self._followed.start(self.generation, stream, info, settled)
        if is_anew:
            await broker.delete_consumer(stream, durable)
        self.epochs[stream] = info.epoch
        return start
