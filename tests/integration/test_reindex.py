"""A generation built beside the one that serves, while events flow: nothing is lost, nothing is left behind."""

from __future__ import annotations

import asyncio
import os
import re
from contextlib import suppress
from typing import Any

import kit
import pytest
from kit import VERTICALS
from reindexkit import TENANTS, Flow, Site, Watcher

from analyzers import Lexicons
from indexers import copying
from indexers import reindex as reindexing
from indexers.aside import held
from indexers.followers import ensure_consumer
from indexers.generations import Generation
from indexers.indices import Indices
from indexers.reindex import Reindex
from search.core.errors import OfficeSearchError
from search.core.streams.nats.names import stream_name

SHOP = "shop"
STEPS = ("copy", "follow the stream", "compare counts")


@pytest.fixture(autouse=True)
def many_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copying, "PAGE", 7)


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


class Held(Reindex):
    """One whose new index is blocked when an event comes for it, until the block is lifted."""

    def __init__(self, site: Site, watcher: Watcher, flow: Flow) -> None:
        super().__init__(site.resources, watcher)
        self._flow = flow
        self.index = ""

    async def _compare(self, old: Generation, new: Generation, rejected: int) -> None:
        self.index = new.index(SHOP)
        await self._engine.indices.put_settings(index=self.index, body={"index.blocks.write": True})
        await self._flow.say(SHOP, next(iter(self._flow.said[SHOP])))

        async def is_aside() -> bool:
            return SHOP in (await held(self._engine, [new.name])).get(new.name, {})

        await kit.until(is_aside, "the event to be set aside")
        await super()._compare(old, new, rejected)

    async def lift(self) -> None:
        await self._engine.indices.put_settings(index=self.index, body={"index.blocks.write": None})


async def test_what_is_aside_of_the_new_one_is_written_before_it_serves(site: Site, apps: Flow) -> None:
    compared, swapped = asyncio.Event(), asyncio.Event()
    reindex = Held(site, Watcher(swap=swapped.set), apps)
    require = reindex._require_nothing_aside

    async def noting(old: Generation, new: Generation) -> None:
        compared.set()
        await require(old, new)

    reindex._require_nothing_aside = noting  # type: ignore[method-assign]
    running = asyncio.create_task(reindex.run("apps"))
    async with asyncio.timeout(60):
        await compared.wait()
    with suppress(TimeoutError):
        async with asyncio.timeout(0.5):
            await swapped.wait()
    assert not swapped.is_set()
    await reindex.lift()
    await running
    assert await site.found("apps", SHOP) == apps.said[SHOP]


async def test_what_stays_aside_of_the_new_one_keeps_it_from_serving(
    site: Site, apps: Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reindexing, "STALLED_S", 1.0)
    (old,) = await site.states("apps")
    with pytest.raises(OfficeSearchError, match=f"Events of {SHOP} cannot be written"):
        await Held(site, Watcher(), apps).run("apps")
    await kit.settled(site.broker, site.engine)
    await site.only_serves("apps", old)


async def test_events_aside_that_the_stream_holds_no_more_are_not_lost_by_reindexing(site: Site) -> None:
    """What is aside is their only copy, and a new generation would begin behind them."""
    tenant, blocked = "aged", f"{(await site.registry.serving('apps')).name}-aged"
    await kit.publish(site.broker, [kit.event("app", kit.app("a-1", "请假"), tenant=tenant)])
    await kit.settled(site.broker, site.engine)

    async def is_there() -> bool:
        return "a-1" in await kit.contents(site.engine, "apps", tenant)

    await kit.until(is_there, "the index to be made")
    await site.engine.indices.put_settings(index=blocked, body={"index.blocks.write": True})
    await kit.publish(site.broker, [kit.deleted("app", "a-1", tenant=tenant, version=9)])
    (serving,) = await site.states("apps")

    async def is_aside() -> bool:
        return tenant in (await held(site.engine, [serving])).get(serving, {})

    await kit.until(is_aside, "the recall to be set aside")
    await kit.settled(site.broker, site.engine)
    await site.client.jetstream().purge_stream(stream_name("changes.apps"))
    with pytest.raises(OfficeSearchError, match=r"set aside for .*, and the stream holds them no more"):
        await site.reindex("apps")
    await site.engine.indices.put_settings(index=blocked, body={"index.blocks.write": None})

    async def is_written() -> bool:
        return not (await held(site.engine, [serving])).get(serving)

    await kit.until(is_written, "nothing to be aside")
    await site.reindex("apps")
    assert (await kit.contents(site.engine, "apps", tenant))["a-1"] == (9, {"tombstone": True})


async def test_a_second_build_is_refused_while_one_is_under_way(site: Site, apps: Flow) -> None:
    refused: list[str] = []

    async def second() -> None:
        for restart in (False, True):
            with pytest.raises(OfficeSearchError) as error:
                await site.reindex("apps", restart=restart)
            refused.append(str(error.value))

    watcher = Watcher(copy=second)
    built = await site.reindex("apps", watcher)
    await asyncio.gather(*watcher.acts)
    since = f"{built.generation} is being built since .* UTC by process {os.getpid()} on .*, which lives"
    assert re.match(f"{since}. Wait until it is done", refused[0])
    assert re.match(f"{since}. It cannot be restarted. Wait until it is done", refused[1])
    assert not any("--restart" in text for text in refused)
    await site.only_serves("apps", built.generation)


async def test_a_build_whose_process_was_killed_is_begun_anew_on_demand(site: Site, apps: Flow) -> None:
    old = await site.registry.serving("apps")
    left = await site.registry.create("apps", old.starts)
    await ensure_consumer(site.broker, left, "changes.apps", 5)
    await Indices(site.engine, site.registry, left, site.settings.indices, Lexicons()).ensure(SHOP)
    with pytest.raises(OfficeSearchError, match=f"{left.name} was begun and not finished.*reindex apps --restart"):
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
