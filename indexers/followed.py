"""Which streams the generations follow, and which of these were lost or made anew: kept in the engine.

A position means nothing in another stream of the same name. So each generation notes the epoch of every stream beside
the position from which it follows; a stream of another epoch, or one that ends before its consumer's place, is a gap:
nobody can know what it held. A gap is the collection's, outlives processes and generations, and only an operator's
`office-search accept-gap` ends it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import structlog
from opensearchpy import AsyncOpenSearch
from opensearchpy.exceptions import ConflictError, NotFoundError
from prometheus_client import Gauge

from indexers.generations import Generation, create_index
from search.core.streams.port import StreamInfo

log = structlog.get_logger(__name__)

INDEX = "followed"
_KEYWORD = {"type": "keyword"}
MAPPING: Mapping[str, Any] = {"dynamic": False, "properties": {"is_gap": {"type": "boolean"}, "stream": _KEYWORD}}

GAPS = Gauge("office_search_stream_gap", "1 where a stream was lost or made anew", ["collection", "stream"])


@dataclass(frozen=True)
class Gap:
    """A stream that was lost or made anew under a collection, which may lack what it held."""

    collection: str
    stream: str
    since: str

    def __str__(self) -> str:
        return (
            f"{self.stream} was lost or made anew ({self.since}), so {self.collection} may lack what it held: have the "
            f"producer publish everything again, then run `office-search accept-gap --stream {self.stream}`."
        )


class Followed:
    """The notes of all generations."""

    def __init__(self, engine: AsyncOpenSearch) -> None:
        self._engine = engine

    async def prepare(self) -> None:
        """Make the index, unless it is there."""
        settings = {"number_of_shards": 1, "auto_expand_replicas": "0-1"}
        await create_index(self._engine, INDEX, {"settings": {"index": settings}, "mappings": MAPPING})

    async def start(self, generation: Generation, stream: str, info: StreamInfo, settled: int) -> tuple[int, bool]:
        """Return the position from which a generation follows a stream, and whether its consumer must be made anew.

        `settled`: its consumer's place, as read before `info`; 0 where there is none. A gap is noted before anything
        of the new stream is.
        """
        id = f"{generation.name}:{stream}"
        noted = await self._get(id)
        start = noted["_source"]["start"] if noted else generation.starts.get(stream, 0)
        is_other = noted is not None and noted["_source"]["epoch"] != info.epoch
        if not is_other and info.last >= max(start - 1, settled):
            if noted is None:
                await self._note(id, stream, info.epoch, start, {"op_type": "create"})
            return start, False
        gap = await self.note_gap(generation.collection, stream)
        log.error("stream lost or made anew", generation=generation.name, settled=settled, end=info.last, what=str(gap))
        kept = {"if_seq_no": noted["_seq_no"], "if_primary_term": noted["_primary_term"]} if noted else {}
        await self._note(id, stream, info.epoch, 0, kept)
        return 0, True

    async def note_gap(self, collection: str, stream: str) -> Gap:
        """Note that a collection may lack what a stream held, from now on until an operator accepts it."""
        gap = Gap(collection, stream, datetime.now(UTC).isoformat(timespec="seconds"))
        body = {"is_gap": True, **asdict(gap)}
        await self._engine.index(index=INDEX, id=_gap_id(gap), body=body, params={"refresh": "true"})
        return gap

    async def epoch(self, generation: Generation, stream: str) -> str | None:
        """Return the epoch of the stream that a generation follows; None where nobody has followed it yet."""
        noted = await self._get(f"{generation.name}:{stream}")
        return noted["_source"]["epoch"] if noted else None

    async def gaps(self) -> list[Gap]:
        """Return all gaps that nobody has accepted."""
        body = {"size": 1000, "query": {"term": {"is_gap": True}}}
        try:
            hits = (await self._engine.search(index=INDEX, body=body))["hits"]["hits"]
        except NotFoundError:
            return []
        found = [hit["_source"] for hit in hits]
        return sorted(
            (Gap(one["collection"], one["stream"], one["since"]) for one in found),
            key=lambda gap: (gap.stream, gap.collection),
        )

    async def accept(self, stream: str | None) -> list[Gap]:
        """Forget the gaps of a stream, or of all; return them."""
        accepted = [gap for gap in await self.gaps() if stream in (None, gap.stream)]
        for gap in accepted:
            await self._engine.delete(index=INDEX, id=_gap_id(gap), params={"refresh": "true"})
        return accepted

    async def _get(self, id: str) -> Any:
        try:
            return await self._engine.get(index=INDEX, id=id)
        except NotFoundError:
            return None

    async def _note(self, id: str, stream: str, epoch: str, start: int, params: Mapping[str, Any]) -> None:
        body = {"is_gap": False, "stream": stream, "epoch": epoch, "start": start}
        try:
            await self._engine.index(index=INDEX, id=id, body=body, params=params)
        except ConflictError:
            return  # another indexer has seen the same and was first


def _gap_id(gap: Gap) -> str:
    return f"gap:{gap.collection}:{gap.stream}"
