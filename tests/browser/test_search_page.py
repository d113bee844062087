"""The search page in a real browser, against the demo: `demo_url` is where it runs, `page` a fresh page of it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import httpx
import kit
import pagekit
import pytest
import storekit
from pagekit import box, hits, names, place, search, settled, tab
from playwright.async_api import Browser, Page, expect

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


async def test_finds_what_was_typed_and_opens_what_was_found(page: Page) -> None:
    await search(page, "K8s集群")
    await expect(hits(page).first).to_be_visible()
    assert await page.locator(".hit em").first.inner_text() in "K8s集群"
    kinds = {"消息": ".current", "文档": ".text", "联系人与群": ".thread, .facts", "应用": ".facts"}
    for kind, shown in kinds.items():
        await tab(page, kind).click()
        await expect(tab(page, kind)).to_have_attribute("aria-selected", "true")
        await settled(page)
        title = await names(page).first.inner_text()
        await names(page).first.click()
        await expect(page.locator(".place-title")).to_have_text(title)
        await expect(place(page).locator(shown).first).to_be_visible()
        await page.go_back()
        await expect(place(page)).to_be_hidden()


async def test_suggestions_lead_into_a_search_and_to_a_place(page: Page) -> None:
    await box(page).press_sequentially("zhouwenjing")
    row = page.locator("office-search-box").get_by_role("option").filter(has_text="周文静").first
    await row.click()
    await expect(page.locator(".place-title")).to_have_text("周文静")
    await expect(place(page).locator(".facts")).to_contain_text("人力资源")
    await page.get_by_role("link", name="看此人的消息").click()
    await expect(page.get_by_role("button", name="去掉发送人 周文静")).to_be_visible()
    await expect(hits(page).first).to_be_visible()
    await expect(hits(page).first.locator(".meta")).to_contain_text("周文静")


async def test_every_example_finds_something(page: Page) -> None:
    for index in range(await page.locator("button.example").count()):
        await page.locator("button.example").nth(index).click()
        await expect(hits(page).first).to_be_visible()
        await page.get_by_role("link", name="Office Search").click()


async def test_two_callers_see_different_things(page: Page) -> None:
    await become(page, ENGINEER)
    await search(page, CONFIDENTIAL)
    await expect(page.get_by_text("没有找到结果")).to_be_visible()
    await page.get_by_label("以谁的身份搜索").select_option(label=f"{DIRECTOR} — 财务总监 · 财务部")
    await expect(hits(page).first).to_be_visible()
    await page.get_by_role("button", name="双人对比").click()
    columns = page.locator(".column")
    await columns.nth(1).get_by_role("combobox").select_option(label=f"{ENGINEER} — 后端工程师 · 平台架构部")
    await expect(page.locator(".differences")).to_have_text(
        re.compile(f"^两人都找到 0 条；仅{DIRECTOR} [1-9][0-9]* 条；仅{ENGINEER} 0 条")
    )
    await expect(columns.nth(0).locator(".flag-only").first).to_have_text(f"仅{DIRECTOR}可见")
    # What only one may see opens for that one alone.
    address = await columns.nth(0).locator("a.name").first.get_attribute("href")
    assert address
    await page.evaluate("(address) => location.assign(address)", f"{address}&of=1")
    await expect(place(page).locator(".state-title")).to_have_text("找不到了")
    await page.evaluate("(address) => location.assign(address)", address)
    await expect(place(page).locator(".facts, .thread").first).to_be_visible()


async def test_a_denied_vertical_is_told(page: Page) -> None:
    await become(page, ILLUSTRATOR)
    await search(page, "K8s集群")
    await expect(page.get_by_text("你的角色不能搜索：应用")).to_be_visible()
    await tab(page, "应用").click()
    await expect(page.get_by_text("没有权限搜索这一类").first).to_be_visible()


async def test_filters_become_chips_that_can_be_taken_away(page: Page) -> None:
    await search(page, "in:线上故障应急 恢复")
    await page.get_by_role("button", name="去掉筛选 群聊 线上故障应急").click()
    await expect(box(page)).to_have_value("恢复")
    await expect(page.locator(".chip")).to_have_count(0)


async def test_filters_narrow_what_is_found(page: Page) -> None:
    await search(page, "预算")
    await page.get_by_label("类型", exact=True).select_option("pdf")
    await settled(page)
    await expect(hits(page).first.locator(".meta")).to_contain_text("PDF")
    who = page.get_by_role("combobox", name="按发送人筛选")
    await page.get_by_role("button", name="清除筛选").click()
    await who.press_sequentially("xujuan")
    await page.locator(".options [role=option]").filter(has_text="许娟").first.click()
    await settled(page)
    await expect(page.get_by_role("button", name="去掉发送人 许娟")).to_be_focused()
    await expect(hits(page).first.locator(".meta")).to_contain_text("许娟")


async def test_more_is_loaded_on_demand(page: Page) -> None:
    await search(page, "预算")
    before = await hits(page).count()
    await page.get_by_role("button", name="加载更多").click()
    await expect(names(page).nth(before)).to_be_focused()


async def test_language_and_appearance_are_remembered(page: Page) -> None:
    await page.get_by_role("button", name="English").click()
    await page.get_by_role("button", name="Appearance: as the system").click()
    await page.reload()
    await expect(page.get_by_role("heading", name="Search messages, people, docs and apps")).to_be_visible()
    await expect(page.locator("html")).to_have_attribute("data-theme", "light")
    await expect(page.locator("html")).to_have_attribute("lang", "en")


@pytest.mark.parametrize("width", [320, 768])
async def test_nothing_is_wider_than_the_screen(page: Page, width: int) -> None:
    await page.set_viewport_size({"width": width, "height": 800})
    for query in ("预算", "张伟"):
        await search(page, query)
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
    await names(page).first.click()
    await expect(place(page).locator(".facts")).to_be_visible()
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


# --- The app store, of the same demo ---------------------------------------------------------------------------------


@pytest.fixture
async def store(page: Page, demo_url: str) -> Page:
    """The store's front, once the figures are made, which on a busy machine may be some time after the start."""

    async def told() -> bool:
        async with httpx.AsyncClient(base_url=demo_url, timeout=30) as http:
            [caller, *_] = (await http.get("demo/callers")).json()
            bearing = {"Authorization": f"Bearer {caller['token']}"}
            answer = await http.get("v1/apps", params={"sort": "trending", "limit": 5}, headers=bearing)
        return answer.status_code == 200 and any(app["use"] for app in answer.json()["apps"])

    await kit.until(told, "the figures to be made and looked at", 180)
    await storekit.start(page, demo_url)
    return page


async def test_the_store_recommends_with_reasons_and_tells_what_is_used(store: Page) -> None:
    reasons = store.get_by_role("region", name="为你推荐").locator(".why")
    await expect(reasons).to_have_count(9)
    told = " ".join(await reasons.all_inner_texts())
    assert "同事也常用" in told or "相似" in told
    assert "新上架" in told
    await expect(store.get_by_role("region", name="正在升温")).to_contain_text("在用")
    await expect(store.locator(".category").first).to_contain_text("全部应用")
    async with store.expect_response("**/v1/clicks") as dismissed:
        await store.locator(".dismiss").first.click()
        await store.keyboard.press("Tab")
    assert (await dismissed.value).status == 204


async def test_the_store_finds_by_what_one_wants_and_shows_the_app(store: Page) -> None:
    await storekit.look(store, "报销")
    await expect(storekit.found(store).first).to_have_text("报销助手")
    await storekit.found(store).first.click()
    await expect(storekit.title(store)).to_have_text("报销助手")
    await expect(store.locator(".app-body")).to_contain_text("拍照识别发票并自动验真查重")
    await expect(store.get_by_role("region", name="相似的应用").locator("a.name").first).to_be_visible()
    # One that the engineer may only ask for.
    await storekit.look(store, "客户 360")
    await expect(store.locator(".found .flag").first).to_have_text("可申请")
    await storekit.found(store).first.click()
    await expect(store.get_by_role("link", name="申请开通")).to_be_visible()


async def test_the_store_is_closed_to_whom_no_role_lets_in(store: Page) -> None:
    await store.get_by_label("以谁的身份搜索").select_option(label=f"{ILLUSTRATOR} — 插画师 · 另一家公司：青禾设计")
    await expect(store.locator(".state-title")).to_have_text("你的角色不能使用应用商店")
    await expect(storekit.names(store)).to_have_count(0)


async def test_the_demo_has_a_place_for_what_is_found(demo_url: str) -> None:
    async with httpx.AsyncClient(base_url=demo_url) as demo:
        callers = {one["name"]: one["token"] for one in (await demo.get("/demo/callers")).json()}
        bearing = {name: {"Authorization": f"Bearer {token}"} for name, token in callers.items()}
        asked = {"q": CONFIDENTIAL, "verticals": "docs", "limit": 1}
        [hit] = (await demo.get("/v1/search", params=asked, headers=bearing[DIRECTOR])).json()["hits"]
        address = f"/demo/entity/docs/{hit['id']}"
        opened = await demo.get(address, headers=bearing[DIRECTOR])
        assert opened.status_code == 200
        assert (opened.json()["id"], opened.json()["fields"]) == (hit["id"], hit["fields"])
        assert (await demo.get(address, headers=bearing[ENGINEER])).status_code == 404
        assert (await demo.get(address)).status_code == 401
        page = await demo.get("/")
        assert page.headers["content-encoding"] == "gzip"
        assert (await demo.get("/", headers={"If-None-Match": page.headers["etag"]})).status_code == 304
