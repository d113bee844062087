"""The consumers of the short way, one of each stream that carries what is searched."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from indexers.resources import Resources
from indexers.serving import Serving
from indexers.sweeping import Sweep
from indexers.withdrawing import Withdrawing
from search.core.streams.port import Subscription
from search.core.tasks import cancelled


def consumer(stream: str) -> str:
    """Return the name of the consumer of a stream; it belongs to no generation, and is kept for the next process."""
    return f"withdrawals-{stream.rpartition('.')[2]}"


class ShortWay:
    """Follows the streams from their ends, or from where the last process stopped."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._streams = sorted({vertical.stream for vertical in resources.catalogue.verticals.values()})
        self._serving = Serving(resources)
        self._sweep = Sweep(resources.engine, self._serving)
        self._sweeping: asyncio.Task[None] | None = None
        self._running: dict[str, Subscription] = {}

    async def keep_up(self) -> Mapping[str, int]:
        """Follow every stream that is not followed, and return how far each consumer is behind, by its name.

        What was deleted at the broker is made again. Raises Unavailable while the broker is away.
        """
        if self._sweeping is None:
            self._sweeping = asyncio.create_task(self._sweep.run())
        lags = {}
        for stream in self._streams:
            progress = await self._resources.broker.progress(stream, consumer(stream))
            if progress is None and stream in self._running:
                await self._running.pop(stream).stop()
            if stream not in self._running:
                await self._follow(stream)
            elif progress:
                lags[consumer(stream)] = progress.lag
        return lags

    async def stop(self) -> None:
        if self._sweeping:
            await cancelled(self._sweeping)
        for subscription in self._running.values():
            await subscription.stop()
        self._running.clear()

    async def _follow(self, stream: str) -> None:
        broker, indexing = self._resources.broker, self._resources.settings.indexing
        await broker.ensure_streams([stream])
        end = await broker.end(stream)
        await broker.ensure_consumer(stream, consumer(stream), end + 1, float(indexing.ack_wait_s))
        handler = Withdrawing(self._resources, stream, self._serving, self._sweep.look_after)
        self._running[stream] = await broker.follow(stream, consumer(stream), indexing.batch_size, handler.handle)
