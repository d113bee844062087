"""Measures what a caller's conversations cost a search, and the forms that the access filter could have.

A temporary engine holds a made-up company; callers are in 10 to 20,000 conversations, a quarter of which show nothing
from before each joined, at a time of their own. There are many callers of each size, and each asks something else each
time, so that no answer and no filter is still at hand. All sizes and forms take turns, in one warm run.

search: from a user's id to an answer over all verticals: the directory's principal, the search, the check of its hits.
forms: the query for messages alone, under the filter as it is (`terms`), with the conversations that are read whole
as a bitmap of their numbers (`bitmap`), and with them looked up by the engine in a document of the caller's
(`lookup`). Times of joining are one script clause in all of them.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import random
import statistics
import struct
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from large_company import TENANT, WORDS, Builder, Size, caller
from opensearchpy import AsyncOpenSearch
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from analyzers import Lexicons
from mappings.catalogue import Catalogue
from search import bootstrap
from search.access.filter import access_filter
from search.access.principal import Principal
from search.core import engine as engines
from search.core.endpoints import Endpoints
from search.core.settings import Settings
from search.localstack import temporary_stack
from search.query import build
from search.query.question import Question
from search.query.resolved import ResolvedQuery

CATALOGUE = Catalogue.installed()
MESSAGES = CATALOGUE.verticals["messages"]
CALLERS: Mapping[int, int] = {10: 32, 200: 32, 2_000: 24, 5_000: 24, 20_000: 8}
"""How many callers there are in so many conversations."""
LOOKUPS = "lookups"
DEADLINE_MS = 10_000
WARM_UP = 20


@dataclass(frozen=True)
class Times:
    """Of one thing, in milliseconds."""

    p50_ms: float
    p95_ms: float
    p99_ms: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Times:
        cuts = statistics.quantiles(seconds, n=100, method="inclusive")
        return cls(*(round(cuts[percent - 1] * 1000, 1) for percent in (50, 95, 99)))


Work = Callable[[int, str], Awaitable[int]]
"""(the n-th caller, what is asked) → how many hits there were."""


class Bench:
    def __init__(self, engine: AsyncOpenSearch, callers: Mapping[int, int]) -> None:
        self._engine = engine
        self._callers = callers
        self._search = bootstrap.search_over(engine, DEADLINE_MS, CATALOGUE, Lexicons())
        self._directory = self._search.directory
        self._dice = random.Random(7)

    async def searches(self, rounds: int, progress: Progress) -> dict[str, Times]:
        return await self._take_turns({str(size): self._searching(size) for size in self._callers}, rounds, progress)

    async def forms(self, rounds: int, progress: Progress) -> dict[str, dict[str, Times]]:
        """By size, by form."""
        mapping = {"properties": {"conversation_id": {"type": "keyword"}}}
        await self._engine.indices.create(index=LOOKUPS, body={"mappings": mapping})
        found = {}
        for size in self._callers:
            principals = [await self._directory.principal(TENANT, caller(size, n)) for n in range(self._callers[size])]
            for one in principals:
                await self._engine.index(index=LOOKUPS, id=one.user, body={"conversation_id": one.read_whole})
            works = {name: self._filtered(principals, form) for name, form in FORMS.items()}
            found[str(size)] = await self._take_turns(works, rounds, progress)
        return found

    async def _take_turns(self, works: Mapping[str, Work], rounds: int, progress: Progress) -> dict[str, Times]:
        task = progress.add_task(", ".join(works), total=rounds + WARM_UP)
        taken: dict[str, list[float]] = {name: [] for name in works}
        for turn in range(rounds + WARM_UP):
            for name, work in works.items():
                asked = "".join(self._dice.sample(WORDS, 2))
                began = time.perf_counter()
                await work(turn, asked)
                if turn >= WARM_UP:
                    taken[name].append(time.perf_counter() - began)
            progress.advance(task)
        return {name: Times.of(seconds) for name, seconds in taken.items()}

    def _searching(self, size: int) -> Work:
        async def search(turn: int, asked: str) -> int:
            who = await self._directory.principal(TENANT, caller(size, turn % self._callers[size]))
            answer = await self._search.answer(who, Question(asked), datetime.now(UTC))
            if answer.failed or not answer.hits:
                raise RuntimeError(f"A caller in {size} conversations got no answer from {answer.failed or 'anywhere'}")
            return len(answer.hits)

        return search

    def _filtered(self, principals: Sequence[Principal], form: Callable[[Principal], dict[str, Any]]) -> Work:
        async def search(turn: int, asked: str) -> int:
            guard = form(principals[turn % len(principals)])
            query = {"bool": {"must": [build.query_body(ResolvedQuery(text=asked), MESSAGES)], "filter": [guard]}}
            body = {"query": query, "size": 20, "_source": False, "track_total_hits": 10_000}
            answer = await self._engine.search(index=f"messages.{TENANT}", body=body)
            return len(answer["hits"]["hits"])

        return search


def with_whole(principal: Principal, whole: dict[str, Any]) -> dict[str, Any]:
    """The access filter as it is, with another clause for the conversations that are read whole."""
    as_it_is = access_filter(principal, MESSAGES)
    if "bool" not in as_it_is:
        return whole
    return {"bool": {**as_it_is["bool"], "should": [whole, *as_it_is["bool"]["should"][1:]]}}


def bitmap(principal: Principal) -> dict[str, Any]:
    numbers = [int(id.removeprefix("c-")) for id in principal.read_whole]
    encoded = base64.b64encode(roaring(numbers)).decode()
    return with_whole(principal, {"terms": {"room": [encoded], "value_type": "bitmap"}})


def lookup(principal: Principal) -> dict[str, Any]:
    place = {"index": LOOKUPS, "id": principal.user, "path": "conversation_id"}
    return with_whole(principal, {"terms": {"conversation_id": place}})


FORMS: Mapping[str, Callable[[Principal], dict[str, Any]]] = {
    "terms": lambda principal: access_filter(principal, MESSAGES),
    "bitmap": bitmap,
    "lookup": lookup,
}


def roaring(numbers: Sequence[int]) -> bytes:
    """Distinct numbers below 65,536 in the portable format of Roaring bitmaps: one container.

    https://github.com/RoaringBitmap/RoaringFormatSpec
    """
    assert max(numbers) < 65_536
    head = struct.pack("<IIHHI", 12346, 1, 0, len(numbers) - 1, 16)
    if len(numbers) <= 4096:
        return head + struct.pack(f"<{len(numbers)}H", *sorted(numbers))
    bits = bytearray(8192)
    for number in numbers:
        bits[number >> 3] |= 1 << (number & 7)
    return head + bytes(bits)


async def measure(endpoints: Endpoints, options: argparse.Namespace, console: Console) -> dict[str, Any]:
    settings = Settings()
    size = Size(options.messages, options.conversations, CALLERS)
    async with AsyncExitStack() as stack:
        engine = engines.connect(settings.engine, endpoints.opensearch_url, timeout_s=120)
        stack.push_async_callback(engine.close)
        progress = stack.enter_context(Progress(console=console))
        await Builder(engine, settings.indices, size, progress).build()
        await engine.indices.forcemerge(index=f"messages.{TENANT}", params={"max_num_segments": 5})
        bench = Bench(engine, CALLERS)
        searches = await bench.searches(options.rounds, progress)
        forms = await bench.forms(options.rounds, progress)
    return {
        "messages": options.messages,
        "conversations": options.conversations,
        "rounds": options.rounds,
        "search": {size: asdict(times) for size, times in searches.items()},
        "forms": {size: {name: asdict(times) for name, times in form.items()} for size, form in forms.items()},
        "p95_5000_to_200": round(searches["5000"].p95_ms / searches["200"].p95_ms, 2),
    }


def show(found: Mapping[str, Any], console: Console) -> None:
    searches = Table("conversations", "p50 ms", "p95 ms", "p99 ms", title=f"a search, {found['messages']:,} messages")
    for size, times in found["search"].items():
        searches.add_row(f"{int(size):,}", *(f"{value:.1f}" for value in times.values()))
    console.print(searches)
    console.print(f"p95 of 5,000 conversations to 200: {found['p95_5000_to_200']:.2f}")
    forms = Table("conversations", *FORMS, title="messages alone, by form, p50 / p95 / p99 ms")
    for size, by_form in found["forms"].items():
        cells = (" / ".join(f"{value:.1f}" for value in by_form[name].values()) for name in FORMS)
        forms.add_row(f"{int(size):,}", *cells)
    console.print(forms)


def main() -> None:
    """Print the tables; write the figures with --json FILE."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--conversations", type=int, default=25_000)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args()
    console = Console()
    with temporary_stack(heap="2g") as endpoints:
        found = asyncio.run(measure(endpoints, options, console))
    show(found, console)
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    main()
