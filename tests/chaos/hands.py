"""The only hands: a producer that publishes again what was deleted unread, `accept-gap`, and `rebuild`."""

from __future__ import annotations

import asyncio
import itertools
import time
from contextlib import suppress

from chaos.load import Event, Flow, Said
from chaos.processes import killed_in_the_end
from chaos.sight import Wrong
from chaos.world import DISTURBED, World, patiently

from indexers.followed import Followed
from search.core.errors import Unavailable

# Seconds between events; a beginning comes as fast as the broker takes it.
PACE_S = 0.05
AGAIN_S = 0.2
COMMAND_S = 240.0
_numbers = itertools.count(1)


class Producer:
    """Publishes without end, each event until it is acknowledged, as the contract asks of producers."""

    def __init__(self, world: World, flow: Flow) -> None:
        self.said = Said()
        self._world = world
        self._flow = flow
        self._is_over = False

    async def run(self) -> None:
        """Publish until `end` is called, and the beginning of every tenant then, too."""
        while self._flow.is_founding or not self._is_over:
            await self._publish(self._flow.next())
            await asyncio.sleep(0 if self._flow.is_founding else PACE_S)

    def found(self, tenant: str) -> None:
        self._flow.found(tenant)

    def begin(self, group: asyncio.TaskGroup) -> asyncio.Task[None]:
        """Publish in a task of its own, which ends after `end`."""
        self._is_over = False
        return group.create_task(self.run())

    def end(self) -> None:
        """Say no more once the event under way is acknowledged."""
        self._is_over = True

    async def _publish(self, event: Event) -> None:
        self.said.note_tried(event)
        await self._until_taken(event.stream, event.raw)
        self.said.note_taken(event)

    async def again(self, stream: str) -> int:
        """Publish everything of a stream once more, and return how many events that were."""
        events = list(dict.fromkeys(self.said.events[stream]))
        for raw in events:
            await self._until_taken(stream, raw)
        return len(events)

    async def _until_taken(self, stream: str, raw: bytes) -> None:
        while True:
            try:
                await self._world.broker.publish(stream, raw)
                return
            except Unavailable:
                await asyncio.sleep(AGAIN_S)


class Hands:
    """What an operator does. `lost`: streams of which something may be missing that was acknowledged."""

    def __init__(self, world: World, producer: Producer) -> None:
        self.lost: set[str] = set()
        self.accepted = 0
        self.rebuilt = 0
        self._world = world
        self._producer = producer
        self._turns: dict[str, asyncio.Lock] = {}

    async def make_good(self, stream: str) -> None:
        """Publish again what a stream held, wait until it is applied, and accept the gap, if one was noted."""
        async with self._turns.setdefault(stream, asyncio.Lock()):
            if stream == "dead_letters":
                return
            await patiently(lambda: self._is_there(stream), f"see {stream} made again by the indexers")
            await self._producer.again(stream)
            await patiently(lambda: self._is_applied(stream), f"see {stream} followed and applied")
            await self.run("accept-gap", "--stream", stream)
            self.accepted += 1
            self.lost.discard(stream)

    async def _is_there(self, stream: str) -> None:
        if await self._world.broker.info(stream) is None:
            raise Unavailable(f"{stream} is not there.")

    async def _is_applied(self, stream: str) -> None:
        """Raise Unavailable until every generation follows the stream that there is now, and has settled all of it."""
        broker, followed = self._world.broker, Followed(self._world.engine)
        end, info = await broker.end(stream), await broker.info(stream)
        for generation in await self._world.registry.all():
            if generation.state == "retired" or stream not in generation.streams:
                continue
            progress = await broker.progress(stream, generation.durable(stream))
            epoch = await followed.epoch(generation, stream)
            if info is None or epoch != info.epoch or progress is None or (progress.lag and progress.settled < end):
                raise Unavailable(f"{generation.name} has not come to {end} of {stream} yet: {progress}.")

    async def accept_late(self) -> None:
        """Accept gaps of streams that were made good, but which a generation noted only afterwards."""
        with suppress(*DISTURBED):
            for gap in await Followed(self._world.engine).gaps():
                if self.accepted and gap.stream not in self.lost:
                    await self.make_good(gap.stream)

    async def rebuild(self, collection: str) -> None:
        """Rebuild what lost an index, as often as that is refused while something else is disturbed."""
        async with self._turns.setdefault(collection, asyncio.Lock()):
            await self.run("rebuild", collection, "--restart")
            self.rebuilt += 1

    async def run(self, *arguments: str) -> None:
        """Run an operator's command until it succeeds. Raise Wrong when it does not within some minutes."""
        end = time.monotonic() + COMMAND_S
        while True:
            command = self._world.command(*arguments, log=f"{arguments[0]} {next(_numbers)}")
            with killed_in_the_end(command):
                if await command.ended(end - time.monotonic()) == 0:
                    return
                if time.monotonic() > end:
                    raise Wrong(f"`office-search {' '.join(arguments)}` did not succeed: {command.last_words()}")
            await asyncio.sleep(AGAIN_S)
