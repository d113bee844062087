"""What tests of clicks and recent searches say things with: a user who asks and clicks, and what is stored of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import kit
from apikit import Api
from opensearchpy import AsyncOpenSearch
from opensearchpy.exceptions import TransportError

from mappings import feedback as stored

CLICKS, RECENT = "/v1/clicks", "/v1/recent"


async def kept(engine: AsyncOpenSearch, kind: str, tenant: str = "acme", **where: str) -> list[dict[str, Any]]:
    """What is stored in one of the feedback's indices now."""
    index = stored.alias(kind, tenant)
    params = {"ignore_unavailable": "true"}
    await engine.indices.refresh(index=index, params=params)
    query = {"bool": {"filter": [{"term": {name: value}} for name, value in where.items()]}}
    found: list[dict[str, Any]] = []

    async def is_read() -> bool:
        try:
            answer = await engine.search(index=index, body={"size": 1000, "query": query}, params=params)
        except TransportError as error:
            if error.status_code == 503:  # an index that was made a moment ago
                return False
            raise
        found[:] = [hit["_source"] for hit in answer["hits"]["hits"]]
        return True

    await kit.until(is_read, f"{index} to answer")
    return found


class Searcher:
    """A user who asks and clicks."""

    def __init__(self, api: Api, engine: AsyncOpenSearch, user: str, tenant: str = "acme") -> None:
        self.api, self.engine, self.user, self.tenant = api, engine, user, tenant

    async def asks(self, q: str) -> dict[str, Any]:
        return await self.api.search(self.user, q, tenant=self.tenant)

    async def tells(self, *events: Mapping[str, Any]) -> None:
        body = events[0] if len(events) == 1 else list(events)
        response = await self.api.post(self.user, body, CLICKS, tenant=self.tenant)
        assert (response.status_code, response.content) == (204, b""), response.text

    async def means(self, q: str) -> dict[str, Any]:
        """Ask, and press Enter."""
        answer = await self.asks(q)
        await self.tells({"query_id": answer["query_id"], "action": "submit"})
        return answer

    async def recent(self) -> list[dict[str, str]]:
        response = await self.api.get(self.user, RECENT, tenant=self.tenant)
        assert response.status_code == 200, response.text
        found: list[dict[str, str]] = response.json()["recent"]
        return found

    async def texts(self) -> list[str]:
        return [one["text"] for one in await self.recent()]

    async def comes_to(self, *texts: str) -> None:
        async def listed() -> bool:
            return await self.texts() == list(texts)

        await kit.until(listed, f"the recent searches to be {texts}, not {await self.texts()}")

    async def events(self, count: int) -> list[dict[str, Any]]:
        """Their events, once there are so many."""

        async def there() -> bool:
            return len(await kept(self.engine, stored.EVENTS, self.tenant, client_id=self.user)) >= count

        await kit.until(there, f"{count} events")
        return await kept(self.engine, stored.EVENTS, self.tenant, client_id=self.user)


def click(answer: Mapping[str, Any], action: str = "open", place: int = 0, **more: Any) -> dict[str, Any]:
    hit = answer["hits"][place]
    base = {"query_id": answer["query_id"], "action": action, "vertical": hit["vertical"], "id": hit["id"]}
    return base | more
