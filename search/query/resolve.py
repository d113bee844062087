"""Operators by name → ids, among the people and conversations that the caller may see."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from analyzers import normalise
from mappings.verticals import VERTICALS
from search.access.principal import Principal
from search.access.reader import Reader, Request
from search.query.names import named
from search.query.wanted import Within

CONTACTS = VERTICALS["contacts"]
# As many people of one name as a company has.
MOST = 200
# More words than a name and its departments is a sentence.
MOST_WORDS = 6


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
    found = await reader.visible(principal, Request(CONTACTS, query, size=MOST))
    return frozenset(place.document_id.partition(":")[2] for place in found)


async def within(reader: Reader, principal: Principal, text: str) -> Within | None:
    """A question that names departments beside something else, such as 商旅研发部 李然; None for any other.

    A department stands for its whole subtree. Its name is joined here, so that renaming it touches no person.
    """
    words = text.split()
    if not 2 <= len(words) <= MOST_WORDS:
        return None
    names = [normalise(word) for word in words]
    query = {"bool": {"filter": [{"term": {"kind": "department"}}, {"terms": {"exact": names}}]}}
    found = await reader.visible(principal, Request(CONTACTS, query, size=MOST))
    ids = {place.document_id.partition(":")[2]: normalise(place.document["original"]["name"]) for place in found}
    rest = " ".join(word for word, name in zip(words, names, strict=True) if name not in ids.values())
    if not ids or not rest:
        return None
    return Within(rest, principal.tree.subtrees(list(ids)) | ids.keys())


def _exactly(kind: str, value: str) -> list[dict[str, Any]]:
    return [{"ids": {"values": [f"{kind}:{value}"]}}, {"term": {"exact": normalise(value)}}]


def _like(value: str) -> list[dict[str, Any]]:
    name = named(value)
    return [name] if name else []
