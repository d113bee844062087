"""A caller's own past with apps: what they use, which is read for nobody else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from opensearchpy import AsyncOpenSearch
from opensearchpy.exceptions import OpenSearchException

from mappings.usage import USAGE
from search.access.known import Known
from search.access.principal import Principal
from search.core.engine import is_missing
from search.core.errors import Unavailable

MOST_APPS: Final = 5_000
MOST_LATEST: Final = 200
TAKEN_UP: Final = ("open", "install")
REMOVED: Final = ("uninstall",)
_AWAY: Final = "What you use cannot be read, as the engine does not answer; try again in a moment."


class Past:
    """Reads it. `known`: tells lost use from none. `patience_s`: how long the engine is waited for."""

    def __init__(self, engine: AsyncOpenSearch, known: Known, patience_s: float) -> None:
        self._engine = engine
        self._known = known
        self._patience_s = patience_s

    async def used(self, caller: Principal) -> frozenset[str]:
        """Return the ids of all apps that the caller's log holds, whatever they did with them. Raises Unavailable.

        It must not look empty where it cannot be read: then apps would be recommended that the caller uses.
        """
        body = {"aggs": {"apps": {"terms": {"field": "app_id", "size": MOST_APPS}}}}
        return frozenset(bucket["key"] for bucket in await self._apps(caller, body))

    async def latest(self, caller: Principal) -> Sequence[str]:
        """Return the ids of the apps that the caller opened or installed, and has not removed since, the latest first.

        Nothing is said of who may see them now. MOST_LATEST at most. Raises Unavailable.
        """
        return [bucket["key"] for bucket in await self._apps(caller, _by_time()) if _is_kept(bucket)]

    async def _apps(self, caller: Principal, body: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        """Return the buckets of the caller's own apps."""
        index = f"{USAGE.name}.{caller.tenant}"
        mine = {"bool": {"filter": [{"term": {"user_id": caller.user}}]}}
        body = {**body, "size": 0, "query": mine, "track_total_hits": False}
        try:
            answer = await self._engine.search(index=index, body=body, request_timeout=self._patience_s)
        except OpenSearchException as error:
            if is_missing(_reason(error)) and not self._known(USAGE.name, caller.tenant):
                return ()
            raise Unavailable(_AWAY) from error
        if answer["timed_out"] or answer["_shards"]["failed"]:
            raise Unavailable(_AWAY)
        buckets: Sequence[Mapping[str, Any]] = answer["aggregations"]["apps"]["buckets"]
        return buckets


def _by_time() -> Mapping[str, Any]:
    """Return what asks when each app was last opened or installed, and when removed."""

    def latest(actions: Sequence[str]) -> Mapping[str, Any]:
        return {"filter": {"terms": {"action": list(actions)}}, "aggs": {"at": {"max": {"field": "at"}}}}

    apps = {"field": "app_id", "size": MOST_LATEST, "order": [{"taken_up>at": "desc"}, {"_key": "asc"}]}
    within = {"taken_up": latest(TAKEN_UP), "removed": latest(REMOVED)}
    return {"aggs": {"apps": {"terms": apps, "aggs": within}}}


def _is_kept(bucket: Mapping[str, Any]) -> bool:
    """Return whether an app was opened or installed, and not removed since."""
    taken_up, removed = bucket["taken_up"]["at"]["value"], bucket["removed"]["at"]["value"]
    return taken_up is not None and (removed is None or removed < taken_up)


def _reason(error: OpenSearchException) -> Mapping[str, Any] | None:
    """Return what the engine says of why it refused."""
    told = error.args[2] if len(error.args) > 2 else None
    return told.get("error") if isinstance(told, dict) and isinstance(told.get("error"), dict) else None
