"""Measures how soon a change that takes access away counts, under load.

A temporary engine and broker, `office-search index` and `office-search serve` as processes of their own, as in
production. First somebody is given things, in every way that the contract names, and finds each of them. Then, while
events of all streams are published at a steady rate, each is taken away, and the API is asked for it again and again.

Time runs from just before the change is handed to the broker until the first whole answer without what it took (for a
user who is disabled: the first refusal) has arrived; asking takes its own time, which is part of it.

It is done twice: under that load alone, and while another tenant publishes documents of 5 MB besides, one a second.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from mappings.catalogue import Catalogue
from search import bootstrap
from search.canary.canary import event
from search.canary.revocations import KINDS, MOMENT, Revocation, State, everybody_may_search, revocation
from search.core.errors import OfficeSearchError, Unavailable
from search.core.settings import BrokerSettings, LocalstackSettings, Settings
from search.core.streams.port import Broker
from search.evaluate.api_client import ApiClient
from search.evaluate.questions import PlayedQuestion, event_files
from search.evaluate.service import Service, fill, temporary_service

ROOT = Path(__file__).parents[1]
SHARED = Path(os.environ.get("OFFICE_SEARCH_SHARED_DATA", ROOT.parent / "shared" / "data"))
CATALOGUE = Catalogue.installed()
TENANT = "revocations"
LARGE_TENANT = "large"
AT_ONCE = 20
"""Events that go to the broker together."""
PATIENCE_S = 60.0
STEADY_S = 3.0
"""How long the load runs before the first measurement."""


@dataclass
class Load:
    """Events that are published at a steady rate; how many there were, and for how long."""

    events: Sequence[tuple[str, bytes]]
    per_s: int
    sent: int = 0
    seconds: float = 0.0

    @asynccontextmanager
    async def on(self, broker: Broker) -> AsyncIterator[None]:
        stop = asyncio.Event()
        task = asyncio.create_task(self._publish(broker, stop))
        try:
            yield
        finally:
            stop.set()
            await task

    async def _publish(self, broker: Broker, stop: asyncio.Event) -> None:
        began = time.perf_counter()
        publisher = broker.publisher()
        while not stop.is_set():
            for _ in range(AT_ONCE):
                stream, raw = self.events[self.sent % len(self.events)]
                await publisher.publish(stream, raw)
                self.sent += 1
            await asyncio.sleep(max(0.0, began + self.sent / self.per_s - time.perf_counter()))
        await publisher.flush()
        self.seconds = time.perf_counter() - began

    @property
    def rate(self) -> float:
        return self.sent / self.seconds


def again(files: Sequence[Path]) -> Iterator[tuple[str, bytes]]:
    """The events of a company in random order, each newer than all that was said before, so that it is written."""
    lines = [(file.stem, line) for file in files for line in file.read_bytes().splitlines()]
    random.Random(2026).shuffle(lines)
    now = time.time_ns() // 1000
    for number, (subject, line) in enumerate(lines):
        yield subject, orjson.dumps({**orjson.loads(line), "id": f"load-{number}", "sequence": str(now + number)})


@asynccontextmanager
async def large_documents(broker: Broker, size: int) -> AsyncIterator[None]:
    """While this lasts, another tenant publishes a document of so many bytes each second, as people may write it."""
    dice = random.Random(2026)
    words = ["年假", "申请", "流程", "报销", "weekly", "report", "会议", "纪要", "chenkai168", "MySQL8", "a-b-c", "。"]
    stop = asyncio.Event()

    async def publish() -> None:
        number = 0
        while not stop.is_set():
            body = "".join(dice.choices(words, k=size // 6))
            data = {"title": "大文档", "kind": "doc", "owner_id": "u-1", "allow": [], "created_at": MOMENT}
            state = State(
                "doc", f"large-{number % 5}", {"id": f"large-{number % 5}", **data, "updated_at": MOMENT, "body": body}
            )
            raw = event(state, LARGE_TENANT, time.time_ns() // 1000)
            await broker.publish(CATALOGUE.stream_of["doc"], raw, state.subject)
            number += 1
            with suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await stop.wait()

    task = asyncio.create_task(publish())
    try:
        yield
    finally:
        stop.set()
        await task


class Bench:
    def __init__(self, client: ApiClient, broker: Broker) -> None:
        self._client = client
        self._broker = broker

    async def prepare(self, each: int, name: str, progress: Progress) -> list[Revocation]:
        """So many of each kind, in random order, all of which are found. `name`: the beginning of their ids."""
        dice = random.Random(name)
        every = [
            revocation(kind, f"{name}-{kind}-{number}", f"{dice.getrandbits(64):016x}")
            for number in range(each)
            for kind in KINDS
        ]
        await self.tell(everybody_may_search([one.module for one in CATALOGUE.verticals.values()]))
        for one in every:
            for state in one.granted:
                await self.tell(state)
        task = progress.add_task("given", total=len(every))
        for one in every:
            await self._until(one, found=True)
            progress.advance(task)
        dice.shuffle(every)
        return every

    async def take_away(self, every: Sequence[Revocation], progress: Progress) -> dict[str, list[float]]:
        """Seconds by kind."""
        found = defaultdict(list)
        task = progress.add_task("taken away", total=len(every))
        for one in every:
            began = time.perf_counter()
            await self.tell(one.revoked)
            await self._until(one, found=False)
            found[one.kind].append(time.perf_counter() - began)
            progress.advance(task)
        return found

    async def tell(self, state: State) -> None:
        raw = event(state, TENANT, time.time_ns() // 1000)
        await self._broker.publish(CATALOGUE.stream_of[state.entity], raw, state.subject)

    async def _until(self, one: Revocation, *, found: bool) -> None:
        question = PlayedQuestion(id=one.kind, tenant=TENANT, user=one.caller, q=one.word)
        ends = time.perf_counter() + PATIENCE_S
        while True:
            # A company just begun is not answered for a moment: that is no answer, neither with it nor without.
            with suppress(Unavailable):
                hits = (await self._client.search(question, one.vertical)).body.get("hits", ())
                if any((hit["vertical"], hit["id"]) == (one.vertical, one.wanted) for hit in hits) is found:
                    return
            if time.perf_counter() > ends:
                raise OfficeSearchError(f"{one.wanted} is{'' if found else ' not'} gone after {PATIENCE_S:.0f} s.")


async def measure(service: Service, options: argparse.Namespace, console: Console) -> dict[str, Any]:
    async with AsyncExitStack() as stack:
        progress = stack.enter_context(Progress(console=console))
        files = event_files(options.data)
        await fill(service, files, progress)
        settings = BrokerSettings.model_construct()
        broker = await stack.enter_async_context(bootstrap.connected_broker(settings, service.endpoints.broker_url))
        client = await stack.enter_async_context(ApiClient(service.url, service.secret))
        bench = Bench(client, broker)
        events = list(again(files))
        found = {}
        for name, size in (("alone", 0), ("large", options.large)):
            every = await bench.prepare(options.each, name, progress)
            load = Load(events, options.rate)
            async with AsyncExitStack() as loads:
                await loads.enter_async_context(load.on(broker))
                if size:
                    await loads.enter_async_context(large_documents(broker, size))
                await asyncio.sleep(STEADY_S)
                taken = await bench.take_away(every, progress)
                machine = os.getloadavg()[0]
            found[name] = report(taken, load.rate, machine)
    return {"processors": os.cpu_count(), "large_bytes": options.large, **found}


def report(taken: Mapping[str, Sequence[float]], rate: float, machine: float) -> dict[str, Any]:
    """`machine`: its load, of the last minute."""
    seconds = [one for kind in taken.values() for one in kind]
    return {
        **figures(seconds),
        "n": len(seconds),
        "events_per_s": round(rate),
        "machine_load": round(machine, 1),
        "kinds": {kind: figures(taken[kind]) for kind in KINDS},
    }


def figures(seconds: Sequence[float]) -> dict[str, float]:
    cuts = statistics.quantiles(seconds, n=100, method="inclusive")
    named = {f"p{percent}_ms": cuts[percent - 1] for percent in (50, 95, 99)} | {"max_ms": max(seconds)}
    return {name: round(value * 1000, 1) for name, value in named.items()}


def show(found: Mapping[str, Any], console: Console) -> None:
    show_one(found["alone"], found["processors"], "", console)
    besides = f",\nand another tenant's documents of {found['large_bytes'] / 1e6:.1f} MB, one a second"
    show_one(found["large"], found["processors"], besides, console)


def show_one(found: Mapping[str, Any], processors: int, besides: str, console: Console) -> None:
    title = f"from a revocation to the first answer without it, at {found['events_per_s']:,} events/s{besides}"
    title += f"\n(load of the machine {found['machine_load']}, {processors} processors)"
    table = Table("kind", "p50 ms", "p95 ms", "p99 ms", "max ms", title=title)
    for kind, one in found["kinds"].items():
        table.add_row(kind, *(f"{value:,.0f}" for value in one.values()))
    table.add_section()
    table.add_row("all", *(f"{found[name]:,.0f}" for name in ("p50_ms", "p95_ms", "p99_ms", "max_ms")))
    console.print(table)


def main() -> None:
    """Print the table; write the figures with --json FILE."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=SHARED / "company", help="folder with changes.*.ndjson")
    parser.add_argument("--each", type=int, default=30, help="revocations of each kind")
    parser.add_argument("--rate", type=int, default=2_000, help="events a second")
    parser.add_argument("--large", type=int, default=4_900_000, help="bytes of the other tenant's documents")
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args()
    console = Console()
    with temporary_service(Settings(localstack=LocalstackSettings(heap="1g")), console) as service:
        found = asyncio.run(measure(service, options, console))
    show(found, console)
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
