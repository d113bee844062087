"""An index that cannot be made or written for one tenant: its events go aside, everybody else goes on."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import kit
import pytest
from apikit import Api
from opensearchpy import AsyncOpenSearch

from indexers import aside
from search.core.streams.nats.names import DEAD_LETTERS
from search.core.streams.port import Broker
from search.health import readiness

SOON_S = 2.0


def arrival(tenant: str) -> list[bytes]:
    """A tenant with a user who may search, and an app."""
    return [
        kit.event("user", kit.user("u", "张三"), tenant=tenant),
        kit.event("role", kit.role(), tenant=tenant),
        kit.event("app", kit.app("a-1", "请假"), tenant=tenant),
    ]


@pytest.fixture
async def old(api: Api, broker: Broker, engine: AsyncOpenSearch) -> str:
    """A tenant that was there before."""
    await kit.publish(broker, arrival("old"))
    await kit.settled(broker, engine)
    return "old"


@asynccontextmanager
async def no_more_shards(engine: AsyncOpenSearch) -> AsyncIterator[None]:
    shards = int((await engine.cluster.health())["active_shards"])
    await engine.cluster.put_settings(body={"transient": {"cluster.max_shards_per_node": shards}})
    try:
        yield
    finally:
        await engine.cluster.put_settings(body={"transient": {"cluster.max_shards_per_node": None}})


async def status(api: Api, tenant: str) -> int:
    return (await api.get("u", q="请假", tenant=tenant)).status_code


async def counts(api: Api, broker: Broker, tenant: str, version: int) -> float:
    """Seconds until a revocation counts: the user is disabled."""
    gone = kit.event("user", kit.user("u", "张三", status="disabled"), tenant=tenant, version=version)
    began = time.monotonic()
    await kit.publish(broker, [gone])

    async def refused() -> bool:
        return await status(api, tenant) == 403

    await kit.until(refused, "the disabled user to be refused")
    took = time.monotonic() - began
    await kit.publish(broker, [kit.event("user", kit.user("u", "张三"), tenant=tenant, version=version + 1)])

    async def answered() -> bool:
        return await status(api, tenant) == 200

    await kit.until(answered, "the user to be answered again")
    return took


async def test_the_engine_s_shard_limit_stops_the_tenant_alone_that_is_one_too_many(
    api: Api, broker: Broker, engine: AsyncOpenSearch, old: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "STALE_S", 6.0)
    dead = await broker.end(DEAD_LETTERS)
    async with no_more_shards(engine):
        await kit.publish(broker, arrival("new"))

        async def is_behind() -> bool:
            return "new" in (await api.http.get("/readyz")).json()["behind"]

        await kit.until(is_behind, "readiness to tell who is behind")
        assert await status(api, "new") == 503
        began = time.monotonic()
        while time.monotonic() - began < readiness.STALE_S + 2:
            response = await api.http.get("/readyz")
            assert response.status_code == 200, response.text
            assert await status(api, old) == 200
        assert await counts(api, broker, old, 10) < SOON_S
        # What comes later does not wait either, nor hold anybody up.
        await kit.publish(broker, [kit.event("app", kit.app(f"a-{n}", "请假"), tenant="new") for n in range(2, 40)])
        await kit.settled(broker, engine)

    async def answered() -> bool:
        return await status(api, "new") == 200

    await kit.until(answered, "the new tenant to be answered", 60)

    async def is_whole() -> bool:
        try:
            return len(await kit.contents(engine, "apps", "new")) == 39
        except Exception:
            return False

    await kit.until(is_whole, "everything of the new tenant to be there", 60)
    assert (await api.http.get("/readyz")).json()["behind"] == {}
    assert await broker.end(DEAD_LETTERS) == dead


async def test_one_tenant_s_blocked_index_does_not_hold_up_another(
    api: Api, broker: Broker, engine: AsyncOpenSearch, old: str
) -> None:
    await kit.publish(broker, arrival("stuck"))
    await kit.settled(broker, engine)
    index = "apps-000001-stuck"
    await engine.indices.put_settings(index=index, body={"index.blocks.write": True})
    both = [kit.event("app", kit.app(f"b-{n}", "请假"), tenant=t) for n in range(20) for t in ("stuck", old)]
    await kit.publish(broker, both)
    await kit.settled(broker, engine)
    assert {f"b-{n}" for n in range(20)} <= set(await kit.contents(engine, "apps", old))
    began = time.monotonic()
    await kit.publish(broker, [kit.event("app", kit.app("b-x", "请假"), tenant=t) for t in ("stuck", old)])
    await kit.settled(broker, engine)
    assert time.monotonic() - began < SOON_S
    assert "b-x" in await kit.contents(engine, "apps", old)
    await engine.indices.put_settings(index=index, body={"index.blocks.write": None})

    async def is_whole() -> bool:
        return len(await kit.contents(engine, "apps", "stuck")) == 22

    await kit.until(is_whole, "what was set aside to be written")


async def test_what_is_aside_is_written_while_more_of_that_tenant_comes(
    api: Api, broker: Broker, engine: AsyncOpenSearch, old: str
) -> None:
    await kit.publish(broker, arrival("busy"))
    await kit.settled(broker, engine)
    index = "apps-000001-busy"
    stop = asyncio.Event()

    async def flow() -> None:
        for number in itertools.takewhile(lambda _: not stop.is_set(), itertools.count()):
            await kit.publish(broker, [kit.event("app", kit.app(f"c-{number}", "请假"), tenant="busy")])
            # A steady stream; without a pause this is a race for the processor, which nobody wins.
            await asyncio.sleep(0.01)

    async def is_aside() -> bool:
        return "busy" in (await aside.held(engine, ["apps-000001"])).get("apps-000001", {})

    async def is_over() -> bool:
        return not await is_aside()

    flowing = asyncio.create_task(flow())
    try:
        await engine.indices.put_settings(index=index, body={"index.blocks.write": True})
        await kit.until(is_aside, "events to be set aside")
        await engine.indices.put_settings(index=index, body={"index.blocks.write": None})
        await kit.until(is_over, "nothing to be aside while more comes", 60)
    finally:
        stop.set()
        await flowing
    await kit.settled(broker, engine)
    assert await is_over()


async def test_what_is_aside_of_a_stream_outlives_another_stream_of_that_name(engine: AsyncOpenSearch) -> None:
    """Which counts from 1 again."""
    of_both = aside.Aside(engine, "apps-000009")
    await aside.prepare(engine)
    for event in (b"of the one that was lost", b"of the new one", b"of the new one"):
        await of_both.put("acme", [("changes.apps", 1, event)], "blocked")
    found = await of_both.page("acme")
    assert {event.data for event in found} == {b"of the one that was lost", b"of the new one"}
    assert len(found) == 2
    await of_both.remove(found)
    assert await of_both.page("acme") == []


async def test_what_many_set_aside_at_once_goes_in_few_requests_and_each_learns_its_own_fate(
    engine: AsyncOpenSearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    await aside.prepare(engine)
    requests = []
    bulk = engine.bulk

    async def counted(**given: object) -> object:
        requests.append(given)
        return await bulk(**given)

    monkeypatch.setattr(engine, "bulk", counted)
    here = aside.Aside(engine, "apps-000010")
    # A position that is no number is refused, by its event alone.
    positions = ["none" if n == 30 else n for n in range(50)]
    puts = [here.put(f"t-{n}", [("changes.apps", p, b"it")], "blocked") for n, p in enumerate(positions)]  # type: ignore[list-item]
    cut_off = asyncio.ensure_future(here.put("t-50", [("changes.apps", 50, b"it")], "blocked"))
    fates = asyncio.gather(*puts, return_exceptions=True)
    await asyncio.sleep(0)
    cut_off.cancel()
    refused = {n: fate for n, fate in enumerate(await fates) if fate is not None}
    assert list(refused) == [30]
    assert "mapper_parsing_exception" in str(refused[30])
    assert len(requests) <= 3
    found = await aside.held(engine, ["apps-000010"])
    assert {f"t-{n}" for n in range(50) if n != 30} <= found["apps-000010"].keys()


async def test_large_events_are_read_a_few_at_a_time(engine: AsyncOpenSearch) -> None:
    """Two hundred of them at once would be more than the engine's heap."""
    await aside.prepare(engine)
    here = aside.Aside(engine, "apps-000012")
    sizes = [3_000_000, 3_000_000, 3_000_000, 100, 6_000_000, 100]
    await asyncio.gather(
        *(here.put("t", [("changes.apps", n, bytes(size))], "blocked") for n, size in enumerate(sizes))
    )
    pages = []
    while page := await here.page("t"):
        pages.append([len(event.data) for event in page])
        await here.remove(page)
    assert pages == [[3_000_000, 3_000_000], [3_000_000, 100], [6_000_000, 100]]


async def test_a_tenant_that_cannot_be_tried_keeps_nobody_else_aside(
    api: Api, broker: Broker, engine: AsyncOpenSearch, old: str
) -> None:
    await kit.publish(broker, [*arrival("first"), *arrival("second")])
    await kit.settled(broker, engine)
    of_both = aside.Aside(engine, "apps-000001")
    # No event that could be decoded, of a stream that nobody follows: whoever tries it fails.
    await of_both.put("first", [("changes.nothing", 1, b"{}")], "made up")
    blocked = "apps-000001-second"
    await engine.indices.put_settings(index=blocked, body={"index.blocks.write": True})
    await kit.publish(broker, [kit.event("app", kit.app("b-2", "请假"), tenant="second")])
    await kit.settled(broker, engine)
    await engine.indices.put_settings(index=blocked, body={"index.blocks.write": None})

    async def is_written() -> bool:
        return "b-2" in await kit.contents(engine, "apps", "second")

    try:
        await kit.until(is_written, "the other tenant's events to be written")
    finally:
        await of_both.remove(await of_both.page("first"))


async def test_setting_aside_that_is_cut_off_says_so_to_all_who_wait(
    engine: AsyncOpenSearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = asyncio.Event()

    async def hangs(**_: object) -> None:
        started.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(engine, "bulk", hangs)
    here = aside.Aside(engine, "apps-000011")
    first = asyncio.ensure_future(here.put("t-1", [("changes.apps", 1, b"it")], "blocked"))
    await started.wait()
    monkeypatch.undo()
    second = asyncio.ensure_future(here.put("t-2", [("changes.apps", 2, b"it")], "blocked"))
    first.cancel()
    await second
    assert "t-2" in (await aside.held(engine, ["apps-000011"]))["apps-000011"]


async def test_a_burst_of_new_tenants_does_not_disturb_old_ones(
    api: Api, broker: Broker, engine: AsyncOpenSearch, old: str
) -> None:
    names = [f"burst-{n}" for n in range(50)]
    await kit.send(broker, [event for name in names for event in arrival(name)])
    took = []
    began = time.monotonic()
    version = 100
    while time.monotonic() - began < 15:
        assert (await api.http.get("/readyz")).status_code == 200
        took.append(await counts(api, broker, old, version))
        version += 2

    async def all_answered() -> bool:
        return (await api.http.get("/readyz")).json()["behind"] == {} and await status(api, names[-1]) == 200

    await kit.until(all_answered, "the new tenants to be answered", 150)
    assert max(took) < SOON_S
    for name in names[::10]:
        assert await status(api, name) == 200
