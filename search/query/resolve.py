"""Operators by name → ids, among the people and conversations that the caller may see."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from analyzers import normalise
from mappings.verticals import VERTICALS
from search.access.principal import Principal
from search.access.reader import Reader, Request
from search.query.build import named

CONTACTS = VERTICALS["contacts"]
# As many people of one name as a company has.
MOST = 200


async def resolve(reader: Reader, principal: Principal, kind: str, values: Sequence[str]) -> frozenset[str]:
    """The ids of the visible people (`user`) or conversations (`conversation`) that any of these values names.

    A value is an id, a name or its pinyin; homonyms are all meant. What the caller may not see is not there.
    """
    if not values:
        return frozenset()
    found = await _search(reader, principal, kind, values, exactly=True)
    return found or await _search(reader, principal, kind, values, exactly=False)


async def _search(
    reader: Reader, principal: Principal, kind: str, values: Sequence[str], *, exactly: bool
) -> frozenset[str]:
    ways = [way for value in values for way in (_exactly(kind, value) if exactly else _like(value))]
    if not ways:
        return frozenset()
    query = {"bool": {"should": ways, "minimum_should_match": 1, "filter": [{"term": {"kind": kind}}]}}
    ids = await reader.visible_ids(principal, Request(CONTACTS, query, size=MOST))
    return frozenset(id.partition(":")[2] for id in ids)


def _exactly(kind: str, value: str) -> list[dict[str, Any]]:
    return [{"ids": {"values": [f"{kind}:{value}"]}}, {"term": {"exact": normalise(value)}}]


def _like(value: str) -> list[dict[str, Any]]:
    name = named(value)
    return [name] if name else []
