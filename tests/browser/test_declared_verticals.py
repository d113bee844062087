"""The page takes what there is from `GET /v1/verticals`: here it meets a vertical that it has never heard of.

The page is the real one; what the service tells and answers is made up, so that no engine is needed.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from typing import Any

import kit
import pagekit
import pytest
from fastapi import FastAPI
from kit import CATALOGUE
from pagekit import DECLARATIONS, SEARCHES, answer_with, box, hits, search
from playwright.async_api import Browser, Locator, Page, Route, expect
from verticals.tasks import VERTICAL as TASKS

from mappings.catalogue import Catalogue
from search.access.principal import Principal, Rules
from search.api import edge
from search.api.described import described
from search.commands.serve import server
from search.core.settings import ApiSettings
from search.demo.company import DemoCaller
from search.demo.routes import router
from search.localstack.ports import LOOPBACK, choose_port

GENERAL_DRAWING = "M12 3 4 7.5v9l8 4.5"
WITH_TASKS = Catalogue({**CATALOGUE.verticals, TASKS.name: TASKS}, CATALOGUE.unsearched)
EVERYTHING = [vertical.module for vertical in WITH_TASKS.verticals.values()]
CALLERS = [
    DemoCaller("acme", f"u-{index}", name, {"zh": "某职位", "en": "Somebody"}, ["评审"])
    for index, name in enumerate(("林晓舟", "周文静"))
]
TASK = {
    "vertical": "tasks",
    "id": "t-1",
    "score": 1,
    "title": "搜索方案<em>评审</em>",
    "snippet": "<em>评审</em>前带上投影仪",
    "fields": {"kind": "approval", "status": "open", "owner_id": "u-1", "due_at": "2026-03-01T04:00:00Z"},
}
MESSAGE = {
    "vertical": "messages",
    "id": "m-1",
    "score": 1,
    "title": "平台周会",
    "snippet": "明天<em>评审</em>",
    "fields": {"conversation_id": "c-1", "sender_id": "u-1", "sender_name": "张伟", "sent_at": "2026-03-02T09:15:04Z"},
}
FOUND = {
    "hits": [TASK, MESSAGE],
    "sections": {"messages": {"total": 1, "relation": "eq"}, "tasks": {"total": 1, "relation": "eq"}},
}
NAMES = {
    "zh-CN": ["全部", "消息", "联系人与群", "文档", "应用", "任务"],
    "en-US": ["All", "Messages", "People & groups", "Docs", "Apps", "Tasks"],
}
UNREADABLE: dict[str, Callable[[Route], Any]] = {
    "an error": lambda route: route.fulfill(status=503, json={"detail": "Not just now."}),
    "no answer": lambda route: route.abort(),
    "a page of somebody else's": lambda route: route.fulfill(body="<!doctype html>", content_type="text/html"),
    "something of another form": lambda route: route.fulfill(json={"verticals": 7, "filters": None}),
}


@pytest.fixture(scope="module")
async def site(browser: Browser) -> AsyncIterator[str]:
    """The page's files and made-up callers, behind the edge that the service has; nothing else."""
    app = FastAPI()
    app.include_router(router(CALLERS, "0" * 32, "demo"))
    edge.install(app)
    port = choose_port(None)
    serving = server(app, ApiSettings(host=LOOPBACK, port=port))
    task = asyncio.create_task(serving.serve())

    async def started() -> bool:
        return serving.started

    await kit.until(started, "the page to be served")
    yield f"http://{LOOPBACK}:{port}/"
    serving.should_exit = True
    await task


@pytest.fixture(params=["zh-CN"])
async def page(browser: Browser, site: str, request: pytest.FixtureRequest) -> AsyncIterator[Page]:
    """At the start, for somebody who may search everything, which every search finds."""
    async with pagekit.opened(browser, site, request.param) as page:
        await page.route(DECLARATIONS, lambda route: route.fulfill(json=told(*EVERYTHING)))
        await answer_with(page, **FOUND)
        await pagekit.start(page, site)
        yield page


in_both_languages = pytest.mark.parametrize("page", NAMES, indirect=True)


def told(*modules: str) -> dict[str, Any]:
    """What the service tells whoever has these modules."""
    caller = Principal("acme", "u-0", frozenset(), (), dict.fromkeys(modules), {}, Rules([{}]))
    return described(WITH_TASKS, caller).model_dump(mode="json")


def filtered(**filters: list[str]) -> dict[str, Any]:
    return {**FOUND, "query": {"text": "", "filters": {n.replace("no_", "-"): v for n, v in filters.items()}}}


async def tabs(page: Page) -> list[str]:
    """The names on the tabs, without their counts."""
    return [re.sub(r"[\d,+]+$", "", text).strip() for text in await page.get_by_role("tab").all_text_contents()]


def line(hit: Locator) -> Locator:
    return hit.locator(".meta > span")


async def rows(entry: Locator) -> list[tuple[str, str]]:
    """Label and value of each fact of an opened hit."""
    names, values = entry.locator("dt"), entry.locator("dd")
    return list(zip(await names.all_text_contents(), await values.all_text_contents(), strict=True))


@in_both_languages
async def test_it_has_a_tab_with_its_name(page: Page) -> None:
    await search(page, "评审")
    [names] = [names for names in NAMES.values() if names[0] in await tabs(page)]
    assert await tabs(page) == names
    async with page.expect_request(lambda request: "verticals=tasks" in request.url):
        await page.get_by_role("tab", name=names[-1]).click()
    await expect(page.get_by_role("tab", name=names[-1])).to_have_attribute("aria-selected", "true")
    await expect(hits(page)).to_have_count(2)


async def test_its_hits_say_what_it_declares(page: Page) -> None:
    await search(page, "评审")
    hit = hits(page).first
    await expect(hit.locator(".name")).to_have_text("搜索方案评审")
    await expect(hit.locator(".snippet em")).to_have_text("评审")
    await expect(line(hit)).to_have_text(["审批", "未完成", re.compile(".+ 截止$")])
    assert (await hit.locator(".icon path").get_attribute("d") or "").startswith(GENERAL_DRAWING)
    await hit.click()
    facts = dict(await rows(page.locator(".entry").first))
    assert list(facts) == ["状态", "截止", "编号"]
    assert (facts["状态"], facts["编号"]) == ("未完成", "t-1")
    assert "2026年3月1日" in facts["截止"]


async def test_its_hits_are_renamed_with_the_language(page: Page) -> None:
    await search(page, "评审")
    await page.get_by_role("button", name="English").click()
    await expect(line(hits(page).first)).to_have_text(["Approval", "Open", re.compile("^due ")])
    await hits(page).first.click()
    assert [name for name, _ in await rows(page.locator(".entry").first)] == ["Status", "Due", "Id"]
    assert await tabs(page) == NAMES["en-US"]


async def test_hits_that_hold_other_than_declared_are_shown_all_the_same(page: Page) -> None:
    odd = {"kind": "unheard-of", "status": ["open", "lost"], "due_at": "some day"}
    bare = {**TASK, "id": "t-2", "title": None, "snippet": "", "fields": {}}
    await answer_with(page, hits=[{**TASK, "fields": odd}, bare, {**TASK, "vertical": "undeclared", "id": "x"}])
    await search(page, "评审")
    await expect(line(hits(page).nth(0))).to_have_text(["unheard-of", "未完成", "lost", "some day 截止"])
    await expect(line(hits(page).nth(1))).to_have_count(0)
    await expect(line(hits(page).nth(2))).to_have_text(["undeclared"])
    for hit in await hits(page).all():
        await hit.click()
        await expect(hit).to_have_attribute("aria-expanded", "true")


@pytest.mark.parametrize("written", ["status:todo", "状态：todo", "status: todo", '状态:"todo"'])
async def test_a_chip_of_its_filter_takes_away_every_spelling(page: Page, written: str) -> None:
    await answer_with(page, **filtered(status=["todo"]))
    await search(page, f"评审 {written} 预算")
    await page.get_by_role("button", name="去掉筛选 状态 todo").click()
    await expect(box(page)).to_have_value("评审 预算")


@in_both_languages
async def test_chips_are_called_as_declared(page: Page) -> None:
    await answer_with(page, **filtered(status=["todo"], no_status=["done"], phrases=["原话"], unheard=["of"]))
    await search(page, '评审 状态:todo -status:done "原话"')
    chinese = await page.locator("html").get_attribute("lang") == "zh-CN"
    wanted = (
        ["状态 todo", "不含 状态 done", "短语 原话"] if chinese else ["Status todo", "not Status done", "Phrase 原话"]
    )
    await expect(page.locator(".chip")).to_have_text([*wanted, "unheard of"])
    await page.get_by_role("button", name=wanted[1]).click()
    await expect(box(page)).to_have_value('评审 状态:todo "原话"')


async def test_from_a_hit_one_goes_on_with_the_declared_operators(page: Page) -> None:
    await search(page, "评审")
    await hits(page).nth(1).click()
    await page.get_by_role("button", name="看此人的消息").click()
    await expect(box(page)).to_have_value("from:张伟 ")
    await hits(page).nth(1).click()
    await page.get_by_role("button", name="在此会话中搜索").click()
    await expect(box(page)).to_have_value("in:平台周会 ")


async def test_a_denied_tab_keeps_its_name_and_its_place(page: Page) -> None:
    await page.route(DECLARATIONS, lambda route: route.fulfill(json=told("search.tasks", "search.messages")))
    await answer_with(page, **FOUND, denied=["contacts", "docs", "apps"])
    await page.reload()
    await search(page, "评审")
    assert await tabs(page) == NAMES["zh-CN"]
    await expect(page.get_by_text("你的角色不能搜索：联系人与群、文档、应用")).to_be_visible()
    await expect(page.get_by_role("tab", name="文档").locator(".icon")).to_have_count(1)
    await expect(page.get_by_role("tab", name="任务").locator(".icon")).to_have_count(0)


async def test_it_is_read_once_for_each_caller(page: Page) -> None:
    read: list[str] = []
    page.on("request", lambda request: read.append(request.url) if request.url.endswith("/v1/verticals") else None)
    for name in ("周文静", "林晓舟", "周文静"):
        await page.get_by_role("radio", name=re.compile(name)).check(force=True)
        await search(page, f"评审 {name}")
        await search(page, f"{name} 评审")
    assert len(read) == 1


async def test_an_address_with_a_tab_that_is_not_there_leads_to_all(page: Page, site: str) -> None:
    await page.goto(f"{site}#q=评审&tab=boards")
    await page.reload()
    await expect(page.get_by_role("tab", name="全部")).to_have_attribute("aria-selected", "true")
    assert await tabs(page) == NAMES["zh-CN"]
    await page.goto(f"{site}#q=评审&tab=tasks")
    await page.reload()
    await expect(page.get_by_role("tab", name="任务")).to_have_attribute("aria-selected", "true")


@pytest.mark.parametrize("unreadable", UNREADABLE)
async def test_without_declarations_all_is_found_under_plain_names(page: Page, unreadable: str) -> None:
    await page.route(DECLARATIONS, UNREADABLE[unreadable])
    await page.reload()
    await answer_with(page, **filtered(status=["todo"]), denied=["apps"], failed=["docs"])
    await search(page, "评审 status:todo")
    assert await tabs(page) == ["全部", "messages", "tasks", "apps"]
    await expect(hits(page).locator(".name")).to_have_text(["搜索方案评审", "平台周会"])
    await expect(hits(page).locator(".meta")).to_have_text(["tasks", "messages"])
    await expect(page.get_by_text("docs没有及时返回")).to_be_visible()
    await hits(page).first.click()
    assert await rows(page.locator(".entry").first) == [("编号", "t-1")]
    await page.get_by_role("button", name="去掉筛选 status todo").click()
    await expect(box(page)).to_have_value("评审")
    await page.route(SEARCHES, lambda route: route.fulfill(status=503, json={"detail": "Not just now."}))
    await search(page, "别的")
    await expect(page.get_by_text("Not just now.")).to_be_visible()
    await expect(page.get_by_role("button", name="重试")).to_be_visible()


async def test_declarations_that_come_late_replace_plain_names_where_they_stand(page: Page) -> None:
    come = asyncio.Event()

    async def late(route: Route) -> None:
        await come.wait()
        await route.fulfill(json=told(*EVERYTHING))

    await page.route(DECLARATIONS, late)
    await page.reload()
    await search(page, "评审")
    await expect(page.get_by_role("tab", name="tasks")).to_be_visible()
    await hits(page).first.click()
    come.set()
    await expect(page.get_by_role("tab", name="任务")).to_be_visible()
    await expect(hits(page).first).to_have_attribute("aria-expanded", "true")
    await expect(hits(page).first).to_be_focused()
    await expect(line(hits(page).first).first).to_have_text("审批")
