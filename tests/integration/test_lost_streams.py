"""A stream that was lost or made anew is noticed, said, followed from its beginning, and marked until accepted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import apikit
import kit
import pytest
from apikit import GATEWAY_SECRET
from kit import CATALOGUE
from nats.aio.client import Client
from opensearchpy import AsyncOpenSearch
from rich.console import Console

from indexers.followed import Followed
from search import bootstrap
from search.commands.accept_gap import accept_gap
from search.commands.status import show
from search.core.endpoints import Endpoints
from search.core.settings import Settings
from search.core.streams.nats.names import stream_name
from search.core.streams.port import Broker

TENANT = "acme"


def message(id: str) -> bytes:
    return kit.event("message", kit.message(id, "明天评审", conversation_id="c-1", sender_id="u-1"), tenant=TENANT)


async def lose(client: Client, broker: Broker, stream: str) -> None:
    await client.jetstream().delete_stream(stream_name(stream))
    await broker.ensure_streams([stream])


@pytest.fixture(autouse=True)
async def no_gap(engine: AsyncOpenSearch) -> AsyncIterator[None]:
    yield
    await Followed(engine).accept(None)


async def test_a_stream_that_was_made_anew_is_followed_from_its_beginning_and_said(
    indexers: None,
    world: Endpoints,
    settings: Settings,
    broker: Broker,
    client: Client,
    engine: AsyncOpenSearch,
) -> None:
    await kit.publish(broker, [message(f"m-{n}") for n in range(50)])
    await kit.settled(broker, engine)
    await lose(client, broker, "changes.messages")
    await kit.publish(broker, [message(f"n-{n}") for n in range(5)])

    async def is_followed() -> bool:
        return len(await kit.contents(engine, "messages", TENANT)) == 55

    await kit.until(is_followed, "the new stream to be followed")
    [gap] = await Followed(engine).gaps()
    assert (gap.collection, gap.stream) == ("messages", "changes.messages")
    console = Console(record=True, width=400)
    await show(settings, world, console)
    assert "office-search accept-gap --stream changes.messages" in console.export_text()
    await accept_gap(settings, world, "changes.messages", console)
    assert await Followed(engine).gaps() == []


async def test_a_stream_that_nobody_makes_anew_is_made_by_the_indexers(
    indexers: None, broker: Broker, client: Client, engine: AsyncOpenSearch
) -> None:
    await kit.publish(broker, [kit.event("app", kit.app("a-1", "请假"), tenant=TENANT)])
    await kit.settled(broker, engine)
    await client.jetstream().delete_stream(stream_name("changes.apps"))

    async def is_there() -> bool:
        return await broker.info("changes.apps") is not None and bool(await Followed(engine).gaps())

    await kit.until(is_there, "the stream to be made again")
    await kit.publish(broker, [kit.event("app", kit.app("a-2", "请假"), tenant=TENANT)])

    async def is_followed() -> bool:
        return set(await kit.contents(engine, "apps", TENANT)) == {"a-1", "a-2"}

    await kit.until(is_followed, "the new stream to be followed")


async def test_a_lost_stream_of_rights_shuts_the_door_until_an_operator_accepts_it(
    indexers: None,
    world: Endpoints,
    settings: Settings,
    broker: Broker,
    client: Client,
    engine: AsyncOpenSearch,
) -> None:
    events = [kit.event("user", kit.user("u", "张三"), tenant=TENANT), kit.event("role", kit.role(), tenant=TENANT)]
    await kit.publish(broker, events)
    await kit.settled(broker, engine)
    async with apikit.running(settings, world, GATEWAY_SECRET) as api:
        await api.ready()
        await lose(client, broker, "changes.access")

        async def is_shut() -> bool:
            return (await api.get("u", q="x")).status_code == 503

        await kit.until(is_shut, "nobody to be answered", 10)
        await kit.publish(broker, events)
        await asyncio.sleep(3)
        assert await is_shut()
        [reason] = (await api.http.get("/readyz")).json()["missing"]
        assert "office-search accept-gap --stream changes.access" in reason
    async with apikit.running(settings, world, GATEWAY_SECRET) as api:
        await asyncio.sleep(2)
        assert (await api.get("u", q="x")).status_code == 503, "forgotten by a restart"
        await accept_gap(settings, world, None, Console(quiet=True))
        await api.ready()
        assert (await api.get("u", q="x")).status_code == 200


@pytest.mark.parametrize("ledger", ["aside", "followed"])
async def test_what_only_an_index_knew_is_a_gap_when_it_is_gone(
    indexers: None, world: Endpoints, settings: Settings, broker: Broker, engine: AsyncOpenSearch, ledger: str
) -> None:
    tenant = f"of-{ledger}"
    events = [kit.event("user", kit.user("u", "张三"), tenant=tenant), kit.event("role", kit.role(), tenant=tenant)]
    await kit.publish(broker, events)
    await kit.settled(broker, engine)
    async with apikit.running(settings, world, GATEWAY_SECRET) as api:
        await api.ready()

        async def is_answered() -> bool:
            return (await api.get("u", q="x", tenant=tenant)).status_code == 200

        async def is_shut() -> bool:
            return (await api.get("u", q="x", tenant=tenant)).status_code == 503

        async def is_said() -> bool:
            missing = " ".join((await api.http.get("/readyz")).json()["missing"])
            return "accept-gap --stream changes.access" in missing and "accept-gap --stream changes.contacts" in missing

        await kit.until(is_answered, "the tenant to be answered")
        if ledger == "aside":
            # A user is disabled, but cannot be written: only `aside` knows.
            blocked = f"directory-000001-{tenant}"
            await engine.indices.put_settings(index=blocked, body={"index.blocks.write": True})
            gone = kit.event("user", kit.user("u", "张三", status="disabled"), tenant=tenant, version=9)
            await kit.publish(broker, [gone])
            await kit.until(is_shut, "the tenant to be behind")
        await engine.indices.delete(index=ledger)
        await kit.until(is_shut, "nobody to be answered", 10)
        if ledger == "aside":
            await engine.indices.put_settings(index=blocked, body={"index.blocks.write": None})
        await kit.until(is_said, "the gap to be told")
        assert await is_shut()
        if ledger == "aside":
            await kit.publish(broker, [gone])
            await kit.settled(broker, engine)
        await accept_gap(settings, world, None, Console(quiet=True))
        await api.ready()
        assert (await api.get("u", q="x", tenant=tenant)).status_code == (403 if ledger == "aside" else 200)


async def test_indexers_wait_for_a_broker_that_is_down_at_their_start(world: Endpoints, settings: Settings) -> None:
    stop = asyncio.Event()
    nowhere = Endpoints(world.opensearch_url, "nats://127.0.0.1:9")
    task = asyncio.create_task(bootstrap.index(settings, nowhere, CATALOGUE, stop))
    await asyncio.sleep(3)
    assert not task.done()
    stop.set()
    await asyncio.wait_for(task, 15)
