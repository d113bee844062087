"""Makes the figures of what was asked and opened once a week, and keeps them for those who answer."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import structlog
from opensearchpy import AsyncOpenSearch
from opensearchpy.exceptions import ConflictError, NotFoundError, OpenSearchException

from mappings import feedback as stored
from search.core.tasks import cancelled
from search.feedback import Feedback
from search.feedback.noted import OPENING
from search.query.opened import Opened
from search.recommend.rule import STANDS_FOR_DAYS
from search.store.asked import NOTHING_ASKED, AskedFigures, Row, figures

log = structlog.get_logger(__name__)

ID: Final = "asked"
APPS: Final = "apps"
# Whatever was told stands for so long: nobody learns from two answers what happened in between.
EVERY_MS: Final = STANDS_FOR_DAYS * 86_400_000
LOOK_S: Final = 600.0
KEPT_S: Final = 60.0
PAGE: Final = 5_000
PATIENCE_S: Final = 60.0
# How long an answer waits for figures that this process has not read yet.
ANSWER_S: Final = 0.2
_APP: Final = "event_attributes.object.object_id"

Clause = Mapping[str, Any]


class AskedKept:
    """Reads, keeps and makes them. `replicas`: of indices made from now on. `clock`: seconds since 1970."""

    def __init__(
        self, engine: AsyncOpenSearch, feedback: Feedback, replicas: int = 0, clock: Callable[[], float] = time.time
    ) -> None:
        self._engine = engine
        self._feedback = feedback
        self._replicas = replicas
        self._clock = clock
        self._kept: dict[str, tuple[float, AskedFigures]] = {}

    async def after(self, tenant: str, text: str) -> Opened:
        """Return the apps that people opened who asked this, by most first; none where that is not known."""
        if not text.strip():
            return {}
        found = (await self.of(tenant)).opened.get(self._feedback.key(tenant, text), ())
        return {APPS: found} if found else {}

    async def of(self, tenant: str) -> AskedFigures:
        """Return a tenant's figures as they stand; none where they cannot be read soon."""
        known = self._kept.get(tenant)
        if known and self._clock() - known[0] < KEPT_S:
            return known[1]
        try:
            async with asyncio.timeout(ANSWER_S):
                read = await self._read(tenant)
        except (OpenSearchException, TimeoutError) as error:
            log.warning("asked_figures_not_read", tenant=tenant, error=repr(error)[:200])
            read = known[1] if known else NOTHING_ASKED
        self._kept[tenant] = (self._clock(), read)
        return read

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Make them anew where a week is over, while the block runs; every process does, and one of them is first."""
        making = asyncio.create_task(self._run())
        try:
            yield
        finally:
            await cancelled(making)

    async def _run(self) -> None:
        await asyncio.sleep(random.uniform(0, LOOK_S))  # noqa: S311
        while True:
            try:
                for tenant in await self._tenants():
                    await self.make(tenant)
            except OpenSearchException as error:
                log.warning("asked_figures_not_made", error=repr(error)[:200])
            await asyncio.sleep(LOOK_S)

    async def make(self, tenant: str) -> bool:
        """Make a tenant's figures where they have stood for a week; return whether they were made."""
        place = {"index": stored.alias(stored.FIGURES, tenant), "id": ID}
        guard: dict[str, Any] = {"op_type": "create"}
        try:
            found = await self._engine.get(**place)
            if self._now() - found["_source"]["at"] < EVERY_MS:
                return False
            guard = {"if_seq_no": found["_seq_no"], "if_primary_term": found["_primary_term"]}
        except NotFoundError:
            await self._create(tenant)
        made = await self._made(tenant)
        try:
            await self._engine.index(
                **place, body=made.stored(), params={**guard, "require_alias": "true"}, request_timeout=PATIENCE_S
            )
        except ConflictError:
            return False  # another process was first
        self._kept.pop(tenant, None)
        log.info("asked_figures_made", tenant=tenant, questions=len(made.opened), apps=len(made.apps))
        return True

    async def _made(self, tenant: str) -> AskedFigures:
        events, queries = (stored.alias(kind, tenant) for kind in (stored.EVENTS, stored.QUERIES))
        await self._engine.indices.refresh(index=f"{events},{queries}", params={"ignore_unavailable": "true"})
        people = len([user async for user in self._rows(queries, [], ("client_id",))])
        opened = [row async for row in self._opened(tenant, events)]
        shown = [(app, user) async for app, user in self._rows(events, _of_apps("impression"), (_APP, "client_id"))]
        unserved = [row async for row in self._unserved(tenant, queries)]
        return figures(self._now(), people, opened, shown, unserved)

    async def _opened(self, tenant: str, events: str) -> AsyncIterator[Row]:
        """Yield (key of the question, app, user) of what was opened; without a question where none was typed."""
        empty = self._feedback.key(tenant, "")
        fields = ("user_query.keyword", _APP, "client_id")
        async for kept, app, user in self._rows(events, _of_apps(*OPENING), fields):
            key = self._feedback.key_of_kept(tenant, kept)
            yield "" if key == empty else key, app, user

    async def _unserved(self, tenant: str, queries: str) -> AsyncIterator[tuple[str, str | None, str]]:
        """Yield (key, text, user) of questions to the store that found nothing."""
        empty, tells_text = self._feedback.key(tenant, ""), self._feedback.tells_text(tenant)
        found_nothing = {"bool": {"must_not": [{"exists": {"field": "query_response_hit_ids"}}]}}
        of_store: Sequence[Clause] = [{"term": {"application": APPS}}, found_nothing]
        async for kept, user in self._rows(queries, of_store, ("user_query.keyword", "client_id")):
            if (key := self._feedback.key_of_kept(tenant, kept)) != empty:
                yield key, key if tells_text else None, user

    async def _rows(
        self, index: str, condition: Sequence[Clause], fields: Sequence[str]
    ) -> AsyncIterator[tuple[str, ...]]:
        """Yield each combination of these fields' values that there is, once."""
        sources = [{str(number): {"terms": {"field": name}}} for number, name in enumerate(fields)]
        paged: dict[str, Any] = {"size": PAGE, "sources": sources}
        while True:
            body = {"size": 0, "query": {"bool": {"filter": list(condition)}}, "aggs": {"rows": {"composite": paged}}}
            try:
                answer = await self._engine.search(index=index, body=body, request_timeout=PATIENCE_S)
            except NotFoundError:
                return
            rows = answer["aggregations"]["rows"]
            for bucket in rows["buckets"]:
                yield tuple(bucket["key"][str(number)] for number in range(len(fields)))
            if "after_key" not in rows:
                return
            paged["after"] = rows["after_key"]

    async def _read(self, tenant: str) -> AskedFigures:
        try:
            found = await self._engine.get(index=stored.alias(stored.FIGURES, tenant), id=ID)
        except NotFoundError:
            return NOTHING_ASKED
        return AskedFigures.of(found["_source"])

    async def _create(self, tenant: str) -> None:
        body = stored.creation(stored.FIGURES, tenant, self._replicas)
        try:
            await self._engine.indices.create(index=stored.index(stored.FIGURES, tenant), body=body)
        except OpenSearchException as error:
            # Made by another process meanwhile; anything else is told by the write.
            log.info("asked_figures_index_not_made", tenant=tenant, error=str(error)[:200])

    async def _tenants(self) -> list[str]:
        try:
            found = await self._engine.indices.get_alias(name=f"{stored.QUERIES}.*")
        except NotFoundError:
            return []
        return sorted({stored.tenant_of(alias) for about in found.values() for alias in about["aliases"]})

    def _now(self) -> int:
        return round(self._clock() * 1000)


def _of_apps(*actions: str) -> Sequence[Clause]:
    """Return the conditions of events in which callers did one of these with an app."""
    return [
        {"term": {"event_attributes.object.object_id_type": APPS}},
        {"terms": {"action_name": sorted(actions)}},
    ]
