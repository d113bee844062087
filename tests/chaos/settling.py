"""What has certainly been applied, noted again and again; and the end, when everything must be what the oracle says."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress

import kit
from chaos import oracle
from chaos.hands import Hands, Producer
from chaos.load import BAD, Key
from chaos.sight import Window, Wrong
from chaos.story import COLLECTIONS
from chaos.world import DISTURBED, World, until
from nats.js.errors import NotFoundError as NoStream

from indexers import aside
from indexers.followed import Followed
from indexers.generations import Generation
from search.core.streams.nats.names import DEAD_LETTERS

LOOK_S = 0.25
# After so long it is better to begin with what was published since.
GIVE_UP_S = 30.0
SETTLE_S = 240.0


class Settling:
    """Knows what is applied. `confirmed`: how often that was noted."""

    def __init__(self, world: World, producer: Producer, hands: Hands) -> None:
        self.confirmed = 0
        self._world = world
        self._producer = producer
        self._hands = hands
        self._floors: dict[str, dict[Key, int]] = {}

    def window(self, tenant: str) -> Window:
        """Return what may be so of a tenant from now on; what is published later belongs to it too."""
        return Window(self._producer.said.states[tenant], self._floors.get(tenant, {}))

    async def run(self) -> None:
        """Note for ever what is applied."""
        while True:
            with suppress(Wrong, *DISTURBED):
                await self._confirm()
            await asyncio.sleep(LOOK_S)

    async def _confirm(self) -> None:
        """Note everything that is acknowledged now, once it is applied and refreshed in what serves."""
        if self._hands.lost:
            return
        taken = {tenant: dict(versions) for tenant, versions in self._producer.said.taken.items()}
        epochs = await self._epochs()
        ends = {stream: await self._world.broker.end(stream) for stream in epochs}
        await until(lambda: self._have_settled(ends), "everything to be applied", GIVE_UP_S)
        held = await aside.held(self._world.engine, [one.name for one in await self._serving()])
        await self._world.engine.indices.refresh(index="_all")
        # A stream that was lost in between counts from 1 again.
        if self._hands.lost or await self._epochs() != epochs:
            return
        waiting = {tenant for tenants in held.values() for tenant in tenants}
        self._floors |= {tenant: versions for tenant, versions in taken.items() if tenant not in waiting}
        self.confirmed += 1

    async def _serving(self) -> Sequence[Generation]:
        return [one for one in await self._world.registry.all() if one.state == "serving"]

    async def _epochs(self) -> Mapping[str, str | None]:
        infos = {stream: await self._world.broker.info(stream) for stream in kit.CATALOGUE.streams}
        return {stream: info.epoch if info else None for stream, info in infos.items()}

    async def _have_settled(self, ends: Mapping[str, int]) -> bool:
        for generation in await self._serving():
            for stream in generation.streams:
                progress = await self._world.broker.progress(stream, generation.durable(stream))
                if progress is None or progress.settled < ends[stream]:
                    return False
        return True

    async def all_well(self) -> None:
        """Return once all is as if nothing had happened. Raise Wrong, with what is not, when it takes too long.

        Nothing may be published meanwhile.
        """
        wanted = await asyncio.to_thread(oracle.expected, self._producer.said.events)
        end = time.monotonic() + SETTLE_S
        while True:
            try:
                async with asyncio.timeout(SETTLE_S):
                    await self._hands.accept_late()
                    await self._nothing_is_behind()
                    await self._equal(wanted)
                    if not await self._world.is_ready():
                        raise Wrong("the API is not ready")
                    return
            except (Wrong, *DISTURBED) as error:
                if time.monotonic() > end:
                    raise Wrong(f"{SETTLE_S:.0f} s after the last step: {error!s:.2000}") from error
            await asyncio.sleep(LOOK_S)

    async def _nothing_is_behind(self) -> None:
        if gaps := await Followed(self._world.engine).gaps():
            raise Wrong(f"a gap of a stream that nobody lost, or more than one accept-gap: {gaps[0]}")
        serving = await self._serving()
        if held := await aside.held(self._world.engine, [one.name for one in serving]):
            raise Wrong(f"events are set aside: {held}")
        for generation in serving:
            for stream in generation.streams:
                progress = await self._world.broker.progress(stream, generation.durable(stream))
                if progress is None or progress.lag:
                    raise Wrong(f"{generation.durable(stream)} is behind: {progress}")

    async def _equal(self, wanted: Mapping[tuple[str, str], oracle.Contents]) -> None:
        for collection in COLLECTIONS:
            serving = (await self._world.registry.serving(collection)).name
            for tenant in self._producer.said.states:
                if not wanted.get((collection, tenant)):
                    continue
                led = list(await self._world.engine.indices.get_alias(name=f"{collection}.{tenant}"))
                if led != [f"{serving}-{tenant}"]:
                    raise Wrong(f"{collection}.{tenant} leads to {led}, though {serving} serves")
                found = await kit.contents(self._world.engine, collection, tenant)
                oracle.compare(f"{collection}.{tenant}", oracle.stored(collection, found), wanted[collection, tenant])

    async def dead_letters(self) -> None:
        """Raise Wrong where a good event was given up."""
        with suppress(NoStream):
            js = self._world.client.jetstream()
            info = await js.stream_info(DEAD_LETTERS)
            # A stream that was just made, and is empty, begins at 0, which is no position.
            for position in range(max(info.state.first_seq, 1), info.state.last_seq + 1):
                message = await js.get_msg(DEAD_LETTERS, position)
                if message.data != BAD:
                    raise Wrong(f"a good event is in the dead letters: {message.headers} {message.data!r:.300}")
