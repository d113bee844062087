"""A caller's own past with apps: what they use, which is read for nobody else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from opensearchpy import AsyncOpenSearch
from opensearchpy.exceptions import OpenSearchException

from mappings.usage import USAGE
from search.access.known import Known
from search.access.principal import Principal
from search.core.engine import is_missing
from search.core.errors import Unavailable

MOST_APPS: Final = 5_000
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
        index = f"{USAGE.name}.{caller.tenant}"
        body = {
            "size": 0,
            "query": {"bool": {"filter": [{"term": {"user_id": caller.user}}]}},
            "aggs": {"apps": {"terms": {"field": "app_id", "size": MOST_APPS}}},
            "track_total_hits": False,
        }
        try:
            answer = await self._engine.search(index=index, body=body, request_timeout=self._patience_s)
        except OpenSearchException as error:
            if is_missing(_reason(error)) and not self._known(USAGE.name, caller.tenant):
                return frozenset()
            raise Unavailable(_AWAY) from error
        if answer["timed_out"] or answer["_shards"]["failed"]:
            raise Unavailable(_AWAY)
        return frozenset(bucket["key"] for bucket in answer["aggregations"]["apps"]["buckets"])


def _reason(error: OpenSearchException) -> Mapping[str, Any] | None:
    """Return what the engine says of why it refused."""
    told = error.args[2] if len(error.args) > 2 else None
    return told.get("error") if isinstance(told, dict) and isinstance(told.get("error"), dict) else None
