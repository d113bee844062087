"""What tests of reindexing say things with: events that never stop, a site to work on, what it must look like."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count, takewhile
from typing import Any

import kit
from kit import CATALOGUE, COLLECTIONS
from nats.aio.client import Client
from opensearchpy import AsyncOpenSearch

from indexers.builder import Built
from indexers.generations import Registry
from indexers.reindex import Reindex
from indexers.resources import Resources
from search.core.settings import Settings
from search.core.streams.nats.names import stream_name
from search.core.streams.port import Broker

TENANTS = ("acme", "beta")

MADE: Mapping[str, tuple[str, Callable[[str, str], dict[str, Any]]]] = {
    "messages": ("message", lambda id, text: kit.message(id, text, conversation_id="c-1", sender_id="u-1")),
    "contacts": ("user", kit.user),
    "docs": ("doc", lambda id, text: kit.doc(id, text, text, owner_id="u-1")),
    "apps": ("app", kit.app),
}
"""Of each vertical an entity, and how one of it is made."""


class Watcher:
    """Tells a test which step a build has come to, and does there what the test wants."""

    def __init__(self, **at: Callable[[], Awaitable[None]] | Callable[[], None]) -> None:
        self.steps: list[str] = []
        self.copied = 0
        self.at = {name.replace("_", " "): act for name, act in at.items()}
        self.acts: list[asyncio.Task[None]] = []

    def step(self, name: str, total: int | None = None) -> None:
        self.steps.append(name)
        if act := self.at.get(name):
            done = act()
            if done is not None:
                self.acts.append(asyncio.ensure_future(done))

    def advance(self, documents: int) -> None:
        self.copied += documents


@dataclass
class Flow:
    """Events of one vertical that never stop, and what must be found of them: id → version, whether it is deleted."""

    broker: Broker
    vertical: str
    said: dict[str, dict[str, tuple[int, bool]]] = field(default_factory=dict)
    _versions: Any = field(default_factory=lambda: count(1))
    _ids: Any = field(default_factory=lambda: count(1))

    async def say(self, tenant: str, id: str, *, ends: bool = False) -> None:
        entity, make = MADE[self.vertical]
        version = next(self._versions)
        if ends:
            event = kit.deleted(entity, id, tenant=tenant, version=version)
        else:
            event = kit.event(entity, make(id, f"第{version}版"), tenant=tenant, version=version)
        await self.broker.publish(COLLECTIONS[self.vertical].stream, event)
        stored = COLLECTIONS[self.vertical].document_id(entity, id)
        self.said.setdefault(tenant, {})[stored] = (version, ends)

    async def begin(self, tenant: str, number: int) -> None:
        """A company of `number` entities, one in ten of them deleted."""
        ids = [f"{tenant}-{next(self._ids)}" for _ in range(number)]
        for id in ids:
            await self.say(tenant, id)
        for id in ids[::10]:
            await self.say(tenant, id, ends=True)

    @asynccontextmanager
    async def flowing(self) -> AsyncIterator[None]:
        """New ones, changes of old ones and deletes, until the block is left."""

        flows = True

        async def flow() -> None:
            for turn in takewhile(lambda _: flows, count()):
                for tenant in TENANTS:
                    id = f"{tenant}-flow-{turn}"
                    await self.say(tenant, id)
                    await self.say(tenant, f"{tenant}-flow-{turn // 2}")
                    if turn % 5 == 0:
                        await self.say(tenant, f"{tenant}-flow-{turn // 3}", ends=True)
                # A steady stream; without a pause this is a race for the processor, which nobody wins.
                await asyncio.sleep(0.02)

        task = asyncio.create_task(flow())
        try:
            yield
        finally:
            flows = False
            await task


@dataclass
class Site:
    """What a reindex works on, and what it must leave behind."""

    broker: Broker
    client: Client
    engine: AsyncOpenSearch
    resources: Resources
    settings: Settings

    @property
    def registry(self) -> Registry:
        return Registry(self.engine, CATALOGUE)

    async def reindex(self, vertical: str, watcher: Watcher | None = None, *, restart: bool = False) -> Built:
        work = Reindex(self.resources, watcher or Watcher())
        return await work.run(vertical, restart=restart)

    async def found(self, vertical: str, tenant: str) -> dict[str, tuple[int, bool]]:
        """What serves: id → version, whether it is a tombstone."""
        stored = await kit.contents(self.engine, vertical, tenant)
        return {id: (version, "tombstone" in source) for id, (version, source) in stored.items()}

    async def indices(self, vertical: str) -> set[str]:
        return set(await self.engine.indices.get(index=f"{vertical}-*"))

    async def aliases(self, vertical: str) -> dict[str, set[str]]:
        """Alias → the indices that it points to."""
        found: dict[str, set[str]] = {}
        for index, about in (await self.engine.indices.get_alias(name=f"{vertical}.*")).items():
            for name in about["aliases"]:
                found.setdefault(name, set()).add(index)
        return found

    async def consumers(self, vertical: str) -> set[str]:
        names = set()
        for subject in CATALOGUE.streams_of(vertical):
            names |= {info.name for info in await self.client.jetstream().consumers_info(stream_name(subject))}
        return {name for name in names if name.startswith(vertical)}

    async def states(self, vertical: str) -> dict[str, str]:
        return {g.name: g.state for g in await self.registry.all() if g.collection == vertical and g.state != "retired"}

    async def only_serves(self, vertical: str, generation: str) -> None:
        """No index, alias, consumer or record but this generation's; an indexer that just looked may take a second."""
        tenants = {name.removeprefix(f"{generation}-") for name in await self.indices(vertical)}

        async def consumers_are_gone() -> bool:
            return await self.consumers(vertical) == {generation}

        await kit.until(consumers_are_gone, "the other generations' consumers to be gone")
        assert await self.states(vertical) == {generation: "serving"}
        assert await self.indices(vertical) == {f"{generation}-{tenant}" for tenant in tenants}
        assert await self.aliases(vertical) == {
            f"{vertical}.{tenant}": {f"{generation}-{tenant}"} for tenant in tenants
        }
