"""Events set aside: a tenant's whose index cannot be made or written now, so that nobody else waits for it.

They are kept in the engine, in an index that is made before any tenant's, and are settled at the broker: so no position
of a stream waits for them, however many they are. Versions decide what counts, so their order does not matter.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from opensearchpy import AsyncOpenSearch
from opensearchpy.exceptions import NotFoundError, OpenSearchException
from prometheus_client import Gauge

from indexers.generations import create_index
from search.core.errors import Unavailable
from search.core.streams.port import event_id

INDEX = "aside"
PAGE = 200
# Events are up to 6 MB: more of them at once than this would take the engine's memory, and ours.
PAGE_BYTES = 8 * 1024 * 1024
# Of what waits to be kept; then whoever sets more aside waits.
MOST_WAITING_BYTES = 64 * 1024 * 1024
MOST_TENANTS = 10_000
# Of one request, beyond its first part.
MOST_BYTES = 8 * 1024 * 1024
_KEYWORD = {"type": "keyword", "ignore_above": 1000}
MAPPING: Mapping[str, Any] = {
    "dynamic": False,
    "properties": {
        **dict.fromkeys(("generation", "tenant", "stream", "reason"), _KEYWORD),
        **{name: {"type": "long"} for name in ("position", "bytes")},
        "since": {"type": "date"},
    },
}

ASIDE = Gauge("office_search_aside_tenants", "Tenants of which events are set aside", ["generation"])


@dataclass(frozen=True)
class Held:
    """What is set aside of a tenant: how many events, since when, and why."""

    events: int
    since: str
    reason: str


@dataclass(frozen=True)
class Event:
    """An event that is set aside, as it was delivered: what the dead letters need to know of it."""

    id: str
    stream: str
    position: int
    data: bytes
    key: str | None = None
    attempts: int = 1

    async def settle(self) -> None:
        return

    async def extend(self) -> None:
        return

    async def refuse(self, delay_s: float = 0) -> None:
        return


class Aside:
    """What is set aside of one generation."""

    def __init__(self, engine: AsyncOpenSearch, generation: str) -> None:
        self._engine = engine
        self._generation = generation
        self._waiting: deque[tuple[list[bytes], asyncio.Future[list[str]]]] = deque()
        self._turn = asyncio.Lock()
        self._room = asyncio.Condition()
        self._bytes = 0

    async def put(self, tenant: str, events: Iterable[tuple[str, int, bytes]], reason: str) -> None:
        """Keep events, each with its stream and position. Raises Unavailable when one cannot be kept."""
        since = datetime.now(UTC).isoformat()
        common = {"generation": self._generation, "tenant": tenant, "reason": reason[:1000], "since": since}
        lines = []
        for stream, position, data in events:
            said = {
                "stream": stream,
                "position": position,
                "bytes": len(data),
                "event": base64.b64encode(data).decode(),
            }
            id = event_id(self._generation, stream, position, data)
            lines.append(orjson.dumps({"index": {"_index": INDEX, "_id": id}}))
            lines.append(orjson.dumps(common | said))
        if words := await self._together(lines):
            raise Unavailable(f"Nothing can be set aside: {', '.join(sorted(set(words)))}")

    async def _together(self, lines: list[bytes]) -> list[str]:
        """Write `lines` in one request with those of all who came meanwhile; return the engine's words for refusals.

        Each request is made searchable at once, and fifty new tenants whose patience ends at one moment would have the
        engine do so fifty times, while everybody else's writes wait for seconds.
        """
        size = sum(map(len, lines))
        async with self._room:
            await self._room.wait_for(lambda: not self._bytes or self._bytes + size <= MOST_WAITING_BYTES)
            self._bytes += size
        try:
            return await self._in_turn(lines)
        finally:
            async with self._room:
                self._bytes -= size
                self._room.notify_all()

    async def _in_turn(self, lines: list[bytes]) -> list[str]:
        outcome: asyncio.Future[list[str]] = asyncio.get_running_loop().create_future()
        self._waiting.append((lines, outcome))
        async with self._turn:
            while not outcome.done():
                await self._write_next()
        return outcome.result()

    async def _write_next(self) -> None:
        parts = [self._waiting.popleft()]
        size = 0
        while self._waiting and (size := size + sum(map(len, self._waiting[0][0]))) <= MOST_BYTES:
            parts.append(self._waiting.popleft())
        try:
            words = iter(await self._write([line for lines, _ in parts for line in lines]))
            for lines, outcome in parts:
                outcome.set_result([word for word in itertools.islice(words, len(lines) // 2) if word])
        except OpenSearchException as error:
            _fail(parts, f"Nothing can be set aside: {str(error)[:200]}")
        finally:
            # Cut off: whoever asked may ask again.
            _fail(parts, "Nothing can be set aside: it was given up half-way.")

    async def _write(self, lines: Sequence[bytes]) -> list[str]:
        """Write, and return the engine's word for every event, which is empty where it is kept."""
        answer = await self._bulk(lines)
        if answer["errors"] and any(_word(item) == "index_not_found_exception" for item in answer["items"]):
            await prepare(self._engine)
            answer = await self._bulk(lines)
        return [_word(item) for item in answer["items"]] if answer["errors"] else [""] * (len(lines) // 2)

    async def tenants(self) -> Mapping[str, Held]:
        found = (await held(self._engine, [self._generation])).get(self._generation, {})
        ASIDE.labels(self._generation).set(len(found))
        return found

    async def page(self, tenant: str) -> Sequence[Event]:
        """Return the oldest events of a tenant, PAGE_BYTES of them at most, or one that is longer."""
        wanted = [{"term": {"generation": self._generation}}, {"term": {"tenant": tenant}}]
        body = {
            "size": PAGE,
            "sort": ["position"],
            "query": {"bool": {"filter": wanted}},
            "_source": False,
            "docvalue_fields": ["bytes"],
        }
        hits = (await self._engine.search(index=INDEX, body=body))["hits"]["hits"]
        ids: list[str] = []
        size = 0
        for hit in hits:
            # What was set aside before sizes were noted may be as long as any.
            size += hit.get("fields", {}).get("bytes", [PAGE_BYTES])[0]
            if ids and size > PAGE_BYTES:
                break
            ids.append(hit["_id"])
        if not ids:
            return []
        docs = (await self._engine.mget(index=INDEX, body={"ids": ids}))["docs"]
        found = [(one["_id"], one["_source"]) for one in docs if one.get("found")]
        return [Event(id, it["stream"], it["position"], base64.b64decode(it["event"])) for id, it in found]

    async def remove(self, events: Iterable[Event]) -> None:
        await self._bulk([orjson.dumps({"delete": {"_index": INDEX, "_id": event.id}}) for event in events])

    async def start(self, stream: str, settled: int) -> int:
        """Return the first position that is in no index, of a stream of which everything up to `settled` is settled."""
        wanted = [{"term": {"generation": self._generation}}, {"term": {"stream": stream}}]
        body = {"size": 1, "sort": ["position"], "query": {"bool": {"filter": wanted}}, "_source": ["position"]}
        try:
            hits = (await self._engine.search(index=INDEX, body=body))["hits"]["hits"]
        except NotFoundError:
            hits = []
        return min([settled + 1, *(int(hit["_source"]["position"]) for hit in hits)])

    async def clear(self) -> None:
        """Forget everything: the generation is retired."""
        body = {"query": {"term": {"generation": self._generation}}}
        params = {"conflicts": "proceed", "ignore_unavailable": "true"}
        await self._engine.delete_by_query(index=INDEX, body=body, params=params)

    async def _bulk(self, lines: Sequence[bytes]) -> Any:
        if not lines:
            return {"errors": False}
        # Searchable at once: nobody may take a tenant for complete whose events were settled a moment ago.
        return await self._engine.bulk(body=b"\n".join(lines) + b"\n", params={"refresh": "true"})


def _fail(parts: Iterable[tuple[list[bytes], asyncio.Future[list[str]]]], reason: str) -> None:
    for _, outcome in parts:
        if not outcome.done():
            outcome.set_exception(Unavailable(reason))
            # Whoever asked may be gone; that nobody looks is no fault then.
            outcome.exception()


async def prepare(engine: AsyncOpenSearch) -> None:
    """Make the index, unless it is there."""
    settings = {"number_of_shards": 1, "auto_expand_replicas": "0-1"}
    await create_index(engine, INDEX, {"settings": {"index": settings}, "mappings": MAPPING})
    # One of an earlier version lacks some fields.
    await engine.indices.put_mapping(index=INDEX, body={"properties": dict(MAPPING["properties"])})


async def held(engine: AsyncOpenSearch, generations: Sequence[str]) -> dict[str, dict[str, Held]]:
    """Return what is set aside, by generation and tenant."""
    tenants = {
        "terms": {"field": "tenant", "size": MOST_TENANTS},
        "aggs": {"since": {"min": {"field": "since"}}, "reason": {"terms": {"field": "reason", "size": 1}}},
    }
    aggregations = {"of": {"terms": {"field": "generation", "size": 1000}, "aggs": {"tenants": tenants}}}
    body = {"size": 0, "query": {"terms": {"generation": list(generations)}}, "aggs": aggregations}
    try:
        answer = await engine.search(index=INDEX, body=body)
    except NotFoundError:
        return {}
    return {
        one["key"]: {tenant["key"]: _held(tenant) for tenant in one["tenants"]["buckets"]}
        for one in answer["aggregations"]["of"]["buckets"]
    }


def _held(bucket: Mapping[str, Any]) -> Held:
    reasons = bucket["reason"]["buckets"]
    return Held(bucket["doc_count"], bucket["since"]["value_as_string"], reasons[0]["key"] if reasons else "")


def _word(item: Mapping[str, Any]) -> str:
    error = next(iter(item.values())).get("error") or {}
    return str(error.get("type", ""))
