"""`office-search index` with its processes: the access lane beside it, and those that analyse."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import apikit
import kit
import psutil
import pytest
from apikit import Api
from opensearchpy import AsyncOpenSearch

from search.core.endpoints import Endpoints
from search.core.settings import Settings
from search.core.streams.nats.names import DEAD_LETTERS
from search.core.streams.port import Broker

SOON_S = 2.0
HUGE = 4_900_000


class Indexers:
    """The command as a process of its own, and those that it has started."""

    def __init__(self, world: Endpoints, log: Path) -> None:
        own = {
            "OPENSEARCH_URL": world.opensearch_url,
            "BROKER_URL": world.broker_url,
            "OFFICE_SEARCH_INDEXER_PORT": "0",
            "OFFICE_SEARCH_ACK_WAIT_S": "5",
            "OFFICE_SEARCH_REFRESH_INTERVAL": "200ms",
        }
        command = [sys.executable, "-m", "search.cli", "index"]
        with log.open("ab") as out:
            self.process = subprocess.Popen(command, env=os.environ | own, stdout=out, stderr=out)

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def lane(self) -> psutil.Process | None:
        """The access lane's process."""
        return next((child for child in self.children() if "access" in child.cmdline()), None)

    def workers(self) -> list[psutil.Process]:
        return [child for child in self.children() if any("spawn_main" in word for word in child.cmdline())]

    def is_complete(self) -> bool:
        return self.lane() is not None and bool(self.workers())


@pytest.fixture
def indexers(world: Endpoints, tmp_path: Path) -> Iterator[Indexers]:
    log = tmp_path / "index.log"
    started = Indexers(world, log)
    children: list[psutil.Process] = []
    try:
        kit.wait_until(started.is_complete)
        yield started
        children = started.children() if started.process.poll() is None else []
    finally:
        started.process.kill()
        started.process.wait()
        _, alive = psutil.wait_procs(children, 10)
        for child in alive:
            child.kill()
        print(log.read_text())
    assert not alive, "its processes outlived it"


@pytest.fixture
async def api(indexers: Indexers, world: Endpoints, settings: Settings) -> AsyncIterator[Api]:
    async with apikit.running(settings, world, apikit.GATEWAY_SECRET) as running:
        await running.ready()
        yield running


def docs(tenant: str, count: int, version: int = 1, text: str = "年假申请的流程 " * 200) -> list[bytes]:
    made = (kit.doc(f"f-{n}", "年假", owner_id="u-1", body=text) for n in range(count))
    return [kit.event("doc", doc, tenant=tenant, version=version) for doc in made]


def test_whoever_ends_it_ends_all_of_it(indexers: Indexers) -> None:
    children = indexers.children()
    indexers.process.send_signal(signal.SIGTERM)
    assert indexers.process.wait(30) == 0
    assert psutil.wait_procs(children, 10)[1] == []


def test_nothing_is_left_when_it_is_killed(indexers: Indexers) -> None:
    children = indexers.children()
    indexers.process.kill()
    indexers.process.wait()
    assert psutil.wait_procs(children, 10)[1] == []


async def test_whatever_process_is_killed_everything_is_indexed(
    indexers: Indexers, broker: Broker, engine: AsyncOpenSearch
) -> None:
    dead = await broker.end(DEAD_LETTERS)
    lane = indexers.lane()
    assert lane
    for round in range(3):
        await kit.send(broker, docs("killed", 300, version=round + 1))
        for worker in indexers.workers():
            worker.kill()
        if round == 1:
            lane.kill()
            await kit.send(broker, [kit.event("user", kit.user("u-1", "张三"), tenant="killed", version=2)])
    await kit.settled(broker, engine)
    stored = await kit.contents(engine, "docs", "killed")
    assert {id: version for id, (version, _) in stored.items()} == {f"f-{n}": 3 for n in range(300)}
    assert "user:u-1" in await kit.contents(engine, "directory", "killed")
    assert await broker.end(DEAD_LETTERS) == dead
    again = indexers.lane()
    assert again
    assert again.pid != lane.pid


async def test_one_tenant_s_huge_documents_hold_up_nobody_else(
    indexers: Indexers, api: Api, broker: Broker, engine: AsyncOpenSearch
) -> None:
    company = apikit.Company(api, broker, engine, tenant="small")
    company.role(kit.ALL_MODULES, id="default")
    user = company.user()
    room = company.conversation(user)
    company.message(room)
    company.doc(user)
    await company.arrive()
    await kit.send(broker, docs("huge", 1))
    await kit.settled(broker, engine)

    async def is_answered() -> bool:
        return await company.status(user) == 200

    await kit.until(is_answered, "the company to be answered")
    assert len(await company.finds(user)) == 2

    await kit.send(broker, docs("huge", 3, version=2, text="a-" * (HUGE // 2)))
    began = time.monotonic()
    new = company.doc(user)
    company.leave(f"conversation:{room}", user)
    await company.publish()
    took: dict[str, float] = {}

    async def both_count() -> bool:
        answer = await company.search(user)
        verticals = {hit["vertical"] for hit in answer["hits"]}
        if "messages" not in verticals:
            took.setdefault("taken away", time.monotonic() - began)
        if new in apikit.ids(answer):
            took.setdefault("written", time.monotonic() - began)
        return len(took) == 2

    await kit.until(both_count, "the other tenant's events to count")
    print(took)
    assert max(took.values()) < SOON_S, took
    await kit.settled(broker, engine)
    assert (await kit.contents(engine, "docs", "huge"))["f-2"][0] == 2
