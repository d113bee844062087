"""What was there and is gone has failed: it is never an empty result, an unknown user, or made anew empty."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import kit
import pytest
from apikit import Api, Company
from kit import VERTICALS
from prometheus_client import REGISTRY
from reindexkit import Site, Watcher

from indexers import aside, service
from indexers.following_up import FollowUp
from indexers.rebuild import Rebuild
from indexers.reconcile import View
from mappings import directory
from search.access.candidates import Request
from search.access.principal import Principal, Rules
from search.access.reader import Reader
from search.core.errors import OfficeSearchError
from search.core.streams.nats.names import DEAD_LETTERS, stream_name
from search.health import readiness

HIT, SPARED = "hit", "spared"
Answers = Callable[[], Awaitable[bool]]


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "LOOK_S", 0.1)
    monkeypatch.setattr(service, "FOLLOW_UP_S", 0.5)


@pytest.fixture(scope="module")
async def both(site: Site, api: Api) -> tuple[Company, Company]:
    """Two tenants with an app and a doc each; to one of them it happens."""
    companies = Company(api, site.broker, site.engine, HIT), Company(api, site.broker, site.engine, SPARED)
    for company in companies:
        company.role(kit.ALL_MODULES, id="default")
        company.user(id="u")
        company.app(id="a-1")
        company.doc("u", id="f-1")
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


async def whole(company: Company) -> bool:
    response = await company.api.get("u", q=company.topic, tenant=company.tenant)
    if response.status_code != 200:
        return False
    answer = response.json()
    return not answer["failed"] and {hit["id"] for hit in answer["hits"]} >= {"a-1", "f-1"}


async def honest(company: Company, vertical: str) -> bool:
    """Return whether a vertical is there; if it is not, the answer says so and holds the rest."""
    answer = await company.search("u")
    if answer["failed"]:
        assert answer["failed"] == [vertical]
        assert answer["partial"]
        assert vertical not in answer["sections"]
        assert [hit["id"] for hit in answer["hits"]] == ["f-1"]
        return False
    assert answer["sections"][vertical]["total"] >= 1
    return True


async def lost(site: Site, collection: str) -> None:
    async def is_told() -> bool:
        return REGISTRY.get_sample_value("office_search_lost_indices", {"collection": collection}) == 1

    await kit.until(is_told, "the indexers to tell that an index is lost")


async def rebuild(site: Site, name: str) -> str:
    return (await Rebuild(site.resources, Watcher()).run(name)).generation


async def test_a_lost_alias_has_failed_until_the_indexers_put_it_back(
    site: Site, hit: Company, spared: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    serving = await site.registry.serving("apps")
    monkeypatch.setattr(service, "FOLLOW_UP_S", 3600.0)
    await asyncio.sleep(service.LOOK_S)
    await site.engine.indices.delete_alias(index=serving.index(HIT), name=f"apps.{HIT}")
    assert not await honest(hit, "apps")
    assert await whole(spared)
    monkeypatch.setattr(service, "FOLLOW_UP_S", 0.5)
    await kit.until(lambda: honest(hit, "apps"), "the alias to be put back")
    assert await whole(hit)


async def test_one_tenant_s_blocked_index_keeps_no_other_s_alias_away(
    site: Site, hit: Company, spared: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    serving = await site.registry.serving("apps")
    blocked = serving.index(spared.tenant)
    await site.engine.indices.delete_alias(index=blocked, name=f"apps.{spared.tenant}")
    await site.engine.indices.put_settings(index=blocked, body={"index.blocks.read_only": True})
    try:
        monkeypatch.setattr(service, "FOLLOW_UP_S", 0.5)
        await site.engine.indices.delete_alias(index=serving.index(HIT), name=f"apps.{HIT}")
        await kit.until(lambda: honest(hit, "apps"), "the alias to be put back")
        assert await whole(hit)
    finally:
        await site.engine.indices.put_settings(index=blocked, body={"index.blocks.read_only": None})
    await kit.until(lambda: honest(spared, "apps"), "the other one, too")
    assert await whole(spared)


async def test_a_lost_index_has_failed_its_events_wait_and_a_rebuild_brings_all_back(
    site: Site, hit: Company, spared: Company
) -> None:
    serving = await site.registry.serving("apps")
    dead = await site.broker.end(DEAD_LETTERS)
    await site.engine.indices.delete(index=serving.index(HIT))
    assert not await honest(hit, "apps")
    await lost(site, "apps")

    hit.app(id="a-2")
    await hit.publish()
    spared.app(id="a-2")
    await spared.publish()

    async def goes_on() -> bool:
        return {"a-1", "a-2", "f-1"} == {one["id"] for one in (await spared.search("u"))["hits"]}

    await kit.until(goes_on, "the other tenant to go on")

    async def is_set_aside() -> bool:
        held = await aside.held(site.engine, [serving.name])
        return HIT in held.get(serving.name, {}) and held[serving.name][HIT].events == 1

    await kit.until(is_set_aside, "the event to be set aside")
    assert not await site.engine.indices.exists(index=serving.index(HIT))
    assert not await honest(hit, "apps")

    with pytest.raises(OfficeSearchError, match=rf"{HIT} are lost, .* `office-search rebuild apps`"):
        await site.reindex("apps")
    built = await rebuild(site, "apps")
    await site.only_serves("apps", built)
    await kit.settled(site.broker, site.engine)
    assert {one["id"] for one in (await hit.search("u"))["hits"]} == {"a-1", "a-2", "f-1"}
    assert await site.broker.end(DEAD_LETTERS) == dead


async def test_a_lost_alias_of_the_directory_makes_nobody_unknown(site: Site, hit: Company, spared: Company) -> None:
    serving = await site.registry.serving(directory.NAME)
    await site.engine.indices.delete_alias(index=serving.index(HIT), name=f"directory.{HIT}")
    statuses = set()

    async def answers() -> bool:
        statuses.add(status := await hit.status("u"))
        return status == 200

    await kit.until(answers, "the alias to be put back")
    assert statuses <= {200, 503}
    assert await spared.status("u") == 200


async def test_a_lost_directory_shuts_out_its_tenant_alone_until_it_is_rebuilt(
    site: Site, hit: Company, spared: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    serving = await site.registry.serving(directory.NAME)
    await site.engine.indices.delete(index=serving.index(HIT))
    assert {await hit.status("u"), await hit.status("nobody")} == {503}
    await lost(site, directory.NAME)
    assert await spared.status("u") == 200

    hit.user(id="newcomer")
    await hit.publish()
    monkeypatch.setattr(readiness, "STALE_S", 2.0)
    for _ in range(40):
        assert await spared.status("u") == 200
        await asyncio.sleep(0.1)
    await rebuild(site, directory.NAME)
    await kit.until(lambda: whole(hit), "the directory to be there again")
    assert await hit.status("newcomer") == 200
    assert await hit.status("nobody") == 403
    assert await whole(spared)


async def test_an_index_of_which_a_part_is_nowhere_has_failed(site: Site) -> None:
    settings = {"number_of_shards": 2, "number_of_replicas": 0, "routing.allocation.total_shards_per_node": 1}
    body = {"settings": {"index": settings}, "aliases": {"apps.halved": {}}}
    await site.engine.indices.create(index="halved", body=body, params={"wait_for_active_shards": "0"})

    async def has_a_half() -> bool:
        return (await site.engine.cluster.health(index="halved"))["active_shards"] == 1

    try:
        await kit.until(has_a_half, "one of two shards")
        caller = Principal("halved", "u", frozenset({"user:u"}), (), {VERTICALS["apps"].module: None}, {}, Rules([{}]))
        asked = Request(VERTICALS["apps"], {"match_all": {}})
        assert await Reader(site.engine, 5_000).candidates(caller, [asked]) == [None]
    finally:
        await site.engine.indices.delete(index="halved")


async def test_a_tenant_of_whom_nothing_is_known_is_refused_as_ever_and_a_vertical_without_events_is_empty(
    site: Site, api: Api, hit: Company
) -> None:
    assert (await api.get("u", q="x", tenant="never")).status_code == 403
    few = Company(api, site.broker, site.engine, "few")
    few.role(kit.ALL_MODULES, id="default")
    few.user(id="u")
    await few.arrive()

    async def is_known() -> bool:
        return await few.status("u") == 200

    await kit.until(is_known, "the user to be known")
    answer = await few.search("u")
    assert answer["failed"] == []
    assert answer["sections"]["apps"] == {"total": 0, "relation": "eq"}


async def test_generations_of_an_older_version_are_recorded_by_the_indices_that_there_are(
    site: Site, hit: Company
) -> None:
    serving = await site.registry.serving("apps")
    await site.engine.delete(index="tenants", id=serving.name)

    async def is_recorded() -> bool:
        return HIT in (await site.registry.tenants.of([serving.name])).get(serving.name, ())

    await kit.until(is_recorded, "the record")
    assert await whole(hit)


async def test_an_index_that_is_just_being_made_does_not_count_as_lost(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    serving = await site.registry.serving("apps")
    look = FollowUp._views

    async def is_recorded() -> bool:
        return "late" in (await site.registry.tenants.of([serving.name]))[serving.name]

    async def made_meanwhile(follow_up: FollowUp, collections: Sequence[str]) -> Sequence[View]:
        seen = await look(follow_up, collections)
        await kit.publish(site.broker, [kit.event("app", kit.app("a-1", "请假"), tenant="late")])
        await kit.until(is_recorded, "the new tenant to be recorded")
        return seen

    follow_up = FollowUp(site.engine, site.broker, site.registry)
    with monkeypatch.context() as patched:
        patched.setattr(follow_up, "_views", lambda collections: made_meanwhile(follow_up, collections))
        assert "late" not in (await follow_up.lost(["apps"]))["apps"]


async def test_a_rebuild_is_refused_where_the_stream_has_lost_its_beginning(site: Site, hit: Company) -> None:
    old = await site.registry.serving("apps")
    await site.client.jetstream().delete_msg(stream_name("changes.apps"), 1)
    with pytest.raises(OfficeSearchError, match=r"changes.apps no longer begins at its first event but at 2"):
        await rebuild(site, "apps")
    await site.only_serves("apps", old.name)
