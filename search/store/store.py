"""The store's calls: search and browse, one app's page, and what is like an app."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from mappings.collection import ORIGINAL
from mappings.vertical import Vertical
from search.access.candidates import Candidate, Request
from search.access.principal import Principal
from search.access.reader import Found, Reader
from search.core.errors import NotFound, Unavailable
from search.query.answer import Hit
from search.query.hits import HitView
from search.query.joined_names import JoinedNames
from search.query.merge import Ranked
from search.query.resolved import ResolvedQuery
from search.query.search import Search
from search.recommend.figures import Figures
from search.recommend.store import permitted
from search.store.answer import AppList, AppPage, StoreAnswer, StoreApp
from search.store.browse import NO_ANSWER, Browse, OwnApps
from search.store.question import StoreQuestion
from search.store.similar import content_query, mixed, reason

MISSING = "There is no such app, or you may not find it."
# More than are shown, as the last check may drop some.
SPARE = 20


@dataclass(frozen=True)
class Store:
    """The use cases. All raise ModuleMissing without the store's module, and Unavailable when the engine is late."""

    search: Search
    figures: Figures
    own: OwnApps

    async def browse(self, caller: Principal, asked: StoreQuestion, now: datetime) -> StoreAnswer:
        """Return a page of apps with counts. `now`: aware. Raises BadRequest for a cursor that is none."""
        return await Browse(self.search, self.figures, self.own).answer(caller, asked, now)

    async def page(self, caller: Principal, id: str) -> AppPage:
        """Return an app's page. Raises NotFound, alike for what is not there and what is not for the caller."""
        began = time.monotonic()
        shelf = permitted(caller, self.search.catalogue.of(caller.tenant))
        found = await self._app(self.search.reader.for_one_answer(), caller, shelf, id)
        figures = await self.figures.of(caller.tenant)
        app = StoreApp.of(_hit(found, caller), figures.use(id, caller), figures.of(id).rating)
        return AppPage(app, found.document[ORIGINAL]["description"], _ms_since(began))

    async def similar(self, caller: Principal, id: str, limit: int, language: Literal["zh", "en"]) -> AppList:
        """Return what is used with an app, or says the same of itself, best first. Raises NotFound as `page` does."""
        began = time.monotonic()
        shelf = permitted(caller, self.search.catalogue.of(caller.tenant))
        reader = self.search.reader.for_one_answer()
        app = await self._app(reader, caller, shelf, id)
        figures = await self.figures.of(caller.tenant)
        ids = mixed(figures.of(id), await self._alike(reader, caller, app, limit + SPARE))[: limit + SPARE]
        there = await reader.current(caller, [(shelf, one) for one in ids])
        name: str = app.document[ORIGINAL]["name"]
        apps = [
            StoreApp.of(
                _hit(there[shelf.name, one], caller),
                figures.use(one, caller),
                figures.of(one).rating,
                reason(figures.of(id), one, id, name, language),
            )
            for one in ids
            if one != id and (shelf.name, one) in there
        ]
        return AppList(apps[:limit], _ms_since(began))

    async def _app(self, reader: Reader, caller: Principal, shelf: Vertical, id: str) -> Found:
        found = await reader.current(caller, [(shelf, id)])
        if (shelf.name, id) not in found:
            raise NotFound(MISSING)
        return found[shelf.name, id]

    async def _alike(self, reader: Reader, caller: Principal, app: Found, size: int) -> Sequence[str]:
        """Return the ids of apps that say the same of themselves, as of the engine's last refresh."""
        segmenter = self.search.lexicons.of(caller.tenant).segmenter
        query = content_query(app.vertical, app.document_id, app.document[ORIGINAL], segmenter)
        request = Request(app.vertical, query, size=size, counted=False)
        [answer] = await reader.candidates(caller, [request])
        if answer is None:
            raise Unavailable(NO_ANSWER)
        return [one.document_id for one in answer.found]


def _hit(found: Found, caller: Principal) -> Hit:
    """Return a document as a hit of no query, with nothing marked in it."""
    candidate = Candidate(found.vertical, found.document_id, found.version, frozenset(), {}, ())
    return HitView(ResolvedQuery(), caller).hit(Ranked(candidate, 1.0), found, JoinedNames({}, {}))


def _ms_since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
