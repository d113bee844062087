"""One answer of the store: apps that fit, in order, rechecked, with counts by facet."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from mappings.vertical import Vertical
from search.access.candidates import Candidate, Candidates, Request
from search.access.clauses import Clause
from search.access.facets import Facet
from search.access.principal import Principal
from search.core.errors import Unavailable
from search.query import build, merge
from search.query.answer import Hit, Section
from search.query.correct import Corrector
from search.query.cursor import Cursors, Seen
from search.query.filters import concerns
from search.query.hits import HitView
from search.query.page import Page, Paging, one_more
from search.query.resolved import ResolvedQuery
from search.query.search import Search, shown_filters
from search.query.serving import is_sure
from search.recommend.figures import AppFigures, Figures
from search.recommend.store import permitted
from search.store.answer import StoreAnswer, StoreApp
from search.store.order import order, ordered
from search.store.question import StoreQuestion

PURPOSE = "store cursor"
# More than a page is asked for, as the last check may drop some; where it drops these too, many more.
SPARE = (10, 500)
NO_ANSWER = "The apps could not be searched in time; try again in a moment."


class OwnApps(Protocol):
    """What a caller did with apps."""

    async def latest(self, caller: Principal) -> Sequence[str]:
        """Return the ids of apps that the caller opened or installed, and has not removed since, the latest first.

        Raises Unavailable.
        """
        ...


@dataclass(frozen=True)
class Browse:
    """The use case. `search`: reads what is typed, and brings reader, directory and catalogue."""

    search: Search
    figures: Figures
    own: OwnApps

    async def answer(self, caller: Principal, asked: StoreQuestion, now: datetime) -> StoreAnswer:
        """Return a page of apps. `now`: aware.

        Raises Forbidden without the store's module, BadRequest for a cursor that is none, Unavailable when the engine
        is late.
        """
        answering = replace(self.search, reader=self.search.reader.for_one_answer())
        return await replace(self, search=answering)._answer(caller, asked, now)

    async def _answer(self, caller: Principal, asked: StoreQuestion, now: datetime) -> StoreAnswer:
        began = time.monotonic()
        shelf = permitted(caller, self.search.catalogue.of(caller.tenant))
        cursors = Cursors(self.search.sealing, caller, asked.whole, purpose=PURPOSE)
        seen = cursors.decode()
        parsed, query = await self.search.understood(caller, asked.box, now)
        figures = await self.figures.of(caller.tenant)
        shown = _Shown(self.search, caller, shelf, replace(query, browsing=True), asked, figures)
        if asked.mine:
            shown = replace(shown, mine=tuple(await self.own.latest(caller)))
        for spare in SPARE:
            answer, page, fuzzy = await shown.page(seen, spare)
            if len(page.hits) >= one_more(asked.limit, seen) or len(answer.found) >= answer.total:
                break
        more = page.cut(asked.limit)
        return StoreAnswer(
            apps=[_app(hit, figures, caller) for hit in page.hits],
            total=Section(max(0, answer.total - page.dropped.get(shelf.name, 0)), "eq" if answer.exact else "gte"),
            facets=answer.facets,
            text=parsed.text,
            filters=shown_filters(parsed, asked.chosen),
            corrected=None if asked.cursor else await shown.corrected(answer, fuzzy=fuzzy),
            cursor=cursors.encode(page.seen(seen, query.sort, ())) if more else None,
            took_ms=round((time.monotonic() - began) * 1000),
        )


def _app(hit: Hit, figures: AppFigures, caller: Principal) -> StoreApp:
    return StoreApp.of(hit, figures.use(hit.id, caller), figures.of(hit.id).rating)


@dataclass(frozen=True)
class _Shown:
    """What one question amounts to. `mine`: the caller's own apps, where these alone are asked for."""

    search: Search
    caller: Principal
    shelf: Vertical
    query: ResolvedQuery
    asked: StoreQuestion
    figures: AppFigures
    mine: tuple[str, ...] | None = None

    async def page(self, seen: Seen, spare: int) -> tuple[Candidates, Page, bool]:
        """Return what was found, the page behind what was seen with one more, and whether names may hold a typo.

        Raises Unavailable.
        """
        size = seen.counts.get(self.shelf.name, 0) + self.asked.limit + spare
        answer, fuzzy = await self._found(self.query, size), False
        query = self.query
        if not answer.total and query.fuzzily_named(self.shelf):
            query, fuzzy = replace(query, fuzzy=True), True
            answer = await self._found(query, size)
        if not answer.total and query.has_text:
            # A store that has something near shows it rather than nothing.
            query = replace(query, loosely=True)
            answer = await self._found(query, size)
        view = HitView(query, self.caller, {self.shelf.name} if fuzzy else (), self._conditions)
        contacts = self.search.catalogue.of(self.caller.tenant).holding("user")
        paging = Paging(self.search.reader, self.search.directory, self.caller, contacts)
        return answer, await paging.page(view, [answer], seen, self.asked.limit), fuzzy

    async def corrected(self, answer: Candidates, *, fuzzy: bool) -> str | None:
        """Return the query box with its text put right, where little was found; of all apps, whatever is chosen."""
        text = self.query.text
        if not text or self.asked.chosen or self.mine is not None:
            return None
        if answer.total and is_sure(self.query):
            return None  # what people are known to want is no slip
        query = replace(self.query, fuzzy=fuzzy)
        better = await Corrector(self.search.reader, self.caller, query, [self.shelf]).correct([answer])
        return better if better is None or self.asked.q.count(text) != 1 else self.asked.q.replace(text, better)

    async def _found(self, query: ResolvedQuery, size: int) -> Candidates:
        if self._asks_nothing:
            return Candidates(self.shelf, (), 0, True)
        text = build.query_body(query, self.shelf)
        body = ordered(text, self.figures, self.asked.sort, has_text=query.has_text)
        if self.mine is not None:
            body, size = {"bool": {"filter": [text, {"ids": {"values": list(self.mine)}}]}}, len(self.mine) + 1
        sort = order(self.shelf, self.asked.sort)
        request = Request(self.shelf, body, sort, size=size, facets=self._facets)
        [answer] = await self.search.reader.candidates(self.caller, [request])
        if answer is None:
            raise Unavailable(NO_ANSWER)
        return replace(answer, found=self._in_order(answer))

    @property
    def _asks_nothing(self) -> bool:
        """Whether what is typed finds no app: signs alone, or conditions on what apps do not have."""
        query = self.query
        said = query.has_text or query.has_conditions or query.excluded
        return bool(self.asked.q.strip() and not said) or not concerns(query.conditions, self.shelf)

    def _in_order(self, answer: Candidates) -> Sequence[Candidate]:
        if self.mine is not None:
            place = {id: number for number, id in enumerate(self.mine)}
            return sorted(answer.found, key=lambda one: place[one.document_id])
        if self.asked.sort == "relevance":
            return sorted(answer.found, key=lambda one: merge.tier(one) != merge.EXACT_TIER)
        return answer.found

    @property
    def _facets(self) -> Sequence[Facet]:
        return [Facet(one.name, one.name, self.asked.chosen.get(one.name)) for one in self.shelf.facets]

    @property
    def _conditions(self) -> Sequence[Clause]:
        """What every app must still have when it is shown, whatever it had at the engine's last refresh."""
        return [one.clause for one in self._facets if one.chosen is not None]
