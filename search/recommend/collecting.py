"""Has the engine put the use of apps together, person by person, and reads of it what the statistics need."""

from __future__ import annotations

from array import array
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from opensearchpy import AsyncOpenSearch
from opensearchpy.exceptions import NotFoundError, OpenSearchException

from mappings.usage import USAGE
from search.core.errors import Unavailable
from search.recommend.usage import USED_FOR, WEEK, Usage

# People whose use is put together in one request: what the engine holds at a time follows from it.
PEOPLE_AT_ONCE: Final = 500
PAGE: Final = 10_000
RATINGS_AT_ONCE: Final = 1_000
PATIENCE_S: Final = 120.0
# The last complete week, and those that it is compared with.
WEEKS: Final = 9
# Use of an app counts half a year, and its first use decides what the weights are fitted on: twice as long.
LOOKED_BACK: Final = 2 * USED_FOR

Advance = Callable[[int], None]
_Bucket = Mapping[str, Any]
_AWAY: Final = "OpenSearch does not answer; the use of apps cannot be counted. Try again in a moment."


class Collecting:
    """Collects a tenant's use of apps. `now`: microseconds since 1970; what is said to be later does not count."""

    def __init__(self, engine: AsyncOpenSearch, tenant: str, now: int) -> None:
        self._engine = engine
        self._index = f"{USAGE.name}.{tenant}"
        self._now = now

    async def usage(self, people: Sequence[str], advance: Advance = lambda _: None) -> Usage | None:
        """Return what these people use; None where there is no use. `advance`: told how many people are done.

        Replays, duplicates and disorder are no matter: the documents are counted, of which there is one an event.
        Raises Unavailable.
        """
        as_of = await self._latest()
        if as_of is None:
            return None
        columns = _Columns(people, as_of)
        for start in range(0, len(people), PEOPLE_AT_ONCE):
            some = list(people[start : start + PEOPLE_AT_ONCE])
            await self._collect(columns, some)
            columns.done()
            advance(len(some))
        return columns.usage()

    async def _latest(self) -> int | None:
        body = {
            "size": 0,
            "query": {"range": {"at": {"lte": self._now}}},
            "aggs": {"latest": {"max": {"field": "at"}}},
        }
        found = (await self._ask(body))["latest"]["value"]
        return None if found is None else int(found)

    async def _collect(self, columns: _Columns, people: Sequence[str]) -> None:
        def within(since: int, *actions: str) -> list[dict[str, Any]]:
            return [
                {"terms": {"user_id": list(people)}},
                {"terms": {"action": list(actions)}},
                {"range": {"at": {"gte": since, "lte": columns.as_of}}},
            ]

        span = {"first": {"min": {"field": "at"}}, "last": {"max": {"field": "at"}}}
        seen = columns.as_of - LOOKED_BACK
        async for bucket in self._buckets(within(seen, "open", "install"), ["user_id", "app_id"], span):
            columns.used(bucket)
        async for bucket in self._buckets(within(seen, "uninstall"), ["user_id", "app_id"], {"last": span["last"]}):
            columns.removed(bucket)
        latest = {"latest": {"top_hits": {"size": 1, "sort": [{"at": "desc"}], "_source": ["original.value"]}}}
        rated = self._buckets(within(seen, "rate"), ["user_id", "app_id"], latest, RATINGS_AT_ONCE)
        async for bucket in rated:
            columns.rated(bucket)
        weeks = within(columns.first_week, "open", "install")
        async for bucket in self._buckets(weeks, ["user_id", "app_id"], {}, weekly=True):
            columns.used_in_week(bucket)

    async def _buckets(
        self,
        within: Sequence[Mapping[str, Any]],
        by: Sequence[str],
        told: Mapping[str, Any],
        page: int = PAGE,
        *,
        weekly: bool = False,
    ) -> AsyncIterator[_Bucket]:
        """Yield what the engine says of each combination that there is, page by page."""
        sources: list[dict[str, Any]] = [{name: {"terms": {"field": name}}} for name in by]
        if weekly:
            sources.append({"week": {"histogram": {"field": "at", "interval": WEEK}}})
        composite: dict[str, Any] = {"size": page, "sources": sources}
        body = {
            "size": 0,
            "query": {"bool": {"filter": list(within)}},
            "aggs": {"each": {"composite": composite, **({"aggs": told} if told else {})}},
        }
        while True:
            found = (await self._ask(body))["each"]
            for bucket in found["buckets"]:
                yield bucket
            if len(found["buckets"]) < page:
                return
            composite["after"] = found["after_key"]

    async def _ask(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            answer = await self._engine.search(index=self._index, body=body, request_timeout=PATIENCE_S)
        except NotFoundError:
            return {"latest": {"value": None}, "each": {"buckets": []}}
        except OpenSearchException as error:
            raise Unavailable(_AWAY) from error
        if answer["timed_out"] or answer["_shards"]["failed"]:
            raise Unavailable(_AWAY)
        found: Mapping[str, Any] = answer["aggregations"]
        return found


class _Columns:
    """What has been read so far. Weeks begin where whole weeks since 1970 do: each is a Monday as much as a Sunday."""

    def __init__(self, people: Sequence[str], as_of: int) -> None:
        self.as_of = as_of
        # The week of `as_of` is not over.
        self._end = as_of // WEEK
        self.first_week = (self._end - WEEKS) * WEEK
        self._people = list(people)
        self._places = {person: place for place, person in enumerate(people)}
        self._apps: dict[str, int] = {}
        self._entries: dict[tuple[int, int], int] = {}
        # Not lists: of millions of numbers each would be an object.
        self._person, self._app = array("i"), array("i")
        self._first, self._last = array("q"), array("q")
        self._left: dict[int, int] = {}
        self._rating: dict[int, float] = {}
        self._weekly: dict[tuple[int, int], int] = {}

    def _key(self, bucket: _Bucket) -> tuple[int, int]:
        app = bucket["key"]["app_id"]
        return self._places[bucket["key"]["user_id"]], self._apps.setdefault(app, len(self._apps))

    def used(self, bucket: _Bucket) -> None:
        self._entry(self._key(bucket), int(bucket["first"]["value"]), int(bucket["last"]["value"]))

    def _entry(self, key: tuple[int, int], first: int, last: int) -> int:
        self._entries[key] = place = len(self._person)
        self._person.append(key[0])
        self._app.append(key[1])
        self._first.append(first)
        self._last.append(last)
        return place

    def removed(self, bucket: _Bucket) -> None:
        if (place := self._entries.get(self._key(bucket))) is not None:
            self._left[place] = int(bucket["last"]["value"])

    def rated(self, bucket: _Bucket) -> None:
        place = self._entries.get(self._key(bucket))
        value = bucket["latest"]["hits"]["hits"][0]["_source"].get("original", {}).get("value")
        if place is not None and isinstance(value, int | float):
            self._rating[place] = float(value)

    def used_in_week(self, bucket: _Bucket) -> None:
        week = int(bucket["key"]["week"]) // WEEK - (self._end - WEEKS)
        if 0 <= week < WEEKS:
            key = self._key(bucket)[1], week
            self._weekly[key] = self._weekly.get(key, 0) + 1

    def done(self) -> None:
        """Forget what leads to the entries so far: no more is told of these people."""
        self._entries.clear()

    def usage(self) -> Usage:
        count = len(self._person)
        last = np.array(self._last, dtype=np.int64)
        left = np.zeros(count, dtype=np.bool_)
        for place, at in self._left.items():
            left[place] = at >= last[place]
        rating = np.full(count, np.nan)
        rating[list(self._rating)] = list(self._rating.values())
        weekly = np.zeros((len(self._apps), WEEKS), dtype=np.int32)
        for (app, week), number in self._weekly.items():
            weekly[app, week] = number
        return Usage(
            self._people,
            list(self._apps),
            self.as_of,
            np.array(self._person, dtype=np.int32),
            np.array(self._app, dtype=np.int32),
            np.array(self._first, dtype=np.int64),
            last,
            left,
            rating,
            weekly,
        )
