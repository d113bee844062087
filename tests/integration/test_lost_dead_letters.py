"""The dead letters are missing, or take nothing: what cannot be buried holds up itself alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import kit
import pytest
from nats.aio.client import Client
from nats.js.api import StreamConfig
from natskit import dead_letters
from opensearchpy import AsyncOpenSearch

from indexers import pipeline
from search.core.errors import Unavailable
from search.core.streams.nats.names import DEAD_LETTERS, stream_name
from search.core.streams.port import Broker

TENANT = "acme"
STREAM = "changes.apps"
DURABLE = "apps-000001"


def good(id: str) -> bytes:
    return kit.event("app", kit.app(id, "请假"), tenant=TENANT)


@asynccontextmanager
async def full(client: Client) -> AsyncIterator[None]:
    """Dead letters that take no more, as on a disk that is full."""
    js = client.jetstream()
    config = (await js.stream_info(DEAD_LETTERS)).config
    before = StreamConfig(**vars(config))
    config.max_msgs = max((await js.stream_info(DEAD_LETTERS)).state.messages, 1)
    await js.update_stream(config)
    if not (await js.stream_info(DEAD_LETTERS)).state.messages:
        await js.publish(f"{DEAD_LETTERS}.filler", b"")
    try:
        yield
    finally:
        await js.update_stream(before)


async def test_missing_dead_letters_are_made_again_when_there_is_one(
    indexers: None, broker: Broker, client: Client, engine: AsyncOpenSearch
) -> None:
    await client.jetstream().delete_stream(DEAD_LETTERS)
    await kit.publish(broker, [good("a-1"), b"{", good("a-2")], STREAM)
    await kit.settled(broker, engine)
    assert [letter.data for letter in await dead_letters(client)] == [b"{"]
    assert set(await kit.contents(engine, "apps", TENANT)) == {"a-1", "a-2"}


async def test_a_stream_that_this_process_has_made_is_made_again_when_something_is_published(
    indexers: None, broker: Broker, client: Client
) -> None:
    await broker.ensure_streams(["changes.own"])
    await client.jetstream().delete_stream(stream_name("changes.own"))
    await broker.publish("changes.own", b"1")
    assert await broker.end("changes.own") == 1
    await client.jetstream().delete_stream(stream_name("changes.own"))


async def test_somebody_else_s_stream_is_not_made(indexers: None, broker: Broker) -> None:
    with pytest.raises(Unavailable):
        await broker.publish("changes.somebody-else-s", b"1")


async def test_what_cannot_be_buried_holds_up_itself_alone_and_is_buried_later(
    indexers: None, broker: Broker, client: Client, engine: AsyncOpenSearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "LONGEST_DELAY_S", 1.0)
    js = client.jetstream()
    async with full(client):
        await kit.publish(broker, [good("a-3"), b"{no", good("a-4")], STREAM)

        async def only_the_bad_one_is_left() -> bool:
            info = await js.consumer_info(stream_name(STREAM), DURABLE)
            return info.num_pending == 0 and info.num_ack_pending == 1 and (info.num_redelivered or 0) > 0

        await kit.until(only_the_bad_one_is_left, "the others to be settled")
        assert {"a-3", "a-4"} <= set(await kit.contents(engine, "apps", TENANT))
        assert b"{no" not in [letter.data for letter in await dead_letters(client)]
        await kit.publish(broker, [good("a-5")], STREAM)
        await kit.until(only_the_bad_one_is_left, "what comes later to be settled too")
    await kit.settled(broker, engine)
    assert [letter.data for letter in await dead_letters(client)].count(b"{no") == 1
