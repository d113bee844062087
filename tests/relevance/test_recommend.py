"""A whole company: what is recommended is what people took up, and nobody is shown what they may not see."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import httpx
import kit
import orjson
import pytest
from apikit import GATEWAY_SECRET, Api
from opensearchpy import AsyncOpenSearch
from proof.oracle import Data, Key, Oracle, Sight
from usagekit import Silent

from analyzers import Lexicons
from indexers.load import load
from search.core.endpoints import Endpoints
from search.core.settings import Settings
from search.core.streams.port import Broker
from search.evaluate.api_client import ApiClient
from search.evaluate.questions import PlayedQuestion, event_files
from search.evaluate.recommend import ASKED_FOR, report_of
from search.evaluate.recommend_ground import known, taken_up
from search.recommend.run import Run

# The company is indexed first, which takes minutes where others work, too.
pytestmark = pytest.mark.timeout(1800)

AT_ONCE = 4
SOME = 60
# By how much the product is better than each model of one idea, and how much of the store anybody gets to see.
BETTER: Mapping[str, float] = {"department": 1.4, "items": 1.08, "popularity": 2.5}
COVERED = 0.5


@pytest.fixture(scope="module")
def company(shared_data: Path) -> Path:
    return shared_data / "company"


@pytest.fixture(scope="module")
async def trained(company: Path, api: Api, broker: Broker, engine: AsyncOpenSearch) -> Api:
    """The company's people, apps and use, and a run over these."""
    parts = ("access", "apps", "contacts", "usage")
    files = [path for path in event_files(company) if path.name.split(".")[1] in parts]
    assert not (await load(broker, kit.CATALOGUE, files, lambda _: None)).skipped
    await kit.settled(broker, engine)
    await api.ready()
    await Run(engine, kit.CATALOGUE, Lexicons()).of(taken_up(company).tenant, Silent())
    return api


@pytest.fixture(scope="module")
async def asking(trained: Api) -> AsyncIterator[ApiClient]:
    async with ApiClient("http://api", GATEWAY_SECRET, transport=httpx.ASGITransport(trained.app)) as client:
        yield client


@pytest.fixture(scope="module")
def told(company: Path) -> Mapping[Key, Data]:
    """What the company's streams have said, by rules that share nothing with the product."""
    heard = Oracle()
    for name in ("access", "apps", "contacts"):
        for line in (company / f"changes.{name}.ndjson").read_bytes().splitlines():
            heard.hear(orjson.loads(line))
    return heard.company(taken_up(company).tenant)


async def lists(asking: ApiClient, tenant: str, users: Sequence[str]) -> list[list[str]]:
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(user: str) -> list[str]:
        async with gate:
            answered = await asking.recommended(PlayedQuestion(id=user, tenant=tenant, user=user, q=""), ASKED_FOR)
        assert answered.status == 200, answered.body
        return [app["id"] for app in answered.body["apps"]]

    return list(await asyncio.gather(*(one(user) for user in users)))


def hidden(told: Mapping[Key, Data], users: Sequence[str], shown: Sequence[Sequence[str]]) -> list[str]:
    """What was recommended to whom and may not be seen."""
    now = time.time_ns() // 1000
    return [
        f"{user}: {app}"
        for user, apps in zip(users, shown, strict=True)
        for sight in [Sight(told, user, now)]
        for app in apps
        if not sight.sees("app", app)
    ]


def some(told: Mapping[Key, Data]) -> list[str]:
    """Some of those who may ask."""
    everybody = sorted(id for (entity, id), data in told.items() if entity == "user" and data["status"] == "active")
    return everybody[:: max(1, len(everybody) // SOME)]


async def test_nobody_is_shown_an_app_that_they_may_not_see(
    asking: ApiClient, told: Mapping[Key, Data], company: Path
) -> None:
    users = some(told)
    shown = await lists(asking, taken_up(company).tenant, users)
    assert sum(map(len, shown)) > 15 * len(users)
    assert hidden(told, users, shown) == []


@pytest.mark.long
async def test_the_whole_company_is_served_better_than_by_any_one_idea(
    asking: ApiClient, told: Mapping[Key, Data], company: Path, settings: Settings, world: Endpoints
) -> None:
    ground = await known(settings, world, taken_up(company))
    shown = await lists(asking, ground.tenant, ground.people.ids)
    assert hidden(told, ground.people.ids, shown) == []
    report = report_of(ground, shown)
    figures = {name: asdict(one) for name, one in report.models.items()}
    product = report.models["product"]
    for name, times in BETTER.items():
        assert product.ndcg10 >= times * report.models[name].ndcg10, figures
        assert report.differences[name].low > 0
    assert product.coverage >= COVERED
