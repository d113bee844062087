"""The page takes what there is from `GET /v1/verticals`: here it meets a vertical that it has never heard of.

The page is the real one; what the service tells and answers is made up, so that no engine is needed.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from typing import Any

import pagekit
import pytest
from pagekit import DECLARATIONS, Refused, Service, answer, box, hits, message, names, place, search, tab
from playwright.async_api import Browser, Locator, Page, Route, expect

GENERAL_DRAWING = "M12 3 4 7.5v9l8 4.5"
TASK = {
    "vertical": "tasks",
    "id": "t-1",
    "score": 1,
    "title": "搜索方案<em>评审</em>",
    "snippet": "<em>评审</em>前带上投影仪",
    "fields": {"kind": "approval", "status": "open", "owner_id": "u-1", "due_at": "2026-03-01T04:00:00Z"},
}
MESSAGE = message()
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


@pytest.fixture(params=["zh-CN"])
async def page(browser: Browser, site: str, service: Service, request: pytest.FixtureRequest) -> AsyncIterator[Page]:
    """At the start, for somebody who may search everything, which every search finds."""
    service.search = answer(TASK, MESSAGE)
    async with pagekit.opened(browser, site, request.param) as page:
        await service.serve(page)
        await pagekit.start(page, site)
        yield page


in_both_languages = pytest.mark.parametrize("page", NAMES, indirect=True)


def filtered(**filters: list[str]) -> dict[str, Any]:
    return {
        "query": {
            "text": "",
            "filters": {name.replace("no_", "-"): v for name, v in filters.items()},
            "corrected": None,
        }
    }


async def tabs(page: Page) -> list[str]:
    """The names on the tabs, without their counts."""
    return await page.get_by_role("tab").locator(".tab-name").all_text_contents()


def line(hit: Locator) -> Locator:
    return hit.locator(".meta > span")


async def facts(page: Page) -> dict[str, str]:
    """By label: each fact of what is open."""
    labels, values = place(page).locator("dt"), place(page).locator("dd")
    await expect(labels.first).to_be_visible()
    return dict(zip(await labels.all_text_contents(), await values.all_text_contents(), strict=True))


async def opened(page: Page, entry: int) -> dict[str, str]:
    await names(page).nth(entry).click()
    found = await facts(page)
    await page.keyboard.press("Escape")
    await expect(names(page).nth(entry)).to_be_focused()
    return found


@in_both_languages
async def test_it_has_a_tab_with_its_name(page: Page, service: Service) -> None:
    await search(page, "评审")
    [called] = [names for names in NAMES.values() if names[0] in await tabs(page)]
    assert await tabs(page) == called
    await tab(page, called[-1]).click()
    await expect(tab(page, called[-1])).to_have_attribute("aria-selected", "true")
    await pagekit.settled(page)
    assert service.asked[-1]["verticals"] == "tasks"
    await expect(hits(page)).to_have_count(2)


async def test_its_hits_say_what_it_declares(page: Page) -> None:
    await search(page, "评审")
    hit = hits(page).first
    await expect(hit.locator(".name")).to_have_text("搜索方案评审")
    await expect(hit.locator(".snippet em")).to_have_text("评审")
    await expect(line(hit)).to_have_text(["审批", "未完成", re.compile(".+ 截止$")])
    assert (await hit.locator(".icon path").get_attribute("d") or "").startswith(GENERAL_DRAWING)
    told = await opened(page, 0)
    assert list(told) == ["状态", "截止", "编号"]
    assert (told["状态"], told["编号"]) == ("未完成", "t-1")
    assert "2026年3月1日" in told["截止"]


async def test_its_hits_are_renamed_with_the_language(page: Page) -> None:
    await search(page, "评审")
    await page.get_by_role("button", name="English").click()
    await expect(line(hits(page).first)).to_have_text(["Approval", "Open", re.compile("^due ")])
    assert list(await opened(page, 0)) == ["Status", "Due", "Id"]
    assert await tabs(page) == NAMES["en-US"]


async def test_hits_that_hold_other_than_declared_are_shown_all_the_same(page: Page, service: Service) -> None:
    odd = {"kind": "unheard-of", "status": ["open", "lost"], "due_at": "some day"}
    bare = {**TASK, "id": "t-2", "title": None, "snippet": "", "fields": {}}
    service.search = answer({**TASK, "fields": odd}, bare, {**TASK, "vertical": "undeclared", "id": "x"})
    await search(page, "评审")
    await expect(line(hits(page).nth(0))).to_have_text(["unheard-of", "未完成", "lost", "some day 截止"])
    await expect(line(hits(page).nth(1))).to_have_count(0)
    await expect(line(hits(page).nth(2))).to_have_text(["undeclared"])
    for entry in range(3):
        assert "编号" in await opened(page, entry)


@pytest.mark.parametrize("written", ["status:todo", "状态：todo", "status: todo", '状态:"todo"'])
async def test_a_chip_of_its_filter_takes_away_every_spelling(page: Page, service: Service, written: str) -> None:
    service.search = answer(TASK, **filtered(status=["todo"]))
    await search(page, f"评审 {written} 预算")
    await page.get_by_role("button", name="去掉筛选 状态 todo").click()
    await expect(box(page)).to_have_value("评审 预算")


@in_both_languages
async def test_chips_are_called_as_declared(page: Page, service: Service) -> None:
    service.search = answer(TASK, **filtered(status=["todo"], no_status=["done"], phrases=["原话"], unheard=["of"]))
    await search(page, '评审 状态:todo -status:done "原话"')
    chinese = await page.locator("html").get_attribute("lang") == "zh-CN"
    wanted = (
        ["状态 todo", "不含 状态 done", "短语 原话"] if chinese else ["Status todo", "not Status done", "Phrase 原话"]
    )
    await expect(page.locator(".chip")).to_have_text([*wanted, "unheard of"])
    await page.get_by_role("button", name=wanted[1]).click()
    await expect(box(page)).to_have_value('评审 状态:todo "原话"')


async def test_from_a_hit_one_goes_on_with_the_declared_filters(page: Page, service: Service) -> None:
    service.context = {
        "message": pagekit.said("m-1", "明天评审", 4),
        "before": [],
        "after": [],
        "has_more_before": False,
        "has_more_after": False,
        "title": "平台周会",
    }
    for way, filter, parameter in (
        ("看此人的消息", "发送人 张伟", "from"),
        ("在此会话中搜索", "群聊 平台周会", "conversation"),
    ):
        await search(page, "评审")
        await names(page).nth(1).click()
        await page.get_by_role("link", name=way).click()
        await expect(page.get_by_role("button", name=f"去掉{filter}")).to_be_visible()
        await pagekit.settled(page)
        assert service.asked[-1][parameter] == ("u-1" if parameter == "from" else "c-1")
        assert service.asked[-1]["verticals"] == "messages"
        await page.get_by_role("button", name=f"去掉{filter}").click()
        await expect(page.get_by_role("radio").first).to_be_visible()


async def test_a_denied_tab_keeps_its_name_and_its_place(page: Page, service: Service, told: Any) -> None:
    service.declared = told("search.tasks", "search.messages")
    service.search = answer(TASK, MESSAGE, denied=["contacts", "docs", "apps"])
    await page.reload()
    await search(page, "评审")
    assert await tabs(page) == NAMES["zh-CN"]
    await expect(page.get_by_text("你的角色不能搜索：联系人与群、文档、应用")).to_be_visible()
    await expect(tab(page, "文档").locator(".icon")).to_have_count(1)
    await expect(tab(page, "任务").locator(".icon")).to_have_count(0)


async def test_it_is_read_once_while_one_caller_asks(page: Page) -> None:
    read: list[str] = []
    page.on("request", lambda request: read.append(request.url) if request.url.endswith("/v1/verticals") else None)
    await page.get_by_role("radio", name=re.compile("周文静")).check(force=True)
    for query in ("评审", "预算"):
        await search(page, query)
        await tab(page, "文档").click()
    assert len(read) == 1


async def test_an_address_with_a_tab_that_is_not_there_leads_to_all(page: Page, site: str) -> None:
    await page.goto(f"{site}#q=评审&tab=boards")
    await page.reload()
    await expect(tab(page, "全部")).to_have_attribute("aria-selected", "true")
    assert await tabs(page) == NAMES["zh-CN"]
    await page.goto(f"{site}#q=评审&tab=tasks")
    await page.reload()
    await expect(tab(page, "任务")).to_have_attribute("aria-selected", "true")


@pytest.mark.parametrize("unreadable", UNREADABLE)
async def test_without_declarations_all_is_found_under_plain_names(
    page: Page, service: Service, unreadable: str
) -> None:
    await page.route(DECLARATIONS, UNREADABLE[unreadable])
    await page.reload()
    service.search = answer(TASK, MESSAGE, **filtered(status=["todo"]), denied=["apps"], failed=["docs"])
    await search(page, "评审 status:todo")
    assert await tabs(page) == ["全部", "tasks", "messages", "apps"]
    await expect(hits(page).locator(".name")).to_have_text(["搜索方案评审", "平台周会"])
    await expect(hits(page).locator(".meta")).to_have_text(["tasks", "messages"])
    await expect(page.get_by_text("docs没有及时返回")).to_be_visible()
    assert await opened(page, 0) == {"编号": "t-1"}
    await page.get_by_role("button", name="去掉筛选 status todo").click()
    await expect(box(page)).to_have_value("评审")
    service.search = Refused(503, "unavailable")
    await search(page, "别的")
    await expect(page.get_by_text("搜索服务暂时不可用")).to_be_visible()
    await expect(page.get_by_role("button", name="重试")).to_be_visible()


async def test_declarations_that_come_late_replace_plain_names_where_they_stand(page: Page, told: Any) -> None:
    come = asyncio.Event()

    async def late(route: Route) -> None:
        await come.wait()
        await route.fulfill(json=told())

    await page.route(DECLARATIONS, late)
    await page.reload()
    await search(page, "评审")
    await expect(tab(page, "tasks")).to_be_visible()
    await names(page).first.focus()
    come.set()
    await expect(tab(page, "任务")).to_be_visible()
    await expect(names(page).first).to_be_focused()
    await expect(line(hits(page).first).first).to_have_text("审批")
