"""Names in a query → ids, among the people and conversations that the caller may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analyzers import normalise
from mappings.parts.matching import EXACT
from mappings.vertical import Vertical
from search.access.candidates import Request
from search.access.clauses import Clause
from search.access.filter import admits_module
from search.access.principal import Principal
from search.access.reader import Reader
from search.core.errors import Unavailable
from search.query.matcher import matches
from search.query.names import named

# As many people of one name as a company has.
MOST = 200
# What is left of an answer's time is for its parts.
OF_THE_TIME = 0.3
# More words than a name and its departments is a sentence.
MOST_WORDS = 6
# Above any score of a name: whom an id means must be among the first MOST, however many have it for a name.
ID_BOOST = 1e6


@dataclass(frozen=True)
class NameInDepartments:
    """A name, and the departments among whose people it is meant."""

    name: str
    departments: frozenset[str]


@dataclass(frozen=True)
class NameResolver:
    """Finds whom and what a caller means by a name. `contacts`: the vertical of people and conversations."""

    reader: Reader
    caller: Principal
    contacts: Vertical

    async def resolve(self, kind: str, values: Sequence[str]) -> frozenset[str]:
        """Return the ids of the visible people (`user`) or conversations (`conversation`) that any of these names.

        A value is an id, a name or its pinyin. An id means nobody else, though others may be called the same; homonyms
        are all meant. What the caller may not see is not there, and names come only from what they may search.
        """
        if not values:
            return frozenset()
        return await self._search(kind, values, exactly=True) or await self._search(kind, values, exactly=False)

    async def _search(self, kind: str, values: Sequence[str], *, exactly: bool) -> frozenset[str]:
        ways = _exactly(kind, values) if exactly else _like(values)
        if not ways:
            return frozenset()
        query = {"bool": {"should": ways, "minimum_should_match": 1, "filter": [{"term": {"kind": kind}}]}}
        found = await self.reader.search(self.caller, Request(self.contacts, query, size=MOST))
        meant = {place.document_id.partition(":")[2]: place.document for place in found}
        by_id = meant.keys() & values if exactly else frozenset()
        rest = [value for value in values if value not in by_id]
        names = [_called(value) for value in rest] if exactly else ways
        # The engine answers as of its last refresh: whoever was renamed since then is not meant by the old name.
        by_name = (
            id
            for id, document in meant.items()
            if admits_module(self.caller, self.contacts, document)
            and any(matches(self.contacts, document, name) for name in names)
        )
        return frozenset((*by_id, *by_name))

    async def name_in_departments(self, text: str) -> NameInDepartments | None:
        """Return what names departments beside something else, such as 商旅研发部 李然; None for any other text.

        A department stands for its whole subtree. Its name is joined here, so that renaming it touches no person. Where
        the departments do not come in time, neither do the people, and the rest is answered without them.
        """
        words = text.split()
        if not 2 <= len(words) <= MOST_WORDS:
            return None
        names = [normalise(word) for word in words]
        query = {"bool": {"filter": [{"term": {"kind": "department"}}, {"terms": {EXACT: names}}]}}
        try:
            found = await self.reader.search(self.caller, Request(self.contacts, query, size=MOST), OF_THE_TIME)
        except Unavailable:
            return None
        called = {place.document_id.partition(":")[2]: normalise(place.document["original"]["name"]) for place in found}
        ids = {id: name for id, name in called.items() if name in names}
        rest = " ".join(word for word, name in zip(words, names, strict=True) if name not in ids.values())
        if not ids or not rest:
            return None
        return NameInDepartments(rest, self.caller.tree.subtrees(list(ids)) | ids.keys())


def _exactly(kind: str, values: Sequence[str]) -> list[Clause]:
    ids = {"ids": {"values": [f"{kind}:{value}" for value in values]}}
    return [{"constant_score": {"filter": ids, "boost": ID_BOOST}}, *map(_called, values)]


def _called(value: str) -> Clause:
    return {"term": {EXACT: normalise(value)}}


def _like(values: Sequence[str]) -> list[Clause]:
    return [name for value in values if (name := named(value))]
