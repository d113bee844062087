"""A reader of what two callers may both see: an admin who asks about a user's search learns nothing new by it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from opensearchpy import AsyncOpenSearch

from mappings.vertical import Vertical
from search.access.candidates import Candidates, Request
from search.access.clauses import Clause
from search.access.filter import access_filter, admits, admits_module, visibility_filter
from search.access.known import Known
from search.access.principal import Principal
from search.access.reader import Found, Place, Reader


class SharedReader(Reader):
    """Reads for a caller, but only what `other` may see too; of hits, only what `other` may also search for.

    Totals, ranks, names and all else that comes of it are the same in two companies that differ only in what `other`
    may not see.
    """

    def __init__(self, engine: AsyncOpenSearch, deadline_ms: int, other: Principal, known: Known) -> None:
        super().__init__(engine, deadline_ms, known=known)
        self._other = other

    async def candidates(
        self, principal: Principal, requests: Sequence[Request], share: float | None = None
    ) -> list[Candidates | None]:
        other = await self._ahead(self._other, [request.vertical for request in requests])
        narrowed = [_within(request, access_filter(other, request.vertical)) for request in requests]
        return await super().candidates(principal, narrowed, share)

    async def search(self, principal: Principal, request: Request, share: float | None = None) -> list[Found]:
        within = _within(request, visibility_filter(self._other, request.vertical))
        found = await super().search(principal, within, share)
        return [here for here in found if self._admits(here)]

    async def count(
        self, principal: Principal, asked: Sequence[tuple[Vertical, Mapping[str, Mapping[str, Any]]]]
    ) -> dict[str, int]:
        return await super().count(principal, [(vertical, self._each(vertical, named)) for vertical, named in asked])

    async def current(
        self,
        principal: Principal,
        wanted: Iterable[tuple[Vertical, str]],
        joined: Iterable[tuple[Vertical, str]] = (),
        *,
        briefly: bool = False,
    ) -> dict[Place, Found]:
        hits = list(wanted)
        found = await super().current(principal, hits, joined, briefly=briefly)
        searched = {(vertical.name, id) for vertical, id in hits}
        return {
            place: here
            for place, here in found.items()
            if self._admits(here)
            and (place not in searched or admits_module(self._other, here.vertical, here.document))
        }

    def _admits(self, here: Found) -> bool:
        return admits(self._other, here.vertical, here.document_id.rpartition(":")[2], here.document)

    def _each(self, vertical: Vertical, queries: Mapping[str, Mapping[str, Any]]) -> dict[str, Clause]:
        guard = access_filter(self._other, vertical)
        return {name: {"bool": {"must": [query], "filter": [guard]}} for name, query in queries.items()}


def _within(request: Request, guard: Clause) -> Request:
    return replace(request, query={"bool": {"must": [request.query], "filter": [guard]}})
