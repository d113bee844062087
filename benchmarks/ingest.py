"""Measures one indexer process against the engine's own bulk speed, side by side on the same warm node.

Both write the same finished documents of a company's messages (each event several times under other ids, so that a
round takes seconds), each round into fresh indices with the indexer's own mapping and settings. After a warm-up the two
take turns; the figures are medians.

pipeline_per_s: everything lies in the broker beforehand; `office-search index` runs as one process. The clock runs from
the first look that finds settled events (its start-up is over) until all are settled at the broker; what was settled at
that first look does not count.
raw_per_s: two threads send the operations that the indexer makes of these events (versions included), prepared as bytes
beforehand, straight to `_bulk` in batches of 2,000. The clock runs from their start until the last answer.
ratio: pipeline_per_s / raw_per_s.
processor_ratio: the same from the processor time that all processes together spent on an event. It holds on a machine
that others use too, where the clock says little, and is what the ratio tends to when neither leaves a core idle.
resident_mb: the most that the indexer process held.
"""

import argparse
import asyncio
import http.client
import json
import os
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from queue import Empty, SimpleQueue
from urllib.parse import urlsplit

import orjson
import psutil
import uvloop
from opensearchpy import AsyncOpenSearch
from rich.console import Console
from rich.table import Table

from analyzers import Lexicons
from indexers.followers import delete_consumers
from indexers.generations import Registry
from indexers.indices import Indices
from indexers.load import load
from indexers.projections import Documents
from mappings.catalogue import Catalogue
from mappings.events import decode
from search import bootstrap
from search.core import engine as engines
from search.core.endpoints import Endpoints
from search.core.errors import OfficeSearchError
from search.core.settings import BrokerSettings, EngineSettings, Settings
from search.core.streams.port import Broker
from search.localstack import temporary_stack
from search.localstack.children import environment, running

ROOT = Path(__file__).parents[1]
SHARED = Path(os.environ.get("OFFICE_SEARCH_SHARED_DATA", ROOT.parent / "shared" / "data"))
CATALOGUE = Catalogue.installed()
MESSAGES = CATALOGUE.verticals["messages"]
STREAM = MESSAGES.stream
RAW_BATCH, RAW_THREADS = 2_000, 2
POLL_S = 0.05


def company(data: Path) -> list[bytes]:
    """The message events in `data`, or the demo company's where there is no such folder."""
    source = data / f"{STREAM}.ndjson"
    if source.exists():
        return source.read_bytes().splitlines()
    from search.demo.company import generate

    return generate().events[STREAM]


def multiplied(events: Sequence[bytes], wanted: int) -> Iterator[bytes]:
    """At least `wanted` events: whole copies, each under ids of its own."""
    for copy in range(-(-wanted // len(events))):
        for raw in events:
            event = orjson.loads(raw)
            event["subject"] = event["data"]["id"] = f"{event['subject']}.{copy}"
            yield orjson.dumps(event)


@dataclass(frozen=True)
class Round:
    """One measurement. `documents`: what the indices hold afterwards; `costs`: processor time an event, in µs."""

    per_s: float
    documents: int
    costs: Mapping[str, float]
    resident_mb: float = 0.0

    @property
    def cost(self) -> float:
        return sum(self.costs.values())


class Bench:
    """An engine and a broker of its own, with all events in the broker."""

    def __init__(self, settings: Settings, endpoints: Endpoints, engine: AsyncOpenSearch, broker: Broker) -> None:
        self._settings = settings
        self._endpoints = endpoints
        self._engine = engine
        self._broker = broker
        self._registry = Registry(engine, CATALOGUE)

    async def pipeline(self, events: int) -> Round:
        await self._wipe()
        chosen = environment(self._endpoints, indexer_port="0")
        with tempfile.TemporaryDirectory() as folder, running("index", chosen, Path(folder)) as child:
            process = psutil.Process(child.pid)
            began, first, resident, settled = 0.0, 0, 0, 0
            while settled < events:
                await asyncio.sleep(POLL_S)
                child.check()
                found = await self._broker.progress(STREAM, f"{MESSAGES.name}-000001")
                now, settled = time.perf_counter(), found.settled if found else 0
                if settled and not began:
                    began, first, spent = now, settled, cpu()
                resident = max(resident, process.memory_info().rss)
            costs = {name: (seconds - spent[name]) / (events - first) * 1e6 for name, seconds in cpu().items()}
        return Round((events - first) / (now - began), await self._documents(), costs, resident / 2**20)

    async def raw(self, bodies: Sequence[bytes], tenants: Sequence[str], events: int) -> Round:
        await self._wipe()
        await self._registry.prepare()
        indices = Indices(
            self._engine,
            self._registry,
            await self._registry.serving(MESSAGES.name),
            self._settings.indices,
            Lexicons(),
        )
        for tenant in tenants:
            await indices.ensure(tenant)
        spent = cpu()
        seconds = await asyncio.to_thread(send, self._endpoints.opensearch_url, bodies)
        costs = {name: (seconds - spent[name]) / events * 1e6 for name, seconds in cpu().items()}
        return Round(events / seconds, await self._documents(), costs)

    async def _wipe(self) -> None:
        """Indices, generations and consumers go; the events stay in the broker."""
        with suppress(OfficeSearchError):  # before the first round there are none
            for generation in await self._registry.all():
                await delete_consumers(self._broker, generation)
        await self._engine.indices.delete(index="*")

    async def _documents(self) -> int:
        index = f"{MESSAGES.name}-000001-*"
        await self._engine.indices.refresh(index=index)
        return int((await self._engine.count(index=index))["count"])


def cpu() -> dict[str, float]:
    """Processor seconds so far of this process and those that it runs, by what they are."""
    spent: dict[str, float] = {"here": time.process_time()}
    for child in psutil.Process().children(recursive=True):
        name = {"java": "engine", "nats-server": "broker"}.get(child.name(), "indexer")
        spent[name] = sum(child.cpu_times()[:2])
    return spent


def send(url: str, bodies: Sequence[bytes]) -> float:
    """Send all bodies from two threads, each on a connection of its own; returns the seconds."""
    waiting: SimpleQueue[bytes] = SimpleQueue()
    for body in bodies:
        waiting.put(body)
    address = urlsplit(url).netloc

    def work() -> None:
        connection = http.client.HTTPConnection(address)
        while True:
            try:
                body = waiting.get_nowait()
            except Empty:
                return
            path = "/_bulk?filter_path=errors,items.*.status,items.*.error.type,items.*.error.reason"
            connection.request("POST", path, body, {"Content-Type": "application/x-ndjson"})
            answer = connection.getresponse()
            text = answer.read()
            if answer.status != 200:
                raise SystemExit(f"_bulk answered {answer.status}: {text[:500]!r}")

    began = time.perf_counter()
    with ThreadPoolExecutor(RAW_THREADS) as pool:
        for future in [pool.submit(work) for _ in range(RAW_THREADS)]:
            future.result()
    return time.perf_counter() - began


def prepare(events: Sequence[bytes]) -> tuple[list[bytes], list[str]]:
    """The bulk bodies that the indexer would make of all events, and their tenants."""
    bodies, tenants = [], set()
    for start in range(0, len(events), RAW_BATCH):
        changes = [(0, decode(event, MESSAGES.entities)) for event in events[start : start + RAW_BATCH]]
        tenants |= {change.tenant for _, change in changes}
        operations = Documents(MESSAGES, Lexicons()).operations(changes)
        bodies.append(b"".join(one.lines(f"{MESSAGES.name}-000001-{one.tenant}") for one in operations))
    return bodies, sorted(tenants)


@asynccontextmanager
async def bench(settings: Settings, events: Sequence[bytes], console: Console) -> AsyncIterator[Bench]:
    async with AsyncExitStack() as stack:
        endpoints = stack.enter_context(temporary_stack(heap="1g", console=console))
        file = Path(stack.enter_context(tempfile.TemporaryDirectory())) / f"{STREAM}.ndjson"
        file.write_bytes(b"\n".join(events))
        engine = engines.connect(settings.engine, endpoints.opensearch_url, timeout_s=60)
        stack.push_async_callback(engine.close)
        broker = await stack.enter_async_context(bootstrap.connected_broker(settings.broker, endpoints.broker_url))
        with console.status(f"publishing {len(events):,} events"):
            await load(broker, CATALOGUE, [file], lambda _: None)
        yield Bench(settings, endpoints, engine, broker)


async def measure(events: Sequence[bytes], rounds: int, console: Console) -> dict[str, float]:
    settings = Settings(engine=EngineSettings(url=None), broker=BrokerSettings(url=None))
    bodies, tenants = prepare(events)
    pipelines: list[Round] = []
    raws: list[Round] = []
    async with bench(settings, events, console) as site:
        for number in count():
            raw, pipeline = await site.raw(bodies, tenants, len(events)), await site.pipeline(len(events))
            if raw.documents != pipeline.documents:
                raise SystemExit(f"raw wrote {raw.documents} documents, the indexer {pipeline.documents}")
            name = f"round {number}" if number else "warm-up"
            for way, one in (("raw", raw), ("pipeline", pipeline)):
                costs = ", ".join(f"{who} {cost:.0f}" for who, cost in one.costs.items())
                console.print(f"{name}: {way} {one.per_s:,.0f}/s; µs of processor an event: {costs}")
            if number:
                raws.append(raw)
                pipelines.append(pipeline)
            if number == rounds:
                break
    pipeline_per_s, raw_per_s = (statistics.median(one.per_s for one in each) for each in (pipelines, raws))
    pipeline_cost, raw_cost = (statistics.median(one.cost for one in each) for each in (pipelines, raws))
    return {
        "pipeline_per_s": round(pipeline_per_s),
        "raw_per_s": round(raw_per_s),
        "ratio": round(pipeline_per_s / raw_per_s, 3),
        "processor_ratio": round(raw_cost / pipeline_cost, 3),
        "resident_mb": round(max(one.resident_mb for one in pipelines)),
    }


def show(figures: dict[str, float], events: int, console: Console) -> None:
    table = Table("", "figure", title=f"{events:,} message events")
    table.columns[1].justify = "right"
    table.add_row("pipeline, events/s", f"{figures['pipeline_per_s']:,}")
    table.add_row("raw _bulk, documents/s", f"{figures['raw_per_s']:,}")
    table.add_row("ratio", f"{figures['ratio']:.3f}")
    table.add_row("ratio of processor time", f"{figures['processor_ratio']:.3f}")
    table.add_row("indexer's memory, MB", f"{figures['resident_mb']:,}")
    console.print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=SHARED / "company", help="a company's event files")
    parser.add_argument("--events", type=int, default=85_000, help="at least so many; default %(default)s")
    parser.add_argument("--rounds", type=int, default=3, help="measured rounds of each; default %(default)s")
    parser.add_argument("--json", type=Path, help="write the figures here too")
    arguments = parser.parse_args()
    console = Console()
    events = list(multiplied(company(arguments.data), arguments.events))
    figures = uvloop.run(measure(events, arguments.rounds, console))
    show(figures, len(events), console)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
