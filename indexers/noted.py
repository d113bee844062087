"""What is noted ahead of documents, and what these are now: read in real time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opensearchpy import AsyncOpenSearch

from indexers.generations import alias
from mappings import directory, withdrawals
from mappings.withdrawals import LISTS, Withdrawal

Place = tuple[str, str, str]
"""(tenant, vertical's name, document id)"""


@dataclass(frozen=True, slots=True)
class Stored:
    """What is known of a document: the sequence of the event that it was made of, and its lists; none when deleted."""

    sequence: int
    lists: Mapping[str, Any] | None


async def read_stored(engine: AsyncOpenSearch, places: Iterable[Place]) -> dict[Place, Stored | None]:
    """Return what is known of these documents; None for one that is not there. What cannot be read is left out."""
    wanted = list(places)
    fields = [*LISTS, "tombstone"]
    docs = [{"_index": alias(name, tenant), "_id": id, "_source": fields} for tenant, name, id in wanted]
    return {
        place: _stored(got) for place, got in zip(wanted, await _mget(engine, docs), strict=True) if "error" not in got
    }


def _stored(got: Mapping[str, Any]) -> Stored | None:
    if not got["found"]:
        return None
    source = got["_source"]
    if source.get("tombstone"):
        return Stored(got["_version"], None)
    return Stored(got["_version"], {name: source[name] for name in LISTS if name in source})


async def read_noted(engine: AsyncOpenSearch, tenants: Iterable[str]) -> dict[str, dict[str, Withdrawal]]:
    """Return, by tenant and key, what is noted now; nothing of a tenant whose directory cannot be read."""
    wanted = [(tenant, page) for tenant in tenants for page in withdrawals.PAGE_IDS]
    docs = [{"_index": alias(directory.NAME, tenant), "_id": page} for tenant, page in wanted]
    found: dict[str, dict[str, Withdrawal]] = {}
    for (tenant, _), got in zip(wanted, await _mget(engine, docs), strict=True):
        if got.get("found"):
            noted = found.setdefault(tenant, {})
            noted |= {key: Withdrawal.of(value) for key, value in got["_source"].items()}
    return found


async def tenants_with_notes(engine: AsyncOpenSearch) -> set[str]:
    """Return the tenants of which something was noted, as of the engine's last refresh."""
    body = {"query": {"ids": {"values": list(withdrawals.PAGE_IDS)}}, "size": 10_000, "_source": False}
    answer = await engine.search(
        index=alias(directory.NAME, "*"), body=body, params={"allow_no_indices": "true", "ignore_unavailable": "true"}
    )
    # Aliases cannot be told from an answer; a tenant's name stands behind the generation's in its index.
    return {hit["_index"].split("-", 2)[2] for hit in answer["hits"]["hits"]}


async def _mget(engine: AsyncOpenSearch, docs: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    if not docs:
        return []
    found: Sequence[Mapping[str, Any]] = (await engine.mget(body={"docs": list(docs)}))["docs"]
    return found
