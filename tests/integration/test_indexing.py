"""From the stream into the index, against the real broker and the real engine."""

from __future__ import annotations

import asyncio

import kit
import pytest
from kit import CATALOGUE, COLLECTIONS
from nats.aio.client import Client
from opensearchpy import AsyncOpenSearch

from indexers.generations import Registry, alias
from indexers.short_way import consumer
from mappings import directory
from search.core.streams.nats.names import stream_name
from search.core.streams.port import Broker

TENANT = "acme"


async def test_every_kind_of_entity_arrives_where_it_belongs(
    indexers: None, broker: Broker, engine: AsyncOpenSearch
) -> None:
    usage = {"user_id": "u-1", "app_id": "a-1", "action": "open", "at": "2026-03-02T09:15:04Z"}
    events = [
        kit.event("user", kit.user("u-1", "张三"), tenant=TENANT),
        kit.event("department", {"id": "d-1", "name": "研发部"}, tenant=TENANT),
        kit.event("conversation", kit.conversation("c-1", "搜索中台"), tenant=TENANT),
        kit.event("member", kit.member("conversation:c-1", "user:u-1"), tenant=TENANT),
        kit.event("message", kit.message("m-1", "明天评审", conversation_id="c-1", sender_id="u-1"), tenant=TENANT),
        kit.event("doc", kit.doc("f-1", "方案", "正文", owner_id="u-1"), tenant=TENANT),
        kit.event("app", kit.app("a-1", "请假"), tenant=TENANT),
        kit.event("role", kit.role(modules=["search.docs"]), tenant=TENANT),
        kit.event("usage", usage, tenant=TENANT, verb="recorded", subject="us-1"),
    ]
    await kit.publish(broker, events)
    await kit.settled(broker, engine)
    assert set(await kit.contents(engine, "contacts", TENANT)) == {"user:u-1", "department:d-1", "conversation:c-1"}
    assert set(await kit.contents(engine, "messages", TENANT)) == {"m-1"}
    assert set(await kit.contents(engine, "docs", TENANT)) == {"f-1"}
    assert set(await kit.contents(engine, "apps", TENANT)) == {"a-1"}
    assert set(await kit.contents(engine, "usage", TENANT)) == {"us-1"}
    stored = {id: source for id, (_, source) in (await kit.contents(engine, "directory", TENANT)).items()}
    assert stored.pop(directory.INCARNATION)["id"]
    assert stored == {
        "user:u-1": {"@": [1, "active", []], "conversation:c-1": [1, None, None]},
        "departments": {"d-1": [1, None]},
        "roles": {"default": [1, ["search.docs"], None]},
        directory.conversation_page("c-1"): {"c-1": [1, "group", False, False, False]},
        "members:c-1": {"user:u-1": [1, None, None]},
    }


@pytest.mark.parametrize("subject", CATALOGUE.streams)
async def test_every_stream_is_followed_by_each_collection_that_is_made_of_it(
    indexers: None, client: Client, engine: AsyncOpenSearch, subject: str
) -> None:
    names = {info.name for info in await client.jetstream().consumers_info(stream_name(subject))}
    made_of_it = [
        collection
        for collection, subjects in ((name, CATALOGUE.streams_of(name)) for name in CATALOGUE.made)
        if subject in subjects
    ]
    serving = [await Registry(engine, CATALOGUE).serving(collection) for collection in made_of_it]
    assert made_of_it
    short = {consumer(vertical.stream) for vertical in CATALOGUE.verticals.values() if vertical.stream == subject}
    assert names == {generation.durable(subject) for generation in serving} | short


async def test_tenants_share_no_index(indexers: None, broker: Broker, engine: AsyncOpenSearch) -> None:
    tenants = ["left", "left-right"]
    await kit.publish(broker, [kit.event("app", kit.app("a-1", tenant), tenant=tenant) for tenant in tenants])
    await kit.settled(broker, engine)
    for tenant in tenants:
        (stored,) = (await kit.contents(engine, "apps", tenant)).values()
        assert stored[1]["original"]["name"] == tenant


async def test_the_index_says_of_which_generation_and_analysis_it_is(
    indexers: None, broker: Broker, engine: AsyncOpenSearch
) -> None:
    await kit.publish(broker, [kit.event("app", kit.app("a-1", "请假"), tenant="meta")])
    await kit.settled(broker, engine)
    generation = await Registry(engine, CATALOGUE).serving("apps")
    (found,) = (await engine.indices.get(index=alias("apps", "meta"))).values()
    meta = {"generation": "apps-000001", "analysis_version": generation.analysis_version, "words": ""}
    assert found["mappings"]["_meta"] == meta
    assert set(found["mappings"]["properties"]) == set(COLLECTIONS["apps"].mapping()["properties"])


async def test_several_indexers_that_start_at_once_make_one_generation_of_each_collection(
    indexers: None, engine: AsyncOpenSearch
) -> None:
    await asyncio.gather(*(Registry(engine, CATALOGUE).prepare() for _ in range(3)))
    assert [g.name for g in await Registry(engine, CATALOGUE).all()] == sorted(
        f"{name}-000001" for name in CATALOGUE.made
    )


async def test_a_conversation_s_members_are_named_only_while_they_are_few(
    indexers: None, broker: Broker, engine: AsyncOpenSearch
) -> None:
    kept = directory.MEMBERS_KEPT
    for scope, number in (("conversation:small", kept), ("conversation:large", kept + 1)):
        members = [kit.member(scope, f"user:u-{one}") for one in range(number)]
        await kit.publish(broker, [kit.event("member", member, tenant="pages") for member in members])
    await kit.settled(broker, engine)
    pages = await kit.contents(engine, "directory", "pages")
    assert set(pages["members:small"][1]) == {f"user:u-{one}" for one in range(kept)}
    assert set(pages["members:large"][1]) == {directory.FULL}
