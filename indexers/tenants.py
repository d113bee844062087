"""Which tenants a generation has an index for: one that was there and is gone is lost, and never made anew empty."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from opensearchpy import AsyncOpenSearch
from opensearchpy.exceptions import ConflictError, TransportError

INDEX = "tenants"
BODY: Mapping[str, Any] = {
    "settings": {"index": {"number_of_shards": 1, "auto_expand_replicas": "0-1"}},
    "mappings": {"enabled": False},
}
_ADD = "if (ctx._source.tenants.contains(params.t)) { ctx.op = 'none' } else { ctx._source.tenants.add(params.t) }"
_TRIES = 10


class Tenants:
    """The record: one document per generation, read in real time, and anew only where its version has changed."""

    def __init__(self, engine: AsyncOpenSearch) -> None:
        self._engine = engine
        self._kept: dict[str, tuple[tuple[int, int], frozenset[str]]] = {}

    async def of(self, generations: Iterable[str]) -> dict[str, frozenset[str]]:
        """Return the tenants of those of these generations (by name) that have a record."""
        versions = {got["_id"]: _version(got) for got in await self._read(list(generations), with_source=False)}
        changed = [
            name for name, version in versions.items() if name not in self._kept or self._kept[name][0] != version
        ]
        for got in await self._read(changed, with_source=True):
            self._kept[got["_id"]] = (_version(got), frozenset(got["_source"]["tenants"]))
        return {name: self._kept[name][1] for name in versions if name in self._kept}

    async def begin(self, generation: str, tenants: Iterable[str]) -> None:
        """Begin the record of a generation, unless that is done."""
        body = {"tenants": sorted(tenants)}
        with suppress(ConflictError):
            await self._engine.index(index=INDEX, id=generation, body=body, params={"op_type": "create"})

    async def add(self, generation: str, tenant: str) -> None:
        """Record that a tenant's index is there; to be called before anything is written to it.

        Raises NotFoundError for a generation without a record.
        """
        script = {"source": _ADD, "params": {"t": tenant}}
        await self._engine.update(
            index=INDEX, id=generation, body={"script": script}, params={"retry_on_conflict": _TRIES}
        )

    async def _read(self, generations: Sequence[str], *, with_source: bool) -> list[Mapping[str, Any]]:
        if not generations:
            return []
        docs = [{"_id": name, "_source": with_source} for name in generations]
        answer = await self._engine.mget(index=INDEX, body={"docs": docs})
        for got in answer["docs"]:
            if (error := got.get("error")) and error["type"] != "index_not_found_exception":
                raise TransportError(503, error["type"], error)
        return [got for got in answer["docs"] if got.get("found")]


def _version(got: Mapping[str, Any]) -> tuple[int, int]:
    return got["_primary_term"], got["_seq_no"]
