"""Measures what an index holds a message and a doc, and what the fields for recall cost beside words alone.

Each vertical's documents are written twice into a temporary engine, once as the product does and once with the words of
each text alone, with their positions, as such an index would need them for phrases. Everything else (the stored
original, filters, doc values) is the same. Sizes are of one merged segment.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from opensearchpy import AsyncOpenSearch
from rich.console import Console
from rich.table import Table

from mappings.catalogue import Catalogue

ROOT = Path(__file__).parents[1]
SHARED = Path(os.environ.get("OFFICE_SEARCH_SHARED_DATA", ROOT.parent / "shared" / "data"))
VERTICAL_NAMES = ("messages", "docs")
BATCH = 2_000


def states(data: Path, stream: str) -> list[dict[str, Any]]:
    """The last state of each entity in a company's event file, or of the demo company's where there is none."""
    source = data / "company" / f"{stream}.ndjson"
    if source.exists():
        lines: Sequence[bytes] = source.read_bytes().splitlines()
    else:
        from search.demo.company import generate

        lines = generate().events[stream]
    latest: dict[tuple[str, str], tuple[int, dict[str, Any] | None]] = {}
    for line in lines:
        event = json.loads(line)
        key, version = (event["tenant"], event["subject"]), int(event["sequence"])
        if key not in latest or latest[key][0] < version:
            latest[key] = version, event["data"] if event["type"].endswith(".upserted") else None
    return [state for _, state in latest.values() if state]


def documents(vertical: Any, entities: Sequence[Mapping[str, Any]], left_out: frozenset[str]) -> Iterator[bytes]:
    """Bulk operations of each entity's document without some fields."""
    import orjson

    [(name, model)] = vertical.entities.items()
    for number, state in enumerate(entities):
        document = vertical.document(name, model.model_validate(state), state)
        kept = {field: value for field, value in document.items() if field not in left_out}
        yield orjson.dumps({"index": {"_id": str(number)}}) + b"\n" + orjson.dumps(kept) + b"\n"


async def size_of(engine: AsyncOpenSearch, index: str, mapping: Mapping[str, Any], operations: Sequence[bytes]) -> int:
    """Bytes of an index with these documents, in one segment."""
    settings = {"index": {"refresh_interval": "-1", "number_of_replicas": 0}}
    await engine.indices.create(index=index, body={"settings": settings, "mappings": dict(mapping)})
    for begin in range(0, len(operations), BATCH):
        answer = await engine.bulk(body=b"".join(operations[begin : begin + BATCH]), index=index)
        if answer["errors"]:
            raise RuntimeError(f"{index}: the engine refused a document")
    await engine.indices.forcemerge(index=index, params={"max_num_segments": 1, "flush": "true"})
    await engine.indices.refresh(index=index)
    # The segment's own size: what the store holds includes files that are about to be deleted.
    answer = await engine.indices.segments(index=index)
    [[shard]] = answer["indices"][index]["shards"].values()
    [segment] = shard["segments"].values()
    return int(segment["size_in_bytes"])


async def measure(url: str, data: Path) -> dict[str, dict[str, float]]:
    """By vertical: documents, bytes a document with all fields and with words alone, and the ratio."""
    from mappings.properties import POSITIONS
    from search.core import engine as engines
    from search.core.settings import EngineSettings

    engine = engines.connect(EngineSettings(), url, timeout_s=120)
    found = {}
    try:
        for vertical in (Catalogue.installed().verticals[name] for name in VERTICAL_NAMES):
            entities = states(data, vertical.stream)
            recall = frozenset(name for text in vertical.matching.texts for name in text.fields[1:])
            words = {text.fields[0]: POSITIONS for text in vertical.matching.texts}
            mapping = vertical.mapping()
            sizes = []
            for label, left_out, fields in (("all", frozenset[str](), {}), ("words", recall, words)):
                mapped = {**mapping, "properties": {**mapping["properties"], **fields}}
                operations = list(documents(vertical, entities, left_out))
                sizes.append(await size_of(engine, f"size-{vertical.name}-{label}", mapped, operations))
            whole, alone = (size / len(entities) for size in sizes)
            found[vertical.name] = {
                "documents": len(entities), "bytes": whole, "words_bytes": alone, "ratio": whole / alone
            }  # fmt: skip
    finally:
        await engine.close()
    return found


def on_a_temporary_engine(data: Path) -> dict[str, dict[str, float]]:
    from search.localstack import temporary_stack

    with temporary_stack(heap="1g") as endpoints:
        return asyncio.run(measure(endpoints.opensearch_url, data))


def table(found: Mapping[str, Mapping[str, float]]) -> Table:
    shown = Table("index", "documents", "bytes each", "with words alone", "times")
    for name, one in found.items():
        sizes = (f"{one['documents']:,.0f}", f"{one['bytes']:,.0f}", f"{one['words_bytes']:,.0f}")
        shown.add_row(name, *sizes, f"{one['ratio']:.2f}")
    return shown


def main() -> None:
    """Print the table; write it with --json FILE."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=SHARED, help="folder with company/changes.*.ndjson")
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args()
    found = on_a_temporary_engine(options.data)
    Console().print(table(found))
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
