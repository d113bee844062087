"""Blocks and refusals of the real engine: nothing good becomes a dead letter, and all is there soon after."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from itertools import count
from typing import Any

import kit
import pytest
from opensearchpy import AsyncOpenSearch
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from search.core.streams.nats.names import DEAD_LETTERS
from search.core.streams.port import Broker

SOON_S = 4.0
"""Far less than `ack_wait`, and enough for a machine that is busy with other tests."""
_tenants = count(1)


@pytest.fixture
async def tenant(indexers: None, broker: Broker, engine: AsyncOpenSearch) -> str:
    """A tenant whose index of messages is there."""
    name = f"t-{next(_tenants)}"
    await kit.publish(broker, [said("m-0", name)])
    await kit.settled(broker, engine)
    return name


def said(id: str, tenant: str, text: str = "明天评审") -> bytes:
    return kit.event("message", kit.message(id, text, conversation_id="c-1", sender_id="u-1"), tenant=tenant)


def index(tenant: str) -> str:
    return f"messages-000001-{tenant}"


Trouble = Callable[[AsyncOpenSearch, str], AbstractAsyncContextManager[None]]


def blocked(**settings: Any) -> Trouble:
    """Settings of the index that end as null."""
    named = {name.replace("__", "."): value for name, value in settings.items()}

    @asynccontextmanager
    async def trouble(engine: AsyncOpenSearch, tenant: str) -> AsyncIterator[None]:
        await engine.indices.put_settings(index=index(tenant), body=named)
        try:
            yield
        finally:
            await engine.indices.put_settings(index=index(tenant), body=dict.fromkeys(named))

    return trouble


def cluster_wide(**settings: Any) -> Trouble:
    named = {name.replace("__", "."): value for name, value in settings.items()}

    @asynccontextmanager
    async def trouble(engine: AsyncOpenSearch, tenant: str) -> AsyncIterator[None]:
        await engine.cluster.put_settings(body={"transient": named})
        try:
            yield
        finally:
            await engine.cluster.put_settings(body={"transient": dict.fromkeys(named)})

    return trouble


@asynccontextmanager
async def closed(engine: AsyncOpenSearch, tenant: str) -> AsyncIterator[None]:
    await engine.indices.close(index=index(tenant))
    try:
        yield
    finally:
        await engine.indices.open(index=index(tenant))


TROUBLES: dict[str, Trouble] = {
    "a write block": blocked(index__blocks__write=True),
    "read only": blocked(index__blocks__read_only=True),
    "read only, as a disk is almost full": blocked(index__blocks__read_only_allow_delete=True),
    "a cluster that is read only": cluster_wide(cluster__blocks__read_only=True),
    "a cluster that is read only but for deletes": cluster_wide(cluster__blocks__read_only_allow_delete=True),
    "a closed index": closed,
}


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=list(TROUBLES))
async def test_good_events_wait_and_are_indexed_at_once_when_it_is_over(
    broker: Broker, engine: AsyncOpenSearch, tenant: str, trouble: Trouble
) -> None:
    dead = await broker.end(DEAD_LETTERS)
    with capture_logs() as lines:
        async with trouble(engine, tenant):
            await kit.publish(broker, [said(f"m-{number}", tenant) for number in range(1, 3)])
            before = retries()
            await kit.until(lambda: _is_held(lines, before + 6), "the batch to be held")
        began = time.monotonic()
        await kit.until(lambda: _has(engine, tenant, 3), "all to be indexed", 40)
        took = time.monotonic() - began
    assert took < SOON_S
    assert await broker.end(DEAD_LETTERS) == dead
    assert [line for line in lines if line.get("exc_info")] == []
    assert len([line for line in lines if line["event"] == "holding the batch"]) <= 2, "more than a line a batch"


async def test_too_large_requests_for_the_engine_s_memory_are_cut(
    broker: Broker, engine: AsyncOpenSearch, tenant: str
) -> None:
    async with cluster_wide(network__breaker__inflight_requests__limit="300kb")(engine, tenant):
        await kit.send(broker, [said(f"m-{number}", tenant, "评审" * 300) for number in range(1, 200)])
        await kit.until(lambda: _has(engine, tenant, 200), "all to be indexed", 60)


def retries() -> float:
    """How many operations were sent again so far."""
    return REGISTRY.get_sample_value("office_search_bulk_retries_total", {"collection": "messages"}) or 0.0


async def _is_held(lines: list[Any], until: float) -> bool:
    return any(line["event"] == "holding the batch" for line in lines) and retries() >= until


async def _has(engine: AsyncOpenSearch, tenant: str, number: int) -> bool:
    await engine.indices.refresh(index=index(tenant), params={"ignore_unavailable": "true"})
    found = await engine.count(index=index(tenant), params={"ignore_unavailable": "true"})
    return int(found["count"]) == number
