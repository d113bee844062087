"""From the stream into the index, against the real broker and the real engine."""

from __future__ import annotations

import kit
from nats.aio.client import Client
from opensearchpy import AsyncOpenSearch

TENANT = "acme"


async def test_every_kind_of_entity_arrives_where_it_belongs(
    indexers: None, client: Client, engine: AsyncOpenSearch
) -> None:
    events = [
        kit.event("user", kit.user("u-1", "张三"), tenant=TENANT),
        kit.event("department", {"id": "d-1", "name": "研发部"}, tenant=TENANT),
        kit.event("conversation", kit.conversation("c-1", "搜索中台"), tenant=TENANT),
        kit.event("member", kit.member("conversation:c-1", "user:u-1"), tenant=TENANT),
        kit.event("message", kit.message("m-1", "明天评审", conversation_id="c-1", sender_id="u-1"), tenant=TENANT),
        kit.event("doc", kit.doc("f-1", "方案", "正文", owner_id="u-1"), tenant=TENANT),
        kit.event("app", kit.app("a-1", "请假"), tenant=TENANT),
        kit.event("role", kit.role(), tenant=TENANT),
    ]
    await kit.publish(client, events)
    await kit.settled(client, engine)
    assert set(await kit.contents(engine, "contacts", TENANT)) == {"user:u-1", "department:d-1", "conversation:c-1"}
    assert set(await kit.contents(engine, "messages", TENANT)) == {"m-1"}
    assert set(await kit.contents(engine, "docs", TENANT)) == {"f-1"}
    assert set(await kit.contents(engine, "apps", TENANT)) == {"a-1"}
    directory = await kit.contents(engine, "directory", TENANT)
    assert directory["user:u-1"][1] == {"@": [1, "active", []], "conversation:c-1": [1, None, None]}
