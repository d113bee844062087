"""What tests of the app store say things with: a company whose people use apps, and what it recommends to them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import kit
from apikit import Api, Company
from kit import CATALOGUE
from opensearchpy import AsyncOpenSearch

from analyzers import Lexicons
from search.core.streams.port import Broker
from search.recommend.run import Run

PATH = "/v1/apps/recommended"


class Silent:
    """Nobody watches the run."""

    def step(self, name: str, total: int | None = None) -> None: ...

    def advance(self, parts: int) -> None: ...


def days(ago: float) -> str:
    return (datetime.now(UTC) - timedelta(days=ago)).isoformat()


class Store:
    """A company whose people use apps."""

    def __init__(self, api: Api, broker: Broker, engine: AsyncOpenSearch, tenant: str) -> None:
        self.company = Company(api, broker, engine, tenant)
        self.broker = broker
        self.engine = engine
        self.run = Run(engine, CATALOGUE, Lexicons())
        self.events: list[bytes] = []

    def app(self, id: str, **more: Any) -> str:
        return self.company.app(id, id=id, **{"published_at": days(400), "category": id, **more})

    def uses(self, people: list[str], *apps: str, action: str = "open", ago: float = 5, **more: Any) -> None:
        for person in people:
            for app in apps:
                data = {"user_id": person, "app_id": app, "action": action, "at": days(ago), **more}
                subject = f"us-{person}-{app}-{action}-{ago:g}"
                self.events.append(
                    kit.event("usage", data, tenant=self.company.tenant, verb="recorded", subject=subject)
                )

    async def arrive(self) -> None:
        """Everything said, use too, is indexed and searchable."""
        said, self.events = self.events, []
        await kit.send(self.broker, said)
        await self.company.arrive()

    async def train(self) -> None:
        await self.arrive()
        await self.run.of(self.company.tenant, Silent())

    async def recommended(self, user: str, **params: Any) -> dict[str, Any]:
        response = await self.company.api.get(user, PATH, tenant=self.company.tenant, **params)
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    async def shown(self, user: str, **params: Any) -> dict[str, Mapping[str, Any]]:
        """The apps that are recommended, in order, each with its reason."""
        return {one["id"]: one for one in (await self.recommended(user, **params))["apps"]}
