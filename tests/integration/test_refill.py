"""One tenant's lost index is filled anew from the streams: whole or not there, and nobody else notices."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import kit
import pytest
from apikit import Api, Company
from mortal import Fate, Killed, at_call, subject_to
from reindexkit import Flow, Site, Watcher

from indexers import building, service
from indexers.followed import Followed, Gap
from indexers.refill import Refill, Refilled
from mappings import directory
from search.core.endpoints import Endpoints
from search.core.errors import OfficeSearchError
from search.core.streams.nats.names import stream_name
from search.health import readiness

HIT, SPARED = "hit", "spared"
APPS, DELETED = 40, 4
RENEW_S, SILENT_S = 0.1, 0.5
READ = "read the streams from their beginning"
PLACE = "put it in its place"


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "RENEW_S", RENEW_S)
    monkeypatch.setattr(building, "SILENT_S", SILENT_S)
    monkeypatch.setattr(readiness, "LOOK_S", 0.1)
    monkeypatch.setattr(service, "FOLLOW_UP_S", 0.5)


@pytest.fixture(scope="module")
async def flow(site: Site) -> Flow:
    flow = Flow(site.broker, "apps")
    for tenant in (HIT, SPARED):
        await flow.begin(tenant, APPS)
    return flow


@pytest.fixture(scope="module")
async def both(site: Site, api: Api, flow: Flow) -> tuple[Company, Company]:
    companies = Company(api, site.broker, site.engine, HIT), Company(api, site.broker, site.engine, SPARED)
    for company in companies:
        company.role(kit.ALL_MODULES, id="default")
        company.user(id="u")
        await company.arrive()
    return companies


@pytest.fixture
async def hit(both: tuple[Company, Company]) -> Company:
    async def is_known() -> bool:
        known = both[0].api.app.state.services.known
        return await whole(both[0]) and known("apps", HIT) and known(directory.NAME, HIT)

    await kit.until(is_known, "the tenant to be known")
    return both[0]


@pytest.fixture
def spared(both: tuple[Company, Company]) -> Company:
    return both[1]


async def apps_of(company: Company) -> int | None:
    """How many apps somebody finds; None where the answer says that it does not know."""
    response = await company.api.get("u", q="第", tenant=company.tenant, verticals="apps")
    if response.status_code == 503:
        return None
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    if answer["failed"]:
        assert answer["failed"] == ["apps"]
        return None
    return int(answer["sections"]["apps"]["total"])


async def whole(company: Company) -> bool:
    return (await apps_of(company) or 0) >= APPS - DELETED


@asynccontextmanager
async def watched(hit: Company, spared: Company) -> AsyncIterator[list[int | None]]:
    """Meanwhile one is told everything or that it is not known, and the other one everything."""
    stop = asyncio.Event()
    found: list[int | None] = []

    async def ask() -> None:
        while not stop.is_set():
            found.append(await apps_of(hit))
            assert found[-1] is None or found[-1] >= APPS - DELETED
            assert await whole(spared)
            await asyncio.sleep(0.05)

    task = asyncio.create_task(ask())
    try:
        yield found
    finally:
        stop.set()
    await task


async def lose(site: Site, collection: str) -> str:
    serving = await site.registry.serving(collection)
    await site.engine.indices.delete(index=serving.index(HIT))
    return serving.name


async def refill(site: Site, collection: str, watcher: Watcher | None = None, tenant: str = HIT) -> Refilled:
    return await Refill(site.resources, watcher or Watcher(), tenant).run(collection)


async def is_silent(site: Site) -> bool:
    build = (await site.registry.decision("apps")).build
    return build is not None and build.silent_s() > SILENT_S


async def is_as_said(site: Site, flow: Flow, generation: str) -> None:
    """Everything that was ever said is there, and nothing is left of what it was made of."""
    await kit.settled(site.broker, site.engine)

    async def has_all() -> bool:
        return await site.found("apps", HIT) == flow.said[HIT]

    await kit.until(has_all, "what was set aside to be written")
    await site.only_serves("apps", generation)
    assert await site.found("apps", SPARED) == flow.said[SPARED]
    assert (await site.registry.decision("apps")).build is None


async def test_a_lost_index_is_filled_anew_while_everybody_else_goes_on(
    site: Site, flow: Flow, hit: Company, spared: Company
) -> None:
    async with watched(hit, spared) as found:
        generation = await lose(site, "apps")
        for tenant in (HIT, SPARED):
            await flow.begin(tenant, 10)
        watcher = Watcher(**{PLACE.replace(" ", "_"): lambda: flow.begin(HIT, 1)})
        filled = await refill(site, "apps", watcher)
        await asyncio.gather(*watcher.acts)
        await kit.until(lambda: whole(hit), "the tenant to find everything")
    assert None in found
    assert filled.index == f"{generation}-{HIT}"
    assert filled.rejected == []
    assert filled.documents >= APPS + 10
    assert watcher.steps == [READ, PLACE]
    assert watcher.copied >= await site.broker.end("changes.apps") - 2
    await is_as_said(site, flow, generation)


async def test_an_index_in_doubt_serves_until_it_is_replaced(
    site: Site, flow: Flow, hit: Company, spared: Company
) -> None:
    generation = (await site.registry.serving("apps")).name
    index = f"{generation}-{HIT}"
    gone = next(id for id, (_, ends) in flow.said[HIT].items() if not ends)
    await site.engine.delete(index=index, id=gone, params={"refresh": "true"})
    async with flow.flowing():
        await refill(site, "apps")
    await is_as_said(site, flow, generation)
    meta = (await site.engine.indices.get_mapping(index=index))[index]["mappings"]["_meta"]
    assert meta["generation"] == generation
    blocks = (await site.engine.indices.get_settings(index=index))[index]["settings"]["index"].get("blocks", {})
    assert blocks.get("write") in (None, "false")


@pytest.mark.parametrize(
    "fate",
    [
        Fate(at_call("indices.create")),
        Fate(at_call("indices.add_block")),
        Fate(at_call("indices.clone"), after=False),
        Fate(at_call("indices.clone")),
    ],
    ids=["made", "blocked", "before it is cloned", "cloned"],
)
async def test_cut_off_anywhere_it_is_lost_or_whole_and_the_next_one_heals_it(
    site: Site, flow: Flow, hit: Company, spared: Company, fate: Fate
) -> None:
    async with watched(hit, spared):
        generation = await lose(site, "apps")
        with pytest.raises(Killed):
            await Refill(subject_to(fate, site.resources), Watcher(), HIT).run("apps")
        await kit.until(lambda: is_silent(site), "it to count as silent")
        await refill(site, "apps")
        await kit.until(lambda: whole(hit), "the tenant to find everything")
    await is_as_said(site, flow, generation)


async def test_killed_by_the_kernel_in_the_middle_it_is_lost_until_it_is_run_again(
    site: Site, flow: Flow, hit: Company, spared: Company, world: Endpoints
) -> None:
    own = {
        "OPENSEARCH_URL": world.opensearch_url,
        "BROKER_URL": world.broker_url,
        "PYTHONPATH": os.pathsep.join(sys.path),
        "OFFICE_SEARCH_BATCH_SIZE": "10",
    }
    async with watched(hit, spared):
        generation = await lose(site, "apps")
        child = await asyncio.create_subprocess_exec(sys.executable, __file__, env=os.environ | own)
        assert await asyncio.wait_for(child.wait(), 60) == -signal.SIGKILL
        assert not await whole(hit)
        decision = await site.registry.decision("apps")
        assert decision.build
        beside = f"apps-{decision.build.number:06d}"
        await site.engine.indices.refresh(index=f"{beside}-{HIT}")
        assert 0 < (await site.engine.count(index=f"{beside}-{HIT}"))["count"] < APPS
        await kit.until(lambda: is_silent(site), "it to count as silent")
        await refill(site, "apps")
        await kit.until(lambda: whole(hit), "the tenant to find everything")
    await is_as_said(site, flow, generation)


async def test_a_lost_directory_shuts_out_its_tenant_alone_until_it_is_whole(
    site: Site, hit: Company, spared: Company
) -> None:
    async def statuses() -> set[int]:
        return {await hit.status("u"), await hit.status("nobody")}

    await lose(site, directory.NAME)
    assert await statuses() == {503}
    hit.user(id="newcomer")
    hit.user(id="leaver", status="disabled")
    await hit.publish()
    seen: set[int] = set()
    acts: list[int] = []

    async def look() -> None:
        seen.update(await statuses())
        acts.append(await spared.status("u"))

    await refill(site, directory.NAME, Watcher(**{READ.replace(" ", "_"): look, PLACE.replace(" ", "_"): look}))
    assert seen == {503}
    assert set(acts) == {200}
    await kit.until(lambda: whole(hit), "the directory to be there again")
    assert [await hit.status(user) for user in ("newcomer", "leaver", "nobody")] == [200, 403, 403]
    assert await site.indices(directory.NAME) == {f"directory-000001-{one}" for one in (HIT, SPARED)}


async def test_what_cannot_be_is_refused_in_a_sentence(site: Site, hit: Company, spared: Company) -> None:
    with pytest.raises(OfficeSearchError, match="no vertical 'appz'"):
        await refill(site, "appz")
    with pytest.raises(OfficeSearchError, match=r"never had an index of 'hitt', .* tenants: .*hit, spared"):
        await refill(site, "apps", tenant="hitt")

    refused: list[str] = []

    class Meanwhile(Refill):
        async def _remove(self, *given: Any) -> None:
            for work in (refill(site, "apps"), site.reindex("contacts"), site.reindex("apps", restart=True)):
                try:
                    await work
                except OfficeSearchError as error:
                    refused.append(str(error))
            await super()._remove(*given)

    await Meanwhile(site.resources, Watcher(), HIT).run("apps")
    assert len(refused) == 2, "the other vertical is built meanwhile"
    assert all(f"The index of {HIT} in apps is being filled anew since" in one for one in refused)


async def test_it_is_refused_where_the_stream_is_another_or_lost_its_beginning(
    site: Site, hit: Company, spared: Company
) -> None:
    gap = Gap("apps", "changes.apps", "2026-03-02")
    body = {"is_gap": True, "collection": gap.collection, "stream": gap.stream, "since": gap.since}
    await site.engine.index(index="followed", id="gap:apps:changes.apps", body=body, params={"refresh": "true"})
    with pytest.raises(OfficeSearchError, match=r"lost or made anew .* accept-gap --stream changes.apps"):
        await refill(site, "apps")
    await Followed(site.engine).accept(None)
    await site.client.jetstream().delete_msg(stream_name("changes.apps"), 1)
    with pytest.raises(OfficeSearchError, match=r"changes.apps no longer begins at its first event but at 2"):
        await refill(site, "apps")
    assert await whole(hit)
    assert (await site.registry.decision("apps")).build is None


class Dies(Watcher):
    """The process is gone once some events were read."""

    def advance(self, documents: int) -> None:
        super().advance(documents)
        if self.copied >= APPS // 2:
            os.kill(os.getpid(), signal.SIGKILL)


async def die() -> None:
    """What the subprocess does."""
    from analyzers import Lexicons
    from search import bootstrap
    from search.commands.endpoints import resolve
    from search.core.settings import Settings

    settings = Settings()
    async with bootstrap.write_side(settings, resolve(settings), kit.CATALOGUE, Lexicons()) as resources:
        await Refill(resources, Dies(), HIT).run("apps")


if __name__ == "__main__":
    asyncio.run(die())
