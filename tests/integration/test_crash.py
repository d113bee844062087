"""An indexer that is killed, or asked to end, in the middle of a load leaves what an undisturbed load leaves."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import kit
import pytest
from opensearchpy import AsyncOpenSearch

from mappings import directory
from search.core.endpoints import Endpoints
from search.core.streams.nats.names import DEAD_LETTERS
from search.core.streams.port import Broker

CALM, KILLED = "calm", "killed"
MESSAGES, OTHERS = 2_000, 200
BATCH = 20


def company(tenant: str) -> list[bytes]:
    """Some thousand events of every kind: several versions of each entity, some deleted, doubled and in disorder."""
    chance = random.Random(20260302)
    said: list[tuple[str, dict[str, Any], int, str]] = []
    for number in range(MESSAGES):
        message = kit.message(f"m-{number}", f"第{number}条", conversation_id=f"c-{number % 30}", sender_id="u-1")
        said.append(("message", message, chance.randrange(9), "upserted"))
    for number in range(OTHERS):
        said += [
            ("user", kit.user(f"u-{number}", f"员工{number}", department_ids=[f"d-{number % 9}"]), 1, "upserted"),
            ("member", kit.member(f"conversation:c-{number % 30}", f"user:u-{number}"), 1, "upserted"),
            ("doc", kit.doc(f"f-{number}", f"文档{number}", owner_id="u-1"), 1, "upserted"),
            ("doc", kit.doc(f"f-{number}", f"文档{number}新", owner_id="u-1"), 2, "upserted"),
        ]
    ends = chance.sample(said, len(said) // 10)
    said += [(entity, data, 10, "deleted") for entity, data, _, _ in ends]
    said += chance.sample(said, len(said) // 10)
    chance.shuffle(said)
    return [kit.event(entity, data, tenant=tenant, version=version, verb=verb) for entity, data, version, verb in said]


class Indexer:
    """`office-search index` as a process of its own."""

    def __init__(self, world: Endpoints, log: Path, batch: int) -> None:
        own = {
            "OPENSEARCH_URL": world.opensearch_url,
            "BROKER_URL": world.broker_url,
            "OFFICE_SEARCH_INDEXER_PORT": "0",
            "OFFICE_SEARCH_ACK_WAIT_S": "5",
            "OFFICE_SEARCH_BATCH_SIZE": str(batch),
        }
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "search.cli", "index"], env=os.environ | own, stdout=out, stderr=out
            )

    def kill(self) -> None:
        """As the kernel does it when memory is short: no last word."""
        self._process.kill()
        self._process.wait()

    async def stop(self) -> int:
        """Ask it to end; its exit status."""
        self._process.send_signal(signal.SIGTERM)
        return await asyncio.to_thread(self._process.wait, 60)

    @property
    def runs(self) -> bool:
        return self._process.poll() is None


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "indexer.log"
    yield path
    print(path.read_text())


@asynccontextmanager
async def indexing(world: Endpoints, log: Path, batch: int = BATCH) -> AsyncIterator[Indexer]:
    indexer = Indexer(world, log, batch)
    try:
        yield indexer
    finally:
        if indexer.runs:
            indexer.kill()


async def test_what_is_indexed_after_kill_9_is_what_an_undisturbed_load_gives(
    world: Endpoints, broker: Broker, engine: AsyncOpenSearch, log: Path
) -> None:
    await kit.send(broker, company(KILLED))
    async with indexing(world, log) as indexer:
        await kit.until(lambda: _has_settled(broker, 0.3), "a third of the load", 60)
        indexer.kill()
    assert 0 < await _left(broker) < MESSAGES, "it was to be killed in the middle"
    async with indexing(world, log) as indexer:
        await kit.until(lambda: _has_settled(broker, 0.6), "two thirds of the load", 60)
        assert await indexer.stop() == 0
    assert await _left(broker) > 0, "it was to be stopped in the middle"
    async with indexing(world, log, batch=500) as indexer:
        await kit.settled(broker, engine)
        await kit.send(broker, company(CALM))
        await kit.settled(broker, engine)
        assert await indexer.stop() == 0
    for collection in ("messages", "contacts", "docs", directory.NAME):
        killed, calm = await _contents(engine, collection, KILLED), await _contents(engine, collection, CALM)
        assert len(killed) > 0
        assert killed == calm
    assert await broker.end(DEAD_LETTERS) == 0


async def _contents(engine: AsyncOpenSearch, collection: str, tenant: str) -> dict[str, Any]:
    found: dict[str, Any] = await kit.contents(engine, collection, tenant)
    if collection == directory.NAME:
        # Its version counts writes, which depend on the batches; its entries carry their own.
        return {id: source for id, (_, source) in found.items() if id != directory.INCARNATION}
    return found


async def _left(broker: Broker) -> int:
    """Messages that are not settled yet."""
    progress = await broker.progress("changes.messages", "messages-000001")
    return MESSAGES if progress is None else progress.lag


async def _has_settled(broker: Broker, share: float) -> bool:
    return await _left(broker) < MESSAGES * (1 - share)
