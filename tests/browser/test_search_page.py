"""The search page in a real browser, against the demo: `demo_url` is where it runs, `page` a fresh page of it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import httpx
import pagekit
import pytest
from pagekit import SEARCHES, answer_with, box, hits, search
from playwright.async_api import Browser, Page, Route, expect

ENGINEER, DIRECTOR, ILLUSTRATOR = "林晓舟", "沈国梁", "苏禾"
CONFIDENTIAL = "信天翁"


@pytest.fixture
async def page(browser: Browser, demo_url: str) -> AsyncIterator[Page]:
    """In Chinese, at the start."""
    async with pagekit.opened(browser, demo_url) as page:
        await pagekit.start(page, demo_url)
        yield page


async def become(page: Page, name: str) -> None:
    await page.get_by_role("radio", name=re.compile(name)).check(force=True)
    await expect(page.locator("[aria-busy]")).to_have_count(0)


async def test_finds_by_typing_alone(page: Page) -> None:
    await search(page, "K8s集群")
    await expect(hits(page).first).to_be_visible()
    assert await page.locator(".hit em").first.inner_text() in "K8s集群"
    for tab in ("消息", "文档", "联系人与群"):
        await page.get_by_role("tab", name=tab).click()
        await expect(page.get_by_role("tab", name=tab)).to_have_attribute("aria-selected", "true")
        await expect(hits(page).first).to_be_visible()


async def test_every_example_finds_something(page: Page) -> None:
    for index in range(await page.locator(".example").count()):
        await page.locator(".example").nth(index).click()
        await expect(hits(page).first).to_be_visible()
        await page.get_by_role("button", name="清空").click()


async def test_two_callers_see_different_things(page: Page) -> None:
    await become(page, ENGINEER)
    await search(page, CONFIDENTIAL)
    await expect(page.get_by_text("没有找到结果")).to_be_visible()
    await become(page, DIRECTOR)
    await expect(hits(page).first).to_be_visible()


async def test_comparison_stands_side_by_side(page: Page) -> None:
    await search(page, "预算")
    await page.get_by_role("button", name="双人对比").click()
    columns = page.locator(".column")
    await expect(columns).to_have_count(2)
    await columns.nth(1).get_by_role("combobox").select_option(label=f"{DIRECTOR} — 财务总监 · 财务部")
    await expect(columns.nth(1)).to_have_attribute("aria-label", re.compile(DIRECTOR))
    await expect(columns.nth(1).locator(".hit").first).to_be_visible()
    await page.get_by_role("button", name="退出对比").click()
    await expect(columns).to_have_count(1)


async def test_a_denied_vertical_is_told(page: Page) -> None:
    await become(page, ILLUSTRATOR)
    await search(page, "K8s集群")
    await expect(page.get_by_text("你的角色不能搜索：应用")).to_be_visible()
    await page.get_by_role("tab", name="应用").click()
    await expect(page.get_by_text("你的角色不能搜索这一类")).to_be_visible()


async def test_keys_reach_everything(page: Page) -> None:
    await search(page, "预算")
    await box(page).press("ArrowDown")
    await expect(hits(page).nth(0)).to_be_focused()
    await page.keyboard.press("ArrowDown")
    await expect(hits(page).nth(1)).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(hits(page).nth(1)).to_have_attribute("aria-expanded", "true")
    await page.keyboard.press("Escape")
    await expect(box(page)).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(box(page)).to_have_value("")
    await page.locator(".example").first.focus()
    await page.keyboard.press("/")
    await expect(box(page)).to_be_focused()


async def test_filters_become_chips_that_can_be_taken_away(page: Page) -> None:
    await search(page, "in:线上故障应急 恢复")
    await page.get_by_role("button", name="去掉筛选 群聊 线上故障应急").click()
    await expect(box(page)).to_have_value("恢复")
    await expect(page.locator(".chip")).to_have_count(0)


async def test_more_is_loaded_on_demand(page: Page) -> None:
    await search(page, "预算")
    before = await hits(page).count()
    await page.get_by_role("button", name="加载更多").click()
    await expect(hits(page).nth(before)).to_be_focused()


async def test_language_and_appearance_are_remembered(page: Page) -> None:
    await page.get_by_role("button", name="English").click()
    await page.get_by_role("button", name="Appearance: as the system").click()
    await page.reload()
    await expect(page.get_by_role("heading", name="Search messages, people, docs and apps")).to_be_visible()
    await expect(page.locator("html")).to_have_attribute("data-theme", "light")
    await expect(page.locator("html")).to_have_attribute("lang", "en")


async def test_the_address_brings_a_search_back_and_no_server_sees_it(page: Page) -> None:
    await become(page, DIRECTOR)
    await search(page, CONFIDENTIAL)
    assert "?" not in page.url
    await page.reload()
    await expect(box(page)).to_have_value(CONFIDENTIAL)
    await expect(hits(page).first).to_be_visible()


async def test_markup_in_an_answer_stays_text(page: Page) -> None:
    """Whatever the service sends, only `<em>` becomes an element; a hit cannot bring script or images."""
    evil = {
        "vertical": "docs",
        "id": "doc-x",
        "score": 1,
        "title": "<img src=x onerror=alert(1)><em>found</em>&lt;b&gt;",
        "snippet": "<script>alert(1)</script> &amp;lt; <em><u>x</u></em>",
        "fields": {"kind": "<i>doc</i>", "updated_at": "2026-03-02T09:15:04.120Z"},
    }
    await answer_with(page, hits=[evil], sections={"docs": {"total": 1000, "relation": "gte"}})
    await search(page, "anything")
    assert await page.locator(".hit :is(img, script, b, u, i)").count() == 0
    await expect(page.locator(".hit .name")).to_have_text("<img src=x onerror=alert(1)>found<b>")
    await expect(page.locator(".hit .snippet")).to_have_text("<script>alert(1)</script> &lt; <u>x</u>")
    await expect(page.get_by_role("tab", name="文档")).to_contain_text("1,000+")


async def test_what_went_wrong_is_told(page: Page) -> None:
    await answer_with(page, failed=["docs"], partial=True)
    await search(page, "one")
    await expect(page.get_by_text("文档没有及时返回")).to_be_visible()
    await answer_with(page, query={"text": "", "filters": {}, "corrected": "预算"})
    await search(page, "two")
    await expect(page.get_by_role("button", name="预算")).to_be_visible()
    await page.unroute(SEARCHES)
    await page.route(SEARCHES, lambda route: route.fulfill(status=503, json={"detail": "Not just now."}))
    await search(page, "three")
    await expect(page.get_by_text("Not just now.")).to_be_visible()
    await expect(page.get_by_role("button", name="重试")).to_be_visible()


async def test_only_the_last_question_counts(page: Page) -> None:
    """An answer that comes late does not replace that of a later question."""

    async def slowly(route: Route) -> None:
        if "q=late" in route.request.url:
            await page.wait_for_timeout(1000)
        await route.continue_()

    await page.route(SEARCHES, slowly)
    await box(page).fill("late")
    await page.wait_for_timeout(300)
    await search(page, "预算")
    await page.wait_for_timeout(1200)
    await expect(hits(page).first).to_be_visible()


@pytest.mark.parametrize("width", [360, 768])
async def test_nothing_is_wider_than_the_screen(page: Page, width: int) -> None:
    await page.set_viewport_size({"width": width, "height": 800})
    for query in ("预算", "张伟"):
        await search(page, query)
        assert await page.evaluate("document.documentElement.scrollWidth") <= width


async def test_no_text_becomes_markup_or_code_whoever_tries(page: Page) -> None:
    tries = {
        "markup": "document.createElement('p').innerHTML = '<b>x</b>'",
        "a document": "new DOMParser().parseFromString('<b>x</b>', 'text/html')",
        "a policy": "trustedTypes.createPolicy('any', {createHTML: text => text})",
        "a script": "document.createElement('script').text = 'x'",
    }
    for what, tried in tries.items():
        refused = await page.evaluate(
            f"() => {{ try {{ {tried}; return null; }} catch (error) {{ return error.name; }} }}"
        )
        assert refused == "TypeError", what


async def test_the_demo_has_a_place_for_what_is_found(demo_url: str) -> None:
    async with httpx.AsyncClient(base_url=demo_url) as demo:
        callers = {one["name"]: one["token"] for one in (await demo.get("/demo/callers")).json()}
        bearing = {name: {"Authorization": f"Bearer {token}"} for name, token in callers.items()}
        asked = {"q": CONFIDENTIAL, "verticals": "docs", "limit": 1}
        [hit] = (await demo.get("/v1/search", params=asked, headers=bearing[DIRECTOR])).json()["hits"]
        place = f"/demo/entity/docs/{hit['id']}"
        opened = await demo.get(place, headers=bearing[DIRECTOR])
        assert opened.status_code == 200
        assert (opened.json()["id"], opened.json()["fields"]) == (hit["id"], hit["fields"])
        assert (await demo.get(place, headers=bearing[ENGINEER])).status_code == 404
        assert (await demo.get(place)).status_code == 401
        page = await demo.get("/")
        assert page.headers["content-encoding"] == "gzip"
        assert (await demo.get("/", headers={"If-None-Match": page.headers["etag"]})).status_code == 304
