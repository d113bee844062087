"""The feedback's own indices in the engine: the only place where they are read and written for callers."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Final

import orjson
import structlog
from opensearchpy import AsyncOpenSearch
from opensearchpy.exceptions import NotFoundError, OpenSearchException

from mappings import feedback as stored
from mappings.properties import Document
from search.core.errors import Unavailable
from search.feedback import recents, ubi
from search.feedback.noted import OPENING, Reactions
from search.feedback.operations import Operation, Outcome, upserting
from search.feedback.ubi import Answered

KEPT_FOR: Final = timedelta(days=90)
# Questions of one user that are looked through: more than one asks in an hour.
MOST_ASKED: Final = 2_000
# Whoever was shown something for so long and left it may be shown it again.
SEEN_FOR: Final = timedelta(days=30)
MOST_REACTED: Final = 2_000
MOST_ACTIONS: Final = 10
# The engine may be slow; whoever asks for their recent searches does not wait for ever.
PATIENCE_S: Final = 2.0

# No index is made by the engine itself, which would guess the mapping. Within its time, as a tenant's shard that is
# nowhere would hold up the others; the client takes a parameter `timeout` for its own, so the address is written out.
_BULK = "/_bulk?require_alias=true&timeout=2s&filter_path=items.*.status,items.*.error.type"
_AWAY = "The recent searches cannot be read or changed, as the engine does not answer."

Asked = tuple[str, str]
"""(tenant, query id)"""

_log = structlog.get_logger(__name__)


class Store:
    """Reads and writes. `replicas`: of indices made from now on."""

    def __init__(self, engine: AsyncOpenSearch, replicas: int) -> None:
        self._engine = engine
        self._replicas = replicas

    async def answers(self, asked: Collection[Asked]) -> dict[Asked, Answered]:
        """Return those of the answers that have been noted, read in real time. Raises what the engine raises."""
        if not asked:
            return {}
        wanted = [(kind, *key) for key in asked for kind in (stored.QUERIES, stored.ASKED)]
        docs = [{"_index": stored.alias(kind, tenant), "_id": id} for kind, tenant, id in wanted]
        answer = await self._engine.mget(body={"docs": docs})
        # One that cannot be read just now is not known, like one that is not written yet.
        pairs = zip(wanted, answer["docs"], strict=True)
        found = {place: got["_source"] for place, got in pairs if got.get("found")}
        texts = {place[1:]: source["text"] for place, source in found.items() if place[0] == stored.ASKED}
        return {
            place[1:]: ubi.answered(source, texts.get(place[1:]))
            for place, source in found.items()
            if place[0] == stored.QUERIES
        }

    async def write(self, operations: Sequence[Operation]) -> dict[Outcome, list[Operation]]:
        """Write all in one request; return what became of each. Raises what the engine raises.

        What is missing of the indices is made, for when the operations are sent again.
        """
        body = b"".join(one.lines() for one in operations)
        answer = await self._engine.transport.perform_request("POST", _BULK, body=body)
        became: dict[Outcome, list[Operation]] = {"done": [], "again": [], "refused": []}
        missing = set()
        for one, item in zip(operations, answer["items"], strict=True):
            [result] = item.values()
            outcome = one.outcome(result["status"])
            became[outcome].append(one)
            if outcome == "refused":
                # Not the engine's whole reason, which quotes what was asked.
                _log.warning("feedback_refused", kind=one.kind, tenant=one.tenant, reason=result["error"]["type"])
            if result["status"] == HTTPStatus.NOT_FOUND:
                missing.add((one.kind, one.tenant))
        for kind, tenant in sorted(missing):
            await self._create(kind, tenant)
        return became

    async def _create(self, kind: str, tenant: str) -> None:
        body = stored.creation(kind, tenant, self._replicas)
        try:
            await self._engine.indices.create(index=stored.index(kind, tenant), body=body)
        except OpenSearchException as error:
            # Made by another process meanwhile, or impossible for this tenant: the next try tells.
            _log.info("feedback_index_not_made", kind=kind, tenant=tenant, error=str(error)[:200])

    async def searcher(self, tenant: str, user: str) -> Mapping[str, Any] | None:
        """Return the document of a user's recent searches, in real time. Raises Unavailable."""
        index = stored.alias(stored.SEARCHERS, tenant)
        try:
            found = await self._engine.get(index=index, id=user, request_timeout=PATIENCE_S)
        except NotFoundError:
            return None
        except OpenSearchException as error:
            raise Unavailable(_AWAY) from error
        source: Mapping[str, Any] = found["_source"]
        return source

    async def change(self, tenant: str, user: str, script: Document) -> None:
        """Change a user's recent searches by a script of `recents.change`. Raises Unavailable."""
        index = stored.alias(stored.SEARCHERS, tenant)
        params = {"retry_on_conflict": 5, "require_alias": "true"}
        try:
            await self._engine.update(
                index=index, id=user, body=upserting(user, script), params=params, request_timeout=PATIENCE_S
            )
        except NotFoundError:
            return  # of a tenant without feedback there is nothing to change
        except OpenSearchException as error:
            raise Unavailable(_AWAY) from error

    async def forget_asked(self, tenant: str, user: str, texts: Collection[str] | None) -> None:
        """Delete what a user asked and did not mean yet: these texts, or all. Raises Unavailable."""
        index = stored.alias(stored.ASKED, tenant)
        body = {"size": MOST_ASKED, "query": {"term": {"client_id": user}}, "_source": ["text"]}
        try:
            await self._engine.indices.refresh(index=index, request_timeout=PATIENCE_S)
            found = (await self._engine.search(index=index, body=body, request_timeout=PATIENCE_S))["hits"]["hits"]
            gone = [hit["_id"] for hit in found if texts is None or hit["_source"]["text"] in texts]
            lines = [orjson.dumps({"delete": {"_id": id}}) for id in gone]
            if lines:
                await self._engine.bulk(body=b"\n".join(lines) + b"\n", index=index, request_timeout=PATIENCE_S)
        except NotFoundError:
            return
        except OpenSearchException as error:
            raise Unavailable(_AWAY) from error

    async def often_opened(self, tenant: str, user: str, limit: int, now: datetime) -> list[tuple[str, str]]:
        """Return (vertical, id) of what a user opened, most often and latest first. Raises Unavailable."""
        index = stored.alias(stored.EVENTS, tenant)
        try:
            answer = await self._engine.search(
                index=index, body=_opened(user, limit, now - KEPT_FOR), request_timeout=PATIENCE_S
            )
        except NotFoundError:
            return []
        except OpenSearchException as error:
            raise Unavailable("What was opened cannot be read, as the engine does not answer.") from error
        buckets = answer["aggregations"]["opened"]["buckets"]
        return [(bucket["key"][0], bucket["key"][1]) for bucket in buckets]

    async def reactions(self, tenant: str, user: str, vertical: str, now: datetime) -> Reactions:
        """Return what a user did with a vertical's entities that they were shown. Raises Unavailable."""
        index = stored.alias(stored.EVENTS, tenant)
        try:
            answer = await self._engine.search(
                index=index, body=_reacted(user, vertical, now), request_timeout=PATIENCE_S
            )
        except NotFoundError:
            return Reactions()
        except OpenSearchException as error:
            raise Unavailable("What you dismissed cannot be read, as the engine does not answer.") from error
        if answer["timed_out"] or answer["_shards"]["failed"]:
            raise Unavailable("What you dismissed cannot be read; try again in a moment.")
        did = {one["key"]: one["entities"]["buckets"] for one in answer["aggregations"]["did"]["buckets"]}
        opened = {bucket["key"] for action in OPENING for bucket in did.get(action, ())}
        seen = {one["key"]: one["answers"]["value"] for one in did.get("impression", ()) if one["key"] not in opened}
        return Reactions(frozenset(bucket["key"] for bucket in did.get("dismiss", ())), seen)


def _reacted(user: str, vertical: str, now: datetime) -> Document:
    """Return the search: a dismissal counts as long as it is kept, what was seen for a shorter time."""
    attributes = "event_attributes"
    lately = {"range": {"timestamp": {"gte": recents.millis(now - SEEN_FOR), "format": "epoch_millis"}}}
    condition = [
        {"term": {"client_id": user}},
        {"term": {f"{attributes}.object.object_id_type": vertical}},
        {"term": {f"{attributes}.personal": True}},
        {"bool": {"should": [{"term": {"action_name": "dismiss"}}, lately], "minimum_should_match": 1}},
    ]
    entities = {"terms": {"field": f"{attributes}.object.object_id", "size": MOST_REACTED}}
    answers = {"answers": {"cardinality": {"field": "query_id"}}}
    actions = {"terms": {"field": "action_name", "size": MOST_ACTIONS}}
    return {
        "size": 0,
        "track_total_hits": False,
        "query": {"bool": {"filter": condition}},
        "aggs": {"did": {**actions, "aggs": {"entities": {**entities, "aggs": answers}}}},
    }


def _opened(user: str, limit: int, since: datetime) -> Document:
    """Return the search. An entity counts once an answer, so that a client may report both a click and an open."""
    attributes = "event_attributes"
    condition = [
        {"term": {"client_id": user}},
        {"terms": {"action_name": sorted(OPENING)}},
        {"term": {f"{attributes}.personal": True}},
        {"range": {"timestamp": {"gte": recents.millis(since), "format": "epoch_millis"}}},
    ]
    opened = {
        "terms": [{"field": f"{attributes}.object.object_id_type"}, {"field": f"{attributes}.object.object_id"}],
        "size": limit,
        "order": [{"answers": "desc"}, {"latest": "desc"}],
    }
    within = {"answers": {"cardinality": {"field": "query_id"}}, "latest": {"max": {"field": "timestamp"}}}
    return {
        "size": 0,
        "query": {"bool": {"filter": condition}},
        "aggs": {"opened": {"multi_terms": opened, "aggs": within}},
    }
