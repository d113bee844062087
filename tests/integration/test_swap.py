"""A swap that is cut off, anywhere: whoever comes next brings all in line with the one decision."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import kit
import pytest
from apikit import Api, Company
from mortal import Fate, Killed, at_call, subject_to
from opensearchpy.exceptions import TransportError
from prometheus_client import REGISTRY
from reindexkit import Flow, Site, Watcher

from indexers import building, copying, following_up, reconcile, service
from indexers.decisions import Overtaken
from indexers.reindex import Reindex
from search.core.endpoints import Endpoints
from search.core.errors import OfficeSearchError

SHOP, ASKED = "shop", "asked"
RENEW_S, SILENT_S, ABANDONED_S, FOLLOW_UP_S = 0.5, 3.0, 6.0, 0.5

decided = at_call("index", id="serving/apps", build=None)
BEFORE: Mapping[str, Fate | str] = {
    "after the right to build was taken": Fate(at_call("index", id="serving/apps")),
    "after the generation was recorded": Fate(at_call("index", op_type="create", state="building")),
    "after its consumers": Fate(at_call("ensure_consumer")),
    "in the middle of the copy": Fate(at_call("transport.perform_request"), turn=3),
    "after the copy": "follow the stream",
    "after it caught up": "compare counts",
    "before the decision": "swap",
}
AFTER: Mapping[str, Fate] = {
    "after the decision": Fate(decided),
    "before the aliases moved": Fate(at_call("indices.update_aliases"), after=False),
    "after the aliases moved": Fate(at_call("indices.update_aliases")),
    "after the old one was retired": Fate(at_call("index", state="retired")),
    "after the old consumers went": Fate(at_call("delete_consumer")),
    "after the old indices went in part": Fate(at_call("indices.delete")),
}


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small pages, and little patience."""
    monkeypatch.setattr(copying, "PAGE", 7)
    monkeypatch.setattr(following_up, "NAMES", 1)
    monkeypatch.setattr(building, "RENEW_S", RENEW_S)
    monkeypatch.setattr(building, "SILENT_S", SILENT_S)
    monkeypatch.setattr(reconcile, "ABANDONED_S", ABANDONED_S)
    monkeypatch.setattr(service, "FOLLOW_UP_S", FOLLOW_UP_S)


@pytest.fixture(scope="module")
async def apps(site: Site) -> Flow:
    flow = Flow(site.broker, "apps")
    await flow.begin(SHOP, 30)
    await kit.settled(site.broker, site.engine)
    return flow


@pytest.fixture(scope="module")
async def asked(site: Site, api: Api) -> Company:
    """A tenant whose one app is searched for all the time."""
    company = Company(api, site.broker, site.engine, ASKED)
    company.role(kit.ALL_MODULES, id="default")
    company.user(id="u")
    company.app()
    await company.arrive()
    return company


@asynccontextmanager
async def answered(company: Company) -> AsyncIterator[None]:
    """Meanwhile every answer is the whole truth, or says that it is none."""
    stop = asyncio.Event()

    async def ask() -> None:
        while not stop.is_set():
            response = await company.api.get("u", q=company.topic, tenant=ASKED, verticals="apps")
            if response.status_code != 503:
                answer = response.json()
                assert answer["failed"] == ["apps"] or answer["sections"]["apps"]["total"] == 1, answer
            await asyncio.sleep(0.05)

    task = asyncio.create_task(ask())
    try:
        yield
    finally:
        stop.set()
    await task


async def cut_off(site: Site, fate: Fate | str) -> None:
    """A reindex that dies there."""
    dying, watcher = fate, Watcher()
    if isinstance(fate, str):
        dying = Fate()
        watcher = Watcher(**{fate.replace(" ", "_"): dying.die})
    assert isinstance(dying, Fate)
    with pytest.raises(Killed):
        await Reindex(subject_to(dying, site.resources), watcher).run("apps")


async def serving(site: Site) -> str:
    return (await site.registry.serving("apps")).name


async def following(site: Site, turns: int = 1) -> str:
    """The name that the next build gets; or the one after that."""
    return f"apps-{(await site.registry.decision('apps')).last + turns:06d}"


async def in_line(site: Site, apps: Flow, name: str) -> None:
    """One generation serves, nothing of another is left, and nothing that was said is lost."""

    async def is_so() -> bool:
        indices = await site.indices("apps")
        pointed = {index for led in (await site.aliases("apps")).values() for index in led}
        decision = (await site.registry.decisions.of(["apps"])).get("apps")
        decided = decision is not None and decision.build is None
        return decided and await site.states("apps") == {name: "serving"} and pointed == indices

    await kit.until(is_so, f"{name} to serve alone", 60)
    await apps.begin(SHOP, 2)
    await kit.settled(site.broker, site.engine)
    await site.only_serves("apps", name)
    assert await site.found("apps", SHOP) == apps.said[SHOP]


def steps(kind: str) -> float:
    return REGISTRY.get_sample_value("office_search_brought_in_line_total", {"step": kind}) or 0.0


async def is_told() -> bool:
    """Whether the indexers' metrics say that a build of the apps gives no sign of life."""
    return (REGISTRY.get_sample_value("office_search_build_silent_seconds", {"collection": "apps"}) or 0.0) > RENEW_S


@pytest.mark.parametrize("point", BEFORE)
async def test_before_the_decision_the_old_one_serves_and_the_indexers_clear_the_new_one_away(
    site: Site, apps: Flow, asked: Company, point: str
) -> None:
    old = await serving(site)
    released = steps("release")
    async with answered(asked):
        await cut_off(site, BEFORE[point])
        await kit.until(is_told, "the build to be silent")
        await in_line(site, apps, old)
    assert steps("release") > released


@pytest.mark.parametrize("point", AFTER)
async def test_from_the_decision_on_the_new_one_serves_and_the_indexers_carry_it_out(
    site: Site, apps: Flow, asked: Company, point: str
) -> None:
    new = await following(site)
    async with answered(asked):
        await cut_off(site, AFTER[point])
        await in_line(site, apps, new)


@pytest.mark.parametrize("step", ["follow_the_stream", "swap"])
async def test_a_process_that_is_killed_leaves_no_more_than_that(
    site: Site, apps: Flow, asked: Company, world: Endpoints, step: str
) -> None:
    """By the kernel: `swap` comes just before the decision, so there it dies when that is stored."""
    expected = await serving(site) if step == "follow_the_stream" else await following(site)
    own = {
        "OPENSEARCH_URL": world.opensearch_url,
        "BROKER_URL": world.broker_url,
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    async with answered(asked):
        child = await asyncio.create_subprocess_exec(sys.executable, __file__, step, env=os.environ | own)
        assert await asyncio.wait_for(child.wait(), 120) == -signal.SIGKILL
        await in_line(site, apps, expected)


@pytest.mark.parametrize(
    "fate", [Fate(at_call("transport.perform_request"), turn=2), Fate(decided)], ids=["building", "decided"]
)
async def test_the_next_reindex_goes_on_from_whatever_was_left(
    site: Site, apps: Flow, fate: Fate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without any help of the indexers."""
    monkeypatch.setattr(service, "FOLLOW_UP_S", 3600.0)
    monkeypatch.setattr(reconcile, "ABANDONED_S", 3600.0)
    new = await following(site, 2)
    await cut_off(site, fate)

    async def is_accepted() -> bool:
        with contextlib.suppress(OfficeSearchError):
            await site.reindex("apps", restart=True)
            return True
        return False

    if (await site.registry.decision("apps")).build:
        with pytest.raises(OfficeSearchError, match="which lives"):
            await site.reindex("apps", restart=True)
        await asyncio.sleep(SILENT_S)
        with pytest.raises(OfficeSearchError, match=r"no sign of life .* reindex apps --restart"):
            await site.reindex("apps")
    await kit.until(is_accepted, "a restart")
    await in_line(site, apps, new)


async def test_aliases_that_the_engine_refuses_to_move_are_told_and_moved_later(
    site: Site, apps: Flow, asked: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = await following(site)

    async def refused(*args: Any, **given: Any) -> Any:
        raise TransportError(500, "refused")

    monkeypatch.setattr(type(site.engine.indices), "update_aliases", refused)
    async with answered(asked):
        with pytest.raises(OfficeSearchError, match=f"decided that {new} serves, but .*indexers"):
            await site.reindex("apps")
        monkeypatch.undo()
        await in_line(site, apps, new)


async def test_a_builder_that_was_stopped_and_goes_on_later_neither_decides_nor_harms(
    site: Site, apps: Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconcile, "ABANDONED_S", 3600.0)
    new, newer = await following(site), await following(site, 2)
    stopped = asyncio.Event()

    class Stopped(Reindex):
        async def _compare(self, *given: Any) -> None:
            await super()._compare(*given)
            await stopped.wait()

    async def gives_no_sign(*_: object) -> None:
        await asyncio.sleep(3600)

    with monkeypatch.context() as silent:
        silent.setattr(building.Lease, "_sign", gives_no_sign)
        silent.setattr(building.Lease, "keep", lambda lease: None)
        task = asyncio.create_task(Stopped(site.resources, Watcher()).run("apps"))

        async def is_built() -> bool:
            return (await site.states("apps")).get(new) == "building" and not task.done()

        await kit.until(is_built, "a second generation")
        await asyncio.sleep(SILENT_S)
    built = await site.reindex("apps", restart=True)
    stopped.set()
    with pytest.raises(OfficeSearchError):
        await task
    assert built.generation == newer
    await in_line(site, apps, built.generation)


async def test_whoever_is_overtaken_while_building_ends_by_itself(site: Site, apps: Flow) -> None:
    old = await serving(site)

    async def overtake() -> None:
        decision = await site.registry.decision("apps")
        await site.registry.decisions.change(decision, build=None)

    class Waits(Reindex):
        async def _compare(self, *given: Any) -> None:
            await overtake()
            await asyncio.sleep(3600)

    with pytest.raises(Overtaken, match="has taken the place of this one"):
        await Waits(site.resources, Watcher()).run("apps")
    await in_line(site, apps, old)


async def test_what_an_older_version_left_half_swapped_is_brought_in_line(site: Site, apps: Flow) -> None:
    """No decision, two that say they serve, and both under one alias."""
    last = (await site.registry.decision("apps")).last
    new = await site.registry.create("apps", {}, last + 1)

    async def is_filled() -> bool:
        return bool(await site.engine.indices.exists(index=new.index(SHOP)))

    await kit.until(is_filled, "the indexers to follow the new one")
    await kit.settled(site.broker, site.engine)
    await site.engine.indices.put_alias(index=new.index(SHOP), name=f"apps.{SHOP}")
    await site.registry.change(new, "serving")
    await site.engine.delete(index="generations", id="serving/apps", params={"refresh": "true"})
    await in_line(site, apps, new.name)


async def die_in(step: str) -> None:
    """What the subprocess does: it begins a reindex and is killed at a step."""
    from analyzers import Lexicons
    from search import bootstrap
    from search.commands.endpoints import resolve
    from search.core.settings import Settings

    def end() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    copying.PAGE = 7
    settings = Settings()
    async with bootstrap.write_side(settings, resolve(settings), kit.CATALOGUE, Lexicons()) as resources:
        if step == "swap":
            await Reindex(subject_to(Fate(decided, end=end), resources), Watcher()).run("apps")
        await Reindex(resources, Watcher(**{step: end})).run("apps")


if __name__ == "__main__":
    asyncio.run(die_in(sys.argv[1]))
