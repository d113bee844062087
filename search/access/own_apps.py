"""The apps that a caller has opened or installed, read from their own usage alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from opensearchpy import AsyncOpenSearch
from opensearchpy.exceptions import OpenSearchException

from mappings.usage import USAGE
from search.access.known import Known, nothing_known
from search.access.principal import Principal
from search.core.engine import is_missing
from search.core.errors import Unavailable

MOST = 200
TAKEN_UP, REMOVED = ("open", "install"), ("uninstall",)
AWAY = "What you opened cannot be read just now; try again in a moment."


class OwnApps:
    """Reads them. `patience_s`: how long the engine is waited for. `known`: tells a lost index from none."""

    def __init__(self, engine: AsyncOpenSearch, patience_s: float, known: Known = nothing_known) -> None:
        self._engine = engine
        self._patience_s = patience_s
        self._known = known

    async def latest(self, caller: Principal) -> Sequence[str]:
        """Return the ids of the caller's apps that they have not removed since, the latest first; MOST at most.

        Nothing is said of who may see them now. Raises Unavailable.
        """
        body = _body(caller.user)
        try:
            answer = await self._engine.search(
                index=f"{USAGE.name}.{caller.tenant}", body=body, request_timeout=self._patience_s
            )
        except OpenSearchException as error:
            if is_missing(getattr(error, "info", {}).get("error")) and not self._known(USAGE.name, caller.tenant):
                return []
            raise Unavailable(AWAY) from error
        if answer.get("timed_out") or answer["_shards"]["failed"]:
            raise Unavailable(AWAY)
        return [bucket["key"] for bucket in answer["aggregations"]["apps"]["buckets"] if _is_kept(bucket)]


def _body(user: str) -> Mapping[str, Any]:
    def latest(actions: Sequence[str]) -> Mapping[str, Any]:
        return {"filter": {"terms": {"action": list(actions)}}, "aggs": {"at": {"max": {"field": "at"}}}}

    apps = {"field": "app_id", "size": MOST, "order": [{"taken_up>at": "desc"}, {"_key": "asc"}]}
    return {
        "size": 0,
        "query": {"bool": {"filter": [{"term": {"user_id": user}}, {"terms": {"action": [*TAKEN_UP, *REMOVED]}}]}},
        "aggs": {"apps": {"terms": apps, "aggs": {"taken_up": latest(TAKEN_UP), "removed": latest(REMOVED)}}},
    }


def _is_kept(bucket: Mapping[str, Any]) -> bool:
    """Return whether an app was opened or installed, and not removed since."""
    taken_up, removed = bucket["taken_up"]["at"]["value"], bucket["removed"]["at"]["value"]
    return taken_up is not None and (removed is None or removed < taken_up)
