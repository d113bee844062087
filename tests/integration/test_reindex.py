"""A generation built beside the one that serves, while events flow: nothing is lost, nothing is left behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count, takewhile
from typing import Any

import kit
import pytest
from kit import CATALOGUE, COLLECTIONS, VERTICALS
from nats.aio.client import Client
from opensearchpy import AsyncOpenSearch

from analyzers import Lexicons
from indexers import reindex as reindexing
from indexers.followers import ensure_consumer
from indexers.generations import Generation, Indices, Registry
from indexers.reindex import Built, Reindex
from indexers.resources import Resources
from search import bootstrap
from search.core.endpoints import Endpoints
from search.core.errors import OfficeSearchError
from search.core.settings import Settings
from search.core.streams.nats.names import stream_name
from search.core.streams.port import Broker

TENANTS = ("acme", "beta")
SHOP = "shop"
STEPS = ("copy", "follow the stream", "compare counts")

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


@pytest.fixture(scope="module")
async def site(
    indexers: None, world: Endpoints, settings: Settings, engine: AsyncOpenSearch, broker: Broker, client: Client
) -> AsyncIterator[Site]:
    async with bootstrap.write_side(settings, world, CATALOGUE, Lexicons()) as resources:
        yield Site(broker, client, engine, resources, settings)


@pytest.fixture(autouse=True)
def many_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reindexing, "PAGE", 7)


@pytest.fixture(scope="module")
async def apps(site: Site) -> Flow:
    """A small app store, for what is the same in every vertical."""
    flow = Flow(site.broker, "apps")
    await flow.begin(SHOP, 40)
    await kit.settled(site.broker, site.engine)
    return flow


@pytest.mark.parametrize("vertical", VERTICALS)
async def test_every_event_that_flows_meanwhile_is_found_afterwards(site: Site, vertical: str) -> None:
    flow = Flow(site.broker, vertical)
    for tenant in TENANTS:
        await flow.begin(tenant, 30)
    await kit.settled(site.broker, site.engine)
    (old,) = await site.states(vertical)
    # Tenants whose first event comes when the copy is done, and just before the swap.
    watcher = Watcher(
        follow_the_stream=lambda: flow.begin("late", 2),
        compare_counts=lambda: flow.begin("last", 2),
    )
    async with flow.flowing():
        built = await site.reindex(vertical, watcher)
        await asyncio.gather(*watcher.acts)
    await kit.settled(site.broker, site.engine)
    assert (built.retired, built.rejected) == (old, [])
    assert built.documents == watcher.copied >= 60
    assert watcher.steps == [*STEPS, "swap"]
    assert set(flow.said) == {*TENANTS, "late", "last"}
    for tenant, said in flow.said.items():
        assert await site.found(vertical, tenant) == said
    await site.only_serves(vertical, built.generation)


async def test_what_was_built_is_followed_from_then_on(site: Site, apps: Flow) -> None:
    await site.reindex("apps")
    await apps.begin(SHOP, 5)
    await apps.begin("newcomer", 5)
    await kit.settled(site.broker, site.engine)
    for tenant in (SHOP, "newcomer"):
        assert await site.found("apps", tenant) == apps.said[tenant]


async def test_usage_is_reindexed_like_any_other(site: Site) -> None:
    data = {"user_id": "u-1", "app_id": "a-1", "action": "open", "at": "2026-03-02T09:15:04Z"}
    events = [kit.event("usage", data, tenant="acme", verb="recorded", subject=f"us-{n}") for n in range(10)]
    await kit.publish(site.broker, events)
    await kit.settled(site.broker, site.engine)
    built = await site.reindex("usage")
    assert len(await site.found("usage", "acme")) == built.documents == 10


# Given up


@pytest.mark.parametrize("step", STEPS)
async def test_a_build_that_is_cut_off_leaves_nothing_behind(site: Site, apps: Flow, step: str) -> None:
    (old,) = await site.states("apps")
    task = asyncio.create_task(site.reindex("apps", Watcher(**{step.replace(" ", "_"): lambda: _cancel(task)})))
    with pytest.raises(asyncio.CancelledError):
        await task
    await site.only_serves("apps", old)
    await apps.begin(SHOP, 2)
    await kit.settled(site.broker, site.engine)
    assert await site.found("apps", SHOP) == apps.said[SHOP]


async def test_a_copy_that_is_cut_off_in_the_middle_leaves_nothing_behind(site: Site, apps: Flow) -> None:
    (old,) = await site.states("apps")

    class InTheMiddle(Watcher):
        def advance(self, documents: int) -> None:
            super().advance(documents)
            if self.copied > 2 * documents:
                task.cancel()

    task = asyncio.create_task(site.reindex("apps", InTheMiddle()))
    with pytest.raises(asyncio.CancelledError):
        await task
    await site.only_serves("apps", old)


async def test_a_generation_that_lacks_a_document_does_not_get_to_serve(site: Site, apps: Flow) -> None:
    (old,) = await site.states("apps")

    class Lossy(Reindex):
        """Loses a document before it counts; not by a watcher, which is told of a step and not waited for."""

        async def _compare(self, old: Generation, new: Generation, rejected: int) -> None:
            lost = next(iter(apps.said[SHOP]))
            await site.engine.delete(index=new.index(SHOP), id=lost)
            await super()._compare(old, new, rejected)

    with pytest.raises(OfficeSearchError, match=r"holds \d+ documents, .* \d+ to \d+; 0 were rejected. The old one"):
        await Lossy(site.resources, Watcher()).run("apps")
    await site.only_serves("apps", old)
    assert await site.found("apps", SHOP) == apps.said[SHOP]


# One at a time


async def test_a_second_build_is_refused_while_one_is_under_way(site: Site, apps: Flow) -> None:
    refused: list[str] = []

    async def second() -> None:
        with pytest.raises(OfficeSearchError) as error:
            await site.reindex("apps")
        refused.append(str(error.value))

    watcher = Watcher(copy=second)
    built = await site.reindex("apps", watcher)
    await asyncio.gather(*watcher.acts)
    assert refused == [
        f"{built.generation} is being built already. "
        "If that build was cut off, run `office-search reindex apps --restart`."
    ]
    await site.only_serves("apps", built.generation)


async def test_a_build_whose_process_was_killed_is_begun_anew_on_demand(site: Site, apps: Flow) -> None:
    old = await site.registry.serving("apps")
    left = await site.registry.create("apps", old.starts)
    await ensure_consumer(site.broker, left, "changes.apps", 5)
    await Indices(site.engine, site.registry, left, site.settings.indices, Lexicons()).ensure(SHOP)
    with pytest.raises(OfficeSearchError, match=f"{left.name} is being built already"):
        await site.reindex("apps")
    built = await site.reindex("apps", restart=True)
    assert built.retired == old.name
    await site.only_serves("apps", built.generation)
    assert await site.found("apps", SHOP) == apps.said[SHOP]


@pytest.mark.parametrize("name", ["people", "directory", ""])
async def test_what_cannot_be_reindexed_is_told_from_what_can(site: Site, name: str) -> None:
    with pytest.raises(
        OfficeSearchError, match=f"There is no vertical '{name}'; there are contacts, docs, apps, messages"
    ):
        await site.reindex(name)


async def test_an_original_that_no_longer_passes_the_contract_is_reported_and_found_no_more(
    site: Site, apps: Flow
) -> None:
    """As after a release whose contract is stricter."""
    broken = {"original": kit.app("a-broken", "旧应用", kind="applet")}
    await site.engine.index(
        index=f"apps.{SHOP}", id="a-broken", body=broken, params={"version": 7, "version_type": "external"}
    )
    built = await site.reindex("apps")
    (reason,) = built.rejected
    assert reason.startswith("a-broken: data.kind: ")
    assert (await site.found("apps", SHOP))["a-broken"] == (7, True)
    apps.said[SHOP]["a-broken"] = (7, True)


def _cancel(task: asyncio.Task[Any]) -> None:
    task.cancel()
