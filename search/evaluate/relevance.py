"""`office-search eval relevance`: compares the product's answers to judged questions with the plain engine's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
from opensearchpy import AsyncOpenSearch
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from analyzers import Lexicons
from indexers.projections import document_operation
from mappings.catalogue import Catalogue
from mappings.entities import Doc
from search import bootstrap
from search.access.principal import EVERYONE, Principal, Rules
from search.core import engine as engines
from search.core.endpoints import Endpoints
from search.core.settings import Settings
from search.evaluate.judged import JudgedSet, read
from search.evaluate.measures import DEPTH, MEASURES, Difference, Runs, difference, mean, measure
from search.localstack import temporary_stack
from search.query.question import Question

CATALOGUE = Catalogue.installed()
DOCS = CATALOGUE.verticals["docs"]
PAGE = 100
AT_ONCE = 4
DEADLINE_MS = 30_000
MOMENT = "2026-01-01T00:00:00Z"
# The baseline: the engine's defaults, with titles boosted.
STANDARD_MAPPING = {"properties": {"title": {"type": "text"}, "body": {"type": "text"}}}


@dataclass(frozen=True)
class Compared:
    """The figures of both systems on one judged set."""

    queries: int
    docs: int
    product: Mapping[str, float]
    standard: Mapping[str, float]
    differences: Mapping[str, Difference]

    def json(self) -> bytes:
        figures = {
            "queries": self.queries,
            "docs": self.docs,
            "product": self.product,
            "standard": self.standard,
        }
        return orjson.dumps(figures, option=orjson.OPT_INDENT_2) + b"\n"


def run_relevance(settings: Settings, data: Path, console: Console, *, json_file: Path | None) -> Compared:
    """Compare on a temporary engine, print a table and write the JSON file."""
    judged = read(data)
    with temporary_stack(heap=settings.localstack.heap, console=console) as endpoints:
        compared = asyncio.run(compare(settings, endpoints, judged, console))
    console.print(_table(data.name, compared))
    if json_file:
        json_file.write_bytes(compared.json())
    return compared


async def compare(settings: Settings, endpoints: Endpoints, judged: JudgedSet, console: Console) -> Compared:
    """Index the set for both systems, ask both every question, and remove the indices again."""
    engine = engines.connect(settings.engine, endpoints.opensearch_url, timeout_s=60)
    tenant = f"judged-{uuid4().hex[:12]}"
    try:
        with Progress(console=console) as progress:
            task = progress.add_task("judged questions", total=2 * len(judged.questions))
            async with _indices(engine, tenant, judged):
                ours = await _ask_all(judged, _Product(engine, tenant).ask, lambda: progress.advance(task))
                theirs = await _ask_all(judged, _Standard(engine, tenant).ask, lambda: progress.advance(task))
    finally:
        await engine.close()
    product, standard = measure(judged.relevance, ours), measure(judged.relevance, theirs)
    return Compared(
        len(judged.questions),
        len(judged.documents),
        {name: round(mean(product[name]), 4) for name in MEASURES},
        {name: round(mean(standard[name]), 4) for name in MEASURES},
        {name: difference(product[name], standard[name]) for name in MEASURES},
    )


@asynccontextmanager
async def _indices(engine: AsyncOpenSearch, tenant: str, judged: JudgedSet) -> AsyncIterator[None]:
    ours, theirs = f"docs-judged-{tenant}", f"standard-{tenant}"
    try:
        body = {"mappings": DOCS.mapping(), "aliases": {f"docs.{tenant}": {}}}
        await engine.indices.create(index=ours, body=body)
        await engine.indices.create(index=theirs, body={"mappings": STANDARD_MAPPING})
        for begin in range(0, len(judged.documents), PAGE):
            lines = [_lines(ours, theirs, document) for document in judged.documents[begin : begin + PAGE]]
            answer = await engine.bulk(body=b"".join(lines))
            assert not answer["errors"], answer
        # One segment each, so that the figures do not depend on how refreshes fell.
        await engine.indices.forcemerge(index=f"{ours},{theirs}", params={"max_num_segments": 1})
        await engine.indices.refresh(index=f"{ours},{theirs}")
        yield
    finally:
        await engine.indices.delete(index=f"{ours},{theirs}", params={"ignore_unavailable": "true"})


def _lines(ours: str, theirs: str, entry: Mapping[str, Any]) -> bytes:
    data = {
        **entry,
        "kind": "doc",
        "owner_id": "nobody",
        "allow": [EVERYONE],
        "created_at": MOMENT,
        "updated_at": MOMENT,
    }
    document = DOCS.document("doc", Doc.model_validate(data), data)
    plain = {"title": entry["title"], "body": entry["body"]}
    return b"".join(
        document_operation("", entry["id"], 1, fields, ()).lines(index)
        for index, fields in ((ours, document), (theirs, plain))
    )


async def _ask_all(
    judged: JudgedSet, ask: Callable[[str], Awaitable[Sequence[str]]], advance: Callable[[], None]
) -> Runs:
    """Return the answers by question, asked a few at a time."""
    runs: dict[str, Sequence[str]] = {}
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(id: str, text: str) -> None:
        async with slots:
            runs[id] = await ask(text)
        advance()

    await asyncio.gather(*(one(id, text) for id, text in judged.questions.items()))
    return runs


class _Product:
    """The product's own search, for a caller who may see every document."""

    def __init__(self, engine: AsyncOpenSearch, tenant: str) -> None:
        modules = {DOCS.module: None}
        self._caller = Principal(tenant, "judge", frozenset({EVERYONE}), (), modules, {}, Rules([{}]))
        self._search = bootstrap.search_over(engine, DEADLINE_MS, CATALOGUE, Lexicons())

    async def ask(self, text: str) -> list[str]:
        question = Question(text, verticals=[DOCS.name], limit=DEPTH)
        answer = await self._search.answer(self._caller, question, datetime.now(UTC))
        return [hit.id for hit in answer.hits]


class _Standard:
    """The engine's `standard` analyzer (single Han characters) and BM25, with default settings."""

    def __init__(self, engine: AsyncOpenSearch, tenant: str) -> None:
        self._engine = engine
        self._index = f"standard-{tenant}"

    async def ask(self, text: str) -> list[str]:
        query = {"multi_match": {"query": text, "fields": ["title^2", "body"], "type": "best_fields"}}
        body = {"query": query, "size": DEPTH, "_source": False}
        answer = await self._engine.search(index=self._index, body=body)
        return [hit["_id"] for hit in answer["hits"]["hits"]]


def _table(name: str, compared: Compared) -> Table:
    title = f"{name}: {compared.queries:,} questions, {compared.docs:,} documents"
    table = Table("", *MEASURES, title=title)
    for label, figures in (("product", compared.product), ("standard", compared.standard)):
        table.add_row(label, *(f"{figures[measure]:.4f}" for measure in MEASURES))
    deltas = [compared.differences[measure] for measure in MEASURES]
    table.add_row("difference", *(f"{delta.mean:+.4f}" for delta in deltas))
    table.add_row("95 % interval", *(f"{delta.low:+.4f} … {delta.high:+.4f}" for delta in deltas))
    return table
