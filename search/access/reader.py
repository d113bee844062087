"""The only way to indexed data for requests; every read needs a caller."""

from __future__ import annotations

import itertools
import time
from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any, Self

from opensearchpy import AsyncOpenSearch

from mappings import withdrawals
from mappings.vertical import Vertical
from search.access import facets
from search.access.asking import TOO_SLOW, Line, Part, ask, read
from search.access.candidates import Candidates, Request, candidates_of, failed
from search.access.clauses import Clause
from search.access.filter import (
    access_filter,
    admits,
    admits_module,
    as_noted,
    may_open,
    visibility_filter,
    withdrawn_ids,
)
from search.access.known import Known, nothing_known
from search.access.principal import Principal
from search.access.told import asked_for, told
from search.core.engine import is_missing
from search.core.errors import Unavailable

COUNTED = 10_000

Place = tuple[str, str]
"""(vertical's name, document id)"""


@dataclass(frozen=True, slots=True)
class Found:
    """A document as it is now, which the caller may see, without what they may not be told of it.

    `opens`: whether they may open it; if not, they may ask for it.
    """

    vertical: Vertical
    document_id: str
    version: tuple[int, int]
    document: Mapping[str, Any]
    opens: bool = True


class Reader:
    """Reads for a caller.

    `deadline_ms`: for each read, or for all reads of one answer together. `clock`: monotonic seconds. `known`: tells a
    lost index, which has failed, from one that never was, which is empty.
    """

    def __init__(
        self,
        engine: AsyncOpenSearch,
        deadline_ms: int,
        clock: Callable[[], float] = time.monotonic,
        known: Known = nothing_known,
    ) -> None:
        self._engine = engine
        self._known = known
        self._deadline_s = deadline_ms / 1000
        self._clock = clock
        self._ends: float | None = None

    def for_one_answer(self) -> Self:
        """Return a reader for an answer that begins now: all its searches share one deadline.

        The same time again is allowed for reading what they found, as there is no answer without it.
        """
        answering = copy(self)
        answering._ends = self._clock() + self._deadline_s
        return answering

    def left_s(self) -> float:
        """Return how many seconds of the answer's time are left."""
        return self._deadline_s if self._ends is None else self._ends - self._clock()

    def _patience_s(self) -> float:
        """Return how many seconds to wait for the engine. Raises Unavailable when no time is left."""
        if (patience := self.left_s() + self._deadline_s) <= 0:
            raise Unavailable(TOO_SLOW)
        return patience

    async def candidates(
        self, principal: Principal, requests: Sequence[Request], share: float | None = None
    ) -> list[Candidates | None]:
        """Return one answer per request, in their order; None where the engine failed or was late.

        `share`: of the time that is left, for what can be done without.
        """
        if not requests:
            return []
        principal = await self._ahead(principal, [request.vertical for request in requests])
        return await self._send(
            principal,
            [self._lines(principal, request, access_filter(principal, request.vertical)) for request in requests],
            requests,
            share,
        )

    async def search(self, principal: Principal, request: Request, share: float | None = None) -> list[Found]:
        """Return what matches and is visible now, even if the caller lacks the vertical's module.

        `share`: of the time that is left, for what can be done without. Raises Unavailable when it does not come.
        """
        principal = await self._ahead(principal, [request.vertical])
        line = self._lines(principal, request, visibility_filter(principal, request.vertical))
        [answer] = await self._send(principal, [line], [request], share)
        if answer is None:
            raise Unavailable(TOO_SLOW)
        places = {(request.vertical.name, candidate.document_id): request.vertical for candidate in answer.found}
        return list((await self._read(principal, places, needed=places)).values())

    async def count(
        self, principal: Principal, asked: Sequence[tuple[Vertical, Mapping[str, Mapping[str, Any]]]]
    ) -> dict[str, int]:
        """Return, by name of each query, how many visible documents of these verticals match it at the last refresh.

        `asked`: one entry per vertical. Raises Unavailable when one of them does not answer in time.
        """
        principal = await self._ahead(principal, [vertical for vertical, _ in asked])
        guards = {vertical.name: access_filter(principal, vertical) for vertical, _ in asked}
        lines = [self._counting(principal, vertical, queries, guards[vertical.name]) for vertical, queries in asked]
        totals: Counter[str] = Counter()
        for (vertical, _), answer in zip(asked, await self._msearch(lines), strict=True):
            is_empty = answer is not None and self._never_was(principal, vertical, answer.get("error"))
            if answer is None or (failed(answer) and not is_empty):
                raise Unavailable(f"{vertical.name.capitalize()} could not be counted in time; try again in a moment.")
            buckets = answer.get("aggregations", {}).get("named", {}).get("buckets", {})
            totals.update({name: bucket["doc_count"] for name, bucket in buckets.items()})
        return dict(totals)

    async def _ahead(self, principal: Principal, verticals: Iterable[Vertical]) -> Principal:
        """Return the caller without what is noted of documents that have been written since, and speak for themselves.

        Only what would be kept from them is looked at. Raises Unavailable.
        """
        taken = {
            withdrawals.key(one.name, id): {"_index": f"{one.name}.{principal.tenant}", "_id": id, "_source": False}
            for one in verticals
            for id in withdrawn_ids(principal, one)
        }
        if not taken:
            return principal
        over = {
            key
            for key, got in zip(
                taken, (await read(self._engine, list(taken.values()), (), self._patience_s()))[0], strict=True
            )
            if got.get("found") and got["_version"] >= principal.withdrawals[key].version
        }
        left = {key: noted for key, noted in principal.withdrawals.items() if key not in over}
        return principal.with_withdrawals(left) if over else principal

    def _counting(
        self, principal: Principal, vertical: Vertical, queries: Mapping[str, Mapping[str, Any]], guard: Clause
    ) -> Line:
        # Only what meets one of them is looked at, so that the count does not cost as much as all that is visible.
        any_of = {"bool": {"should": list(queries.values()), "minimum_should_match": 1}}
        body = {
            "query": {"bool": {"filter": [any_of, guard]}},
            "size": 0,
            "track_total_hits": False,
            "aggs": {"named": {"filters": {"filters": dict(queries)}}},
            "timeout": self._deadline(),
        }
        return self._head(principal, vertical), body

    def _never_was(self, principal: Principal, vertical: Vertical, error: Mapping[str, Any] | None) -> bool:
        """Return whether a part failed for want of an index that there never was, so that it is empty."""
        return is_missing(error) and not self._known(vertical.name, principal.tenant)

    def _head(self, principal: Principal, vertical: Vertical) -> Clause:
        return {
            "index": f"{vertical.name}.{principal.tenant}",
            # Copies of a shard may score a little differently: one caller's pages come from the same one.
            "preference": f"caller-{principal.user}",
            "cancel_after_time_interval": self._deadline(),
        }

    def _deadline(self) -> str:
        return f"{max(1, round(self.left_s() * 1000))}ms"

    async def _send(
        self,
        principal: Principal,
        lines: Sequence[Line],
        requests: Sequence[Request],
        share: float | None = None,
    ) -> list[Candidates | None]:
        answers = await self._msearch(lines, share)
        return [self._candidates(principal, request, answer) for request, answer in zip(requests, answers, strict=True)]

    def _candidates(self, principal: Principal, request: Request, answer: Part) -> Candidates | None:
        if answer is None:
            return None
        if self._never_was(principal, request.vertical, answer.get("error")):
            return Candidates(request.vertical, (), 0, True)
        return candidates_of(request, answer)

    async def _msearch(self, lines: Sequence[Line], share: float | None = None) -> Sequence[Part]:
        """Return the engine's answers; None for a part that was late, and for all of them when no time is left."""
        left = self.left_s()
        if left <= 0:
            return [None] * len(lines)
        return await ask(self._engine, lines, left * (1.0 if share is None else share), self._patience_s())

    def _lines(self, principal: Principal, request: Request, guard: Clause) -> Line:
        guarded = {"bool": {"must": [request.query], "filter": [guard]}}
        body = {
            "query": guarded,
            "sort": list(request.sort),
            "size": request.size,
            "_source": False,
            "docvalue_fields": list(request.fields),
            "seq_no_primary_term": True,
            "track_total_hits": COUNTED if request.counted else False,
            "timeout": self._deadline(),
            **facets.asked(request.facets),
        }
        if request.after:
            body["search_after"] = list(request.after)
        return self._head(principal, request.vertical), body

    async def current(
        self,
        principal: Principal,
        wanted: Iterable[tuple[Vertical, str]],
        joined: Iterable[tuple[Vertical, str]] = (),
        *,
        briefly: bool = False,
    ) -> dict[Place, Found]:
        """Return these documents as they are now, read in real time, by (vertical name, document id).

        Documents that do not exist, or that the caller may not see, are left out. `wanted`: hits, for which the caller
        needs the vertical's module. `joined`: documents that are read to name something; they need no module, and are
        left out too when they cannot be read. `briefly`: without what is too long for a suggestion.
        """
        hits = {(vertical.name, id): vertical for vertical, id in wanted}
        places = hits | {(vertical.name, id): vertical for vertical, id in joined}
        found = await self._read(principal, places, needed=hits, briefly=briefly)
        return {
            place: here
            for place, here in found.items()
            if place not in hits or admits_module(principal, here.vertical, here.document)
        }

    async def _read(
        self,
        principal: Principal,
        places: Mapping[Place, Vertical],
        needed: Container[Place],
        *,
        briefly: bool = False,
    ) -> dict[Place, Found]:
        """Return those of the documents that the caller may see. Raises Unavailable if a needed one cannot be read."""
        if not places:
            return {}
        apart = [[place for place in places if (place in needed) is wanted] for wanted in (True, False)]
        asked = [[asked_for(principal, place, places[place] if briefly else None) for place in part] for part in apart]
        answers = await read(self._engine, asked[0], asked[1], self._patience_s())
        found = {}
        # What was only wished for may be missing as a whole.
        for place, got in itertools.chain(
            zip(apart[0], answers[0], strict=True), zip(apart[1], answers[1], strict=False)
        ):
            vertical = places[place]
            failure = got.get("error")
            if failure and place in needed and not self._never_was(principal, vertical, failure):
                # It must not look as if it did not exist.
                raise Unavailable("A part of the search engine does not answer; try again in a moment.")
            if not got.get("found"):
                continue
            document = as_noted(principal, vertical, place[1], got["_version"], got["_source"])
            # The lists that came with a document count as well: what is noted ahead of it never gives anything.
            both = got["_source"], document
            if all(admits(principal, vertical, place[1].rpartition(":")[2], one) for one in both):
                opens = all(may_open(principal, vertical, one) for one in both)
                version = got["_primary_term"], got["_seq_no"]
                found[place] = Found(vertical, place[1], version, told(vertical, document, opens=opens), opens)
        return found
