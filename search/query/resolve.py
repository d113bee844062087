"""Operators by name → ids, among the people and conversations that the caller may see."""

from __future__ import annotations

from collections.abc import Sequence

from analyzers import normalise
from mappings.verticals import VERTICALS
from search.access.clauses import Clause
from search.access.principal import Principal
from search.access.reader import Reader, Request
from search.query.names import named
from search.query.present import meets
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
    names = [{"term": {"exact": normalise(value)}} for value in values] if exactly else _like(values)
    ids = [{"ids": {"values": [f"{kind}:{value}" for value in values]}}] if exactly else []
    if not names:
        return frozenset()
    query = {"bool": {"should": [*ids, *names], "minimum_should_match": 1, "filter": [{"term": {"kind": kind}}]}}
    found = await reader.visible(principal, Request(CONTACTS, query, size=MOST))
    meant = {place.document_id.partition(":")[2]: place.document for place in found}
    # Nobody is meant by the name that they had until a moment ago.
    return frozenset(
        id
        for id, document in meant.items()
        if (exactly and id in values) or any(meets(CONTACTS, document, name) for name in names)
    )


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
    called = {place.document_id.partition(":")[2]: normalise(place.document["original"]["name"]) for place in found}
    ids = {id: name for id, name in called.items() if name in names}
    rest = " ".join(word for word, name in zip(words, names, strict=True) if name not in ids.values())
    if not ids or not rest:
        return None
    return Within(rest, principal.tree.subtrees(list(ids)) | ids.keys())


def _like(values: Sequence[str]) -> list[Clause]:
    return [name for value in values if (name := named(value))]
