"""How each step of a story is done to a world."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping
from typing import Any

from chaos import story
from chaos.hands import Hands, Producer
from chaos.processes import killed_in_the_end
from chaos.sight import Wrong
from chaos.story import Act, name
from chaos.world import World, patiently
from nats.js.errors import NotFoundError as NoStream
from opensearchpy.exceptions import NotFoundError

from search.core.streams.nats.names import stream_name

PULSE_S = 0.1
REINDEX_S = 240.0
_numbers = itertools.count(1)


class Faults:
    """Does what a story says; a fault that lasts is over when its call returns. `notes`: what is worth telling."""

    def __init__(self, world: World, producer: Producer, hands: Hands) -> None:
        self.notes: list[str] = []
        self._world = world
        self._producer = producer
        self._hands = hands

    async def do(self, act: Act) -> str:
        """Do it, and return what came of it in some words. Raises Wrong where that is not what may be."""
        match act:
            case story.Kill() | story.Stop() | story.SlowDisk():
                return await self._to_processes(act)
            case story.LoseConsumer() | story.LoseAlias() | story.LoseIndex() | story.LoseStream():
                return await self._lose(act)
            case story.Block() | story.BlockAll() | story.NoMoreShards():
                return await self._refuse(act)
            case story.Reindex(vertical, killed_after):
                return await self._reindex(vertical, killed_after)
            case story.NewTenant(tenant):
                self._producer.found(name(tenant))
                return "founded"
            case story.Check():
                raise AssertionError("a check is no fault")

    async def _to_processes(self, act: story.Kill | story.Stop | story.SlowDisk) -> str:
        match act:
            case story.Kill(target, part):
                return self._world.kill(target, part)
            case story.Stop(target, seconds):
                async with self._world.stopped(target):
                    await asyncio.sleep(seconds)
            case story.SlowDisk(seconds):
                await self._slow_disk(seconds)
        return "it goes on"

    async def _lose(self, act: story.LoseConsumer | story.LoseAlias | story.LoseIndex | story.LoseStream) -> str:
        match act:
            case story.LoseConsumer(collection, stream):
                return await self._lose_consumer(collection, stream)
            case story.LoseAlias(collection, tenant):
                return await patiently(lambda: self._lose_alias(collection, name(tenant)), "delete an alias")
            case story.LoseIndex(collection, tenant):
                return await self._lose_index(collection, name(tenant))
            case story.LoseStream(stream):
                return await self._lose_stream(stream)

    async def _refuse(self, act: story.Block | story.BlockAll | story.NoMoreShards) -> str:
        match act:
            case story.Block(collection, tenant, setting, seconds):
                return await self._block(f"{collection}.{name(tenant)}", setting, seconds)
            case story.BlockAll(seconds):
                await self._set_for(seconds, "cluster.blocks.read_only", True)
            case story.NoMoreShards(seconds):
                await self._set_for(seconds, "cluster.max_shards_per_node", 1)
        return "lifted"

    async def _slow_disk(self, seconds: float) -> None:
        for _ in range(int(seconds / PULSE_S / 2)):
            async with self._world.stopped(story.ENGINE):
                await asyncio.sleep(PULSE_S)
            await asyncio.sleep(PULSE_S)

    async def _lose_consumer(self, collection: str, stream: str) -> str:
        async def act() -> str:
            generation = await self._world.registry.serving(collection)
            await self._world.broker.delete_consumer(stream, generation.durable(stream))
            return f"that of {generation.name}"

        return await patiently(act, "delete a consumer")

    async def _lose_alias(self, collection: str, tenant: str) -> str:
        index = await self._index(f"{collection}.{tenant}")
        if index is None:
            return "there was none"
        await self._world.engine.indices.delete_alias(index=index, name=f"{collection}.{tenant}")
        return f"it led to {index}"

    async def _lose_index(self, collection: str, tenant: str) -> str:
        async def act() -> str | None:
            # The index itself is named by its generation: an alias may be lost too.
            index = (await self._world.registry.serving(collection)).index(tenant)
            if not await self._world.engine.indices.exists(index=index):
                return None
            await self._world.engine.indices.delete(index=index)
            return index

        index = await patiently(act, "delete an index")
        if index is None:
            return "there was none"
        await self._hands.rebuild(collection)
        return f"{index} was lost, {collection} rebuilt"

    async def _lose_stream(self, stream: str) -> str:
        self._hands.lost.add(stream)

        async def act() -> bool:
            try:
                return bool(await self._world.client.jetstream().delete_stream(stream_name(stream)))
            except NoStream:
                return False

        was_there = await patiently(act, "delete a stream")
        if stream == "dead_letters":
            self._hands.lost.discard(stream)
            return "done" if was_there else "there was none"
        await self._hands.make_good(stream)
        return "published again and accepted"

    async def _block(self, alias: str, setting: str, seconds: float) -> str:
        index = await patiently(lambda: self._index(alias), "find an index")
        if index is None:
            return "there was none"
        try:
            await patiently(lambda: self._set_index(index, {f"index.blocks.{setting}": True}), "block an index")
            await asyncio.sleep(seconds)
        finally:
            await patiently(lambda: self._set_index(index, {f"index.blocks.{setting}": None}), "lift a block")
        return f"{index}, lifted again"

    async def _index(self, alias: str) -> str | None:
        try:
            return str(next(iter(await self._world.engine.indices.get_alias(name=alias))))
        except NotFoundError:
            return None

    async def _set_index(self, index: str, settings: Mapping[str, Any]) -> None:
        try:
            await self._world.engine.indices.put_settings(index=index, body=dict(settings))
        except NotFoundError:
            return  # retired meanwhile, or lost

    async def _set_for(self, seconds: float, setting: str, value: object) -> None:
        async def put(value: object) -> None:
            await self._world.engine.cluster.put_settings(body={"persistent": {setting: value}})

        try:
            await patiently(lambda: put(value), f"set {setting}")
            await asyncio.sleep(seconds)
        finally:
            await patiently(lambda: put(None), f"lift {setting}")

    async def _reindex(self, vertical: str, killed_after: float | None) -> str:
        """Reindex; that it fails with a sentence, as all else is disturbed, is nobody's fault."""
        command = self._world.command("reindex", vertical, log=f"reindex {next(_numbers)}")
        with killed_in_the_end(command):
            status = await command.ended(REINDEX_S if killed_after is None else killed_after)
            if status is None and killed_after is not None:
                return "killed"
            if status is None:
                raise Wrong(f"a reindex did not end in {REINDEX_S:.0f} s: {command.last_words()}")
        if "Traceback" in (words := command.last_words(200)):
            self.notes.append(f"reindex {vertical} ended with a traceback: {words[-600:]}")
        return "succeeded" if status == 0 else f"refused: {command.sentence():.250}"
