"""Takes away what is too old, and what is kept of users who were deleted; every process of the API does it."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from opensearchpy import AsyncOpenSearch
from opensearchpy.exceptions import NotFoundError, OpenSearchException
from prometheus_client import Counter

from mappings import directory
from mappings import feedback as stored
from search.core.errors import Unavailable
from search.feedback import recents, store

FAILED = Counter(
    "office_search_feedback_upkeep_failures_total", "Rounds in which old feedback, or deleted users', was not removed"
)

EVERY_S: Final = 60.0
# A directory that has not changed is looked through all the same so often: a note may have come late.
LOOK_ANYWAY_S: Final = 3600.0
ASKED_FOR: Final = timedelta(hours=1)
# The rest goes in the next round.
MOST_AT_ONCE: Final = 20_000
USERS_AT_ONCE: Final = 1000
PATIENCE_S: Final = 60.0

DeletedAmong = Callable[[str, Collection[str]], Awaitable[AbstractSet[str]]]
"""(tenant, users) → those of them whom the directory knows as deleted. Raises Unavailable."""

_log = structlog.get_logger(__name__)


class Upkeep:
    """Does it, a round a minute. `clock`: aware."""

    def __init__(self, engine: AsyncOpenSearch, deleted_among: DeletedAmong, clock: Callable[[], datetime]) -> None:
        self._engine = engine
        self._deleted_among = deleted_among
        self._clock = clock
        self._looked: dict[str, tuple[object, float]] = {}

    async def run(self) -> None:
        """Do a round a minute, for ever; not all processes at the same moment."""
        await asyncio.sleep(random.uniform(0, EVERY_S))  # noqa: S311
        while True:
            await self.once()
            await asyncio.sleep(EVERY_S)

    async def once(self) -> None:
        """Do one round; what fails is counted and logged, and left to the next one."""
        now = self._clock()
        await self._tried(self._expire(stored.QUERIES, now - store.KEPT_FOR))
        await self._tried(self._expire(stored.EVENTS, now - store.KEPT_FOR))
        await self._tried(self._expire(stored.ASKED, now - ASKED_FOR))
        await self._tried(self._expire_recents(now))
        await self._tried(self._forget_deleted())

    async def _tried(self, work: Awaitable[None]) -> None:
        try:
            await work
        except (OpenSearchException, Unavailable) as error:
            FAILED.inc()
            _log.warning("feedback_upkeep_failed", error=str(error)[:200])

    async def _expire(self, kind: str, before: datetime) -> None:
        await self._delete(f"{kind}.*", _older("timestamp", before), {"max_docs": MOST_AT_ONCE})

    async def _expire_recents(self, now: datetime) -> None:
        await self._engine.update_by_query(
            index=f"{stored.SEARCHERS}.*",
            body={"query": _older("oldest", now - recents.KEPT_FOR), "script": recents.change(now)},
            params={"conflicts": "proceed", "max_docs": MOST_AT_ONCE},
            request_timeout=PATIENCE_S,
        )

    async def _forget_deleted(self) -> None:
        """Take away what is kept of users who were deleted, where the directory has changed since the last look."""
        changes = await self._changes()
        for tenant in await self._tenants():
            known, change, began = self._looked.get(tenant), changes.get(tenant), time.monotonic()
            if known is None or known[0] != change or began - known[1] > LOOK_ANYWAY_S:
                await self._tried(self._look_through(tenant, (change, began)))

    async def _look_through(self, tenant: str, look: tuple[object, float]) -> None:
        async for users in self._searchers(tenant):
            if gone := await self._deleted_among(tenant, users):
                await self._forget(tenant, sorted(gone))
        self._looked[tenant] = look

    async def _changes(self) -> Mapping[str, object]:
        """Return, by tenant, what is another when its directory has changed."""
        pattern = f"{directory.NAME}.*"
        try:
            aliases = await self._engine.indices.get_alias(name=pattern)
        except NotFoundError:
            return {}
        stats = await self._engine.indices.stats(index=pattern, metric="indexing")
        return {
            stored.tenant_of(alias): (index, about["uuid"], about["primaries"]["indexing"]["index_total"])
            for index, about in stats["indices"].items()
            for alias in aliases.get(index, {}).get("aliases", {})
        }

    async def _tenants(self) -> list[str]:
        try:
            found = await self._engine.indices.get_alias(name=f"{stored.SEARCHERS}.*")
        except NotFoundError:
            return []
        return sorted({stored.tenant_of(alias) for about in found.values() for alias in about["aliases"]})

    async def _searchers(self, tenant: str) -> AsyncIterator[list[str]]:
        """Yield all users of whom there is feedback, some at a time."""
        index = stored.alias(stored.SEARCHERS, tenant)
        await self._engine.indices.refresh(index=index)
        body: dict[str, Any] = {"size": USERS_AT_ONCE, "sort": ["client_id"], "_source": False}
        while hits := (await self._engine.search(index=index, body=body))["hits"]["hits"]:
            yield [hit["_id"] for hit in hits]
            body["search_after"] = hits[-1]["sort"]

    async def _forget(self, tenant: str, users: Sequence[str]) -> None:
        """Take away all that is kept of these users.

        First what is kept, then what says that there is something, so that a round that was cut short is done again;
        then what another process has written in between.
        """
        kept = ",".join(stored.alias(kind, tenant) for kind in stored.KINDS if kind != stored.SEARCHERS)
        theirs = {"terms": {"client_id": list(users)}}
        for index in (kept, stored.alias(stored.SEARCHERS, tenant), kept):
            await self._engine.indices.refresh(index=index, params={"ignore_unavailable": "true"})
            await self._delete(index, theirs, {})
        _log.info("feedback_forgotten", tenant=tenant, users=len(users))

    async def _delete(self, index: str, query: Mapping[str, Any], bounds: Mapping[str, Any]) -> None:
        answer = await self._engine.delete_by_query(
            index=index,
            body={"query": query},
            params={"conflicts": "proceed", "ignore_unavailable": "true", **bounds},
            request_timeout=PATIENCE_S,
        )
        if answer["failures"]:
            raise Unavailable(f"The engine did not remove everything that it should from {index}.")


def _older(field: str, than: datetime) -> dict[str, Any]:
    return {"range": {field: {"lt": recents.millis(than), "format": "epoch_millis"}}}
