"""The consumers of one generation: each of its streams, from its start, into its indices."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Annotated, Any

from faststream import AckPolicy, Context
from faststream.nats import JStream, PullSub
from faststream.nats.message import NatsBatchMessage
from nats.js import JetStreamContext
from nats.js.api import AckPolicy as ServerAckPolicy
from nats.js.api import ConsumerConfig, DeliverPolicy
from nats.js.errors import NotFoundError

from indexers import pulls
from indexers.generations import Generation, Indices
from indexers.pipeline import Pipeline
from indexers.projections import DirectoryEntries, Documents, Projection
from indexers.resources import Resources
from mappings import directory
from search.core import broker as streams

DRAIN_S = 20.0


async def ensure_consumer(stream: JetStreamContext, generation: Generation, subject: str, ack_wait_s: float) -> None:
    """Make the generation's durable consumer; one that exists keeps its place, whatever its start was."""
    try:
        await stream.consumer_info(streams.stream_name(subject), generation.durable(subject))
    except NotFoundError:
        start = generation.starts.get(subject, 0)
        await stream.add_consumer(
            streams.stream_name(subject),
            ConsumerConfig(
                durable_name=generation.durable(subject),
                deliver_policy=DeliverPolicy.BY_START_SEQUENCE if start else DeliverPolicy.ALL,
                opt_start_seq=start or None,
                ack_policy=ServerAckPolicy.EXPLICIT,
                ack_wait=ack_wait_s,
                max_ack_pending=100_000,
                filter_subject=subject,
            ),
        )


async def delete_consumers(stream: JetStreamContext, generation: Generation) -> None:
    """Remove the generation's consumers, as far as they are there."""
    for subject in generation.streams:
        with suppress(NotFoundError):
            await stream.delete_consumer(streams.stream_name(subject), generation.durable(subject))


def projection(collection: str, stream: str, resources: Resources) -> Projection:
    """Return what makes documents of a stream's changes for a collection or the directory."""
    if collection == directory.NAME:
        return DirectoryEntries(stream)
    return Documents(resources.catalogue.collections[collection], resources.lexicons)


class Follower:
    """Follows all streams of one generation until stopped. Several processes may follow the same one."""

    def __init__(self, resources: Resources, generation: Generation) -> None:
        self.generation = generation
        self._resources = resources
        self._indices = Indices(
            resources.engine, resources.registry, generation, resources.settings.indices, resources.lexicons
        )
        self._running: list[tuple[Any, Pipeline, pulls.StandingPull]] = []

    async def start(self) -> None:
        for subject in self.generation.streams:
            await self._subscribe(subject)

    async def stop(self) -> None:
        """Take no more, finish what is under way, leave the rest to the broker to deliver again."""
        for subscriber, _, pull in self._running:
            await pull.unsubscribe()
            await subscriber.stop()
        try:
            async with asyncio.timeout(DRAIN_S):
                for _, pipeline, _ in self._running:
                    await pipeline.drain()
        except TimeoutError:
            for _, pipeline, _ in self._running:
                pipeline.abandon()
        self._running.clear()

    async def _subscribe(self, subject: str) -> None:
        client = self._resources.broker.connection
        stream = client.jetstream()
        ack_wait_s = float(self._resources.settings.indexing.ack_wait_s)
        await ensure_consumer(stream, self.generation, subject, ack_wait_s)
        made = projection(self.generation.collection, subject, self._resources)
        pipeline = Pipeline(made, self._indices, self._resources.engine, stream, ack_wait_s)
        durable, batch = self.generation.durable(subject), self._resources.settings.indexing.batch_size
        subscriber = self._resources.broker.subscriber(
            subject,
            durable=durable,
            stream=JStream(streams.stream_name(subject), declare=False),
            pull_sub=PullSub(batch_size=batch, timeout=1.0, batch=True),
            ack_policy=AckPolicy.MANUAL,
            decoder=_as_bytes,
            persistent=False,
        )

        async def handle(message: Annotated[NatsBatchMessage, Context("message")]) -> None:
            await pipeline.handle(message.raw_message)

        subscriber(handle)
        pull = pulls.StandingPull(client, streams.stream_name(subject), durable, batch)
        await pulls.start(subscriber, pull)
        self._running.append((subscriber, pipeline, pull))


async def _as_bytes(message: NatsBatchMessage) -> list[bytes]:
    """FastStream's own decoder reads the JSON of every event before the handler, which reads it again."""
    return []
