"""A new vertical is one file, and nothing else: followed, indexed, found, filtered, shown, reindexed and guarded."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import apikit
import kit
import pytest
from apikit import GATEWAY_SECRET, Api
from nats.aio.client import Client
from opensearchpy import AsyncOpenSearch

from analyzers import Lexicons
from indexers.generations import Registry
from indexers.reindex import Reindex
from mappings import verticals
from mappings.catalogue import Catalogue
from search import bootstrap
from search.core.endpoints import Endpoints
from search.core.settings import Settings
from search.core.streams.nats.names import stream_name
from search.core.streams.port import Broker

FOLDER = Path(__file__).parents[1] / "verticals"
TENANT = "acme"


class Watcher:
    def step(self, name: str, total: int | None = None) -> None:
        return

    def advance(self, documents: int) -> None:
        return


@pytest.fixture(scope="module")
def catalogue() -> Iterator[Catalogue]:
    """What there is with one more file in the folder of verticals."""
    verticals.__path__.append(str(FOLDER))
    try:
        yield Catalogue.installed()
    finally:
        verticals.__path__.remove(str(FOLDER))
        sys.modules.pop("mappings.verticals.tasks", None)


@pytest.fixture(scope="module")
async def site(
    world: Endpoints, settings: Settings, catalogue: Catalogue, engine: AsyncOpenSearch, broker: Broker
) -> AsyncIterator[Api]:
    """Indexers and API that know the catalogue, and a company with tasks."""
    stop = asyncio.Event()
    indexing = asyncio.create_task(bootstrap.index(settings, world, catalogue, stop))
    async with apikit.running(settings, world, GATEWAY_SECRET, catalogue=catalogue) as api:
        await api.ready()
        for entity, data in _company():
            await broker.publish(catalogue.stream_of[entity], kit.event(entity, data, tenant=TENANT))
        await kit.until(lambda: _finds(api, "u-1", "评审", {"t-1", "t-2"}), "the tasks to be found")
        # Its events come by four streams, in no order.
        await kit.until(lambda: _finds(api, "u-2", "评审", {"t-3"}), "the other one's task to be found")
        await kit.until(lambda: _is_doc_found(api), "the doc to be found")
        yield api
    stop.set()
    await indexing


def _company() -> list[tuple[str, dict[str, Any]]]:
    modules = ["search.tasks", "search.docs", "admin.explain"]
    return [
        ("role", kit.role(modules=["search.docs"])),
        ("role", kit.role("team", modules)),
        *(("user", kit.user(id, "某人")) for id in ("u-1", "u-2", "u-3")),
        *(("member", kit.member("role:team", f"user:{id}")) for id in ("u-1", "u-2")),
        ("task", _task("t-1", "搜索方案评审", "带上投影仪", allow=["user:u-1"])),
        ("task", _task("t-2", "评审纪要", status="done", owner_id="u-1", due_at="2026-04-01T00:00:00Z")),
        ("task", _task("t-3", "评审预算", owner_id="u-2")),
        ("doc", kit.doc("f-1", "预算说明", owner_id="u-1")),
    ]


def _task(id: str, title: str, notes: str = "", **more: Any) -> dict[str, Any]:
    plain = {"status": "open", "owner_id": "nobody", "allow": [], "due_at": "2026-03-01T00:00:00Z"}
    return {"id": id, "title": title, "notes": notes, **plain, **more}


async def _finds(api: Api, user: str, q: str, wanted: set[str]) -> bool:
    response = await api.get(user, q=q, tenant=TENANT)
    return response.status_code == 200 and set(apikit.ids(response.json(), "tasks")) == wanted


async def _is_doc_found(api: Api) -> bool:
    response = await api.get("u-1", q="预算", tenant=TENANT)
    return response.status_code == 200 and "f-1" in apikit.ids(response.json())


async def test_its_stream_is_made_and_followed(site: Api, client: Client) -> None:
    consumers = await client.jetstream().consumers_info(stream_name("changes.tasks"))
    assert {info.name for info in consumers} == {"tasks-000001", "withdrawals-tasks"}


async def test_it_is_found_by_its_texts_and_by_nobody_else(site: Api) -> None:
    assert await _finds(site, "u-1", "评审", {"t-1", "t-2"})
    assert await _finds(site, "u-1", "投影仪", {"t-1"})
    assert await _finds(site, "u-2", "评审", {"t-3"})


async def test_it_is_shown_as_it_says(site: Api) -> None:
    answer = await site.search("u-1", "投影仪", tenant=TENANT)
    [hit] = answer["hits"]
    assert (hit["vertical"], hit["title"]) == ("tasks", "搜索方案评审")
    assert hit["snippet"] == "带上<em>投影仪</em>"
    assert hit["fields"] == {"status": "open", "owner_id": "nobody", "due_at": "2026-03-01T00:00:00Z"}
    assert answer["sections"]["tasks"] == {"total": 1, "relation": "eq"}


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("评审 status:done", {"t-2"}),
        ("评审 状态:未完成", {"t-1"}),
        ("评审 -status:done", {"t-1"}),
        ("status:todo", {"t-1"}),
        ("评审 after:2026-03-15", {"t-2"}),
        ("预算 type:doc", set()),
    ],
)
async def test_it_is_filtered_by_its_own_operator_and_by_shared_ones(site: Api, q: str, found: set[str]) -> None:
    assert await _finds(site, "u-1", q, found)


async def test_its_filter_is_a_parameter_too_and_a_chip(site: Api) -> None:
    answer = await site.search("u-1", "评审", tenant=TENANT, status="done")
    assert apikit.ids(answer) == ["t-2"]
    assert answer["query"]["filters"] == {"status": ["done"]}
    described = (await site.http.get("/openapi.json")).json()["paths"]["/v1/search"]["get"]["parameters"]
    [status] = [parameter for parameter in described if parameter["name"] == "status"]
    assert status["description"] == "How far a task is: open, done."


async def test_what_is_no_value_of_its_filter_is_text(site: Api) -> None:
    answer = await site.search("u-1", "status:unheard-of", tenant=TENANT)
    assert answer["query"] == {"text": "status:unheard-of", "filters": {}, "corrected": None}


async def test_a_vertical_without_the_field_finds_nothing_by_its_filter(site: Api) -> None:
    assert apikit.ids(await site.search("u-1", "预算", tenant=TENANT)) == ["f-1"]
    assert apikit.ids(await site.search("u-1", "预算 status:open", tenant=TENANT)) == []


async def test_its_module_guards_it(site: Api) -> None:
    answer = await site.search("u-3", "评审", tenant=TENANT)
    assert "tasks" in answer["denied"]
    assert (await site.get("u-3", q="评审", verticals="tasks", tenant=TENANT)).status_code == 403


async def test_clients_are_told_of_it(site: Api) -> None:
    told = (await site.get("u-1", "/v1/verticals", tenant=TENANT)).json()
    [tasks] = [one for one in told["verticals"] if one["name"] == "tasks"]
    assert tasks["labels"] == {"zh": "任务", "en": "Tasks"}
    [status] = [one for one in told["filters"] if one["name"] == "status"]
    assert (status["names"], status["labels"]) == (["status", "状态"], {"zh": "状态", "en": "Status"})
    hidden = (await site.get("u-3", "/v1/verticals", tenant=TENANT)).json()
    assert [one["name"] for one in hidden["verticals"]] == ["docs"]
    assert "status" not in [one["name"] for one in hidden["filters"]]


async def test_it_is_explained(site: Api) -> None:
    async def outcome(id: str, **more: str) -> tuple[str, dict[str, Any]]:
        params = {"vertical": "tasks", "id": id, "user_": "u-1", **more}
        told = (await site.get("u-1", "/v1/admin/explain", tenant=TENANT, **params)).json()
        return told["outcome"], told["reason"]

    assert (await outcome("t-1", q="投影仪"))[0] == "found"
    assert (await outcome("t-3"))[0] == "denied"
    assert (await outcome("t-1", q="评审 status:done"))[1]["facts"] == {"conditions": ["status"]}
    assert (await outcome("t-1", q="评审 -状态:todo"))[1]["facts"] == {"conditions": ["-status"]}


async def test_a_revocation_counts_at_once(site: Api, broker: Broker) -> None:
    taken = kit.event("task", _task("t-9", "评审室", allow=["user:u-2"]), tenant=TENANT)
    await broker.publish("changes.tasks", taken)
    await kit.until(lambda: _finds(site, "u-2", "评审", {"t-3", "t-9"}), "the task to be found")
    gone = kit.event("task", _task("t-9", "评审室"), tenant=TENANT, version=2)
    await broker.publish("changes.tasks", gone)
    await kit.until(lambda: _finds(site, "u-2", "评审", {"t-3"}), "the task to be gone")


async def test_it_is_reindexed(
    site: Api, world: Endpoints, settings: Settings, catalogue: Catalogue, engine: AsyncOpenSearch
) -> None:
    async with bootstrap.write_side(settings, world, catalogue, Lexicons()) as resources:
        built = await Reindex(resources, Watcher()).run("tasks")
    assert built.generation == "tasks-000002"
    assert (await Registry(engine, catalogue).serving("tasks")).name == "tasks-000002"
    assert await _finds(site, "u-1", "评审", {"t-1", "t-2"})


async def test_processes_that_do_not_know_it_leave_it_alone(engine: AsyncOpenSearch, site: Api) -> None:
    """After the file is taken away again, all the rest goes on."""
    known = await Registry(engine, kit.CATALOGUE).all()
    assert {generation.collection for generation in known} == set(kit.CATALOGUE.made)
