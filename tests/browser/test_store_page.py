"""The store page: what it shows, what one does there, and where that leads; with a service that is made up."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from typing import Any

import pagekit
import pytest
import storekit
from pagekit import Held, Refused
from playwright.async_api import Browser, Page, expect
from storekit import Store, app, apps, choice, found, line, listed, look, names, settled, title

LOST = "() => document.activeElement === null || document.activeElement === document.body"


@pytest.fixture
def store(told: Callable[..., dict[str, Any]]) -> Store:
    return Store(told())


@pytest.fixture
async def page(browser: Browser, site: str, store: Store) -> AsyncIterator[Page]:
    """The store's front, in Chinese."""
    async with pagekit.opened(browser, site) as page:
        await store.serve(page)
        await storekit.start(page, site)
        yield page


# --- The front ---------------------------------------------------------------------------------------------------


async def test_the_front_recommends_with_reasons_and_tells_what_rises_what_is_new_and_what_kinds_there_are(
    page: Page, store: Store
) -> None:
    recommended = page.get_by_role("region", name="为你推荐")
    await expect(recommended.locator("a.name")).to_have_text([f"应用 r-{n}" for n in range(9)])
    await expect(recommended.locator(".why").first).to_have_text("与你用的「发票夹」相似")
    await expect(page.get_by_role("region", name="正在升温").locator(".meta").first).to_have_text(
        "财务至少 50 位同事在用"
    )
    await expect(page.get_by_role("region", name="新上架").locator("time")).to_have_count(5)
    await expect(page.locator(".category")).to_have_text(["全部应用31", "财务9", "人事4", "我用过的"])
    assert {path for path, _ in store.read} == {"apps", "apps/recommended"}
    assert len(store.read) == 3


async def test_of_apps_whose_use_may_not_be_told_none_is_on_the_rise(page: Page, store: Store) -> None:
    store.trending = apps(*(app(f"t-{n}", use={}) for n in range(5)))
    store.recommended = listed()
    await page.reload()
    await expect(page.get_by_text("还没有可推荐的。")).to_be_visible()
    await expect(page.get_by_role("region", name="新上架")).to_be_visible()
    await expect(page.get_by_role("region", name="正在升温")).to_be_hidden()


async def test_what_shelves_and_categories_lead_to_is_in_the_address(page: Page, store: Store) -> None:
    await page.get_by_role("link", name="查看全部：新上架").click()
    await expect(found(page)).to_have_count(3)
    await expect(choice(page, "排序")).to_have_value("new")
    await expect(line(page)).to_be_focused()
    await page.go_back()
    await page.get_by_role("link", name="人事 4").click()
    await expect(choice(page, "分类")).to_have_value("人事")
    assert [{key: one[key] for key in one if key != "limit"} for one in store.questions] == [
        {"sort": "new"},
        {"category": "人事"},
    ]


async def test_an_icon_comes_from_a_listed_host_alone_and_never_tells_where_from(
    browser: Browser, site: str, told: Callable[..., dict[str, Any]]
) -> None:
    store = Store({**told(), "picture_hosts": ["pictures.example"]})
    addresses = ["https://pictures.example/a.svg", "https://pictures.example/gone.svg", "https://else.example/b.svg"]
    addresses += ["http://pictures.example/c.svg", "javascript:alert(1)"]
    store.recommended = listed(
        *(app(f"r-{n}", fields={**storekit.FIELDS, "icon_url": address}) for n, address in enumerate(addresses))
    )
    # The policy of this service lists no host, as none is set.
    context = await browser.new_context(locale="zh-CN", bypass_csp=True)
    page = await context.new_page()
    asked: dict[str, dict[str, str]] = {}

    async def picture(route: Any) -> None:
        asked[route.request.url] = await route.request.all_headers()
        if "gone" in route.request.url:
            return await route.abort()
        drawing = "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>"
        return await route.fulfill(content_type="image/svg+xml", body=drawing)

    await page.route(re.compile("example/.*svg"), picture)
    await store.serve(page)
    await storekit.start(page, site)
    await expect(page.locator(".card img")).to_have_count(1)
    await expect(page.locator(".card span.app-icon svg")).to_have_count(4)
    assert set(asked) == set(addresses[:2])
    assert not any("referer" in headers for headers in asked.values())
    assert await page.locator(".card img").get_attribute("referrerpolicy") == "no-referrer"
    await context.close()


async def test_a_dismissed_card_goes_the_focus_stays_and_there_is_a_way_back(page: Page, store: Store) -> None:
    await page.get_by_role("button", name="不再推荐 应用 r-1").click()
    await expect(page.get_by_role("link", name="应用 r-1", exact=True)).to_have_count(0)
    undo = page.get_by_role("button", name="撤销")
    await expect(undo).to_be_focused()
    await undo.press("Enter")
    await expect(page.get_by_role("link", name="应用 r-1", exact=True)).to_be_focused()
    assert not [one for one in store.clicked if one["action"] == "dismiss"]
    await page.get_by_role("button", name="不再推荐 应用 r-2").click()
    async with page.expect_response(lambda response: "dismiss" in (response.request.post_data or "")):
        await page.keyboard.press("Tab")
    assert not await page.evaluate(LOST)
    told = [one for one in store.clicked if one["action"] == "dismiss"]
    assert told == [{"query_id": "rec", "action": "dismiss", "vertical": "apps", "id": "r-2", "position": 3}]
    await expect(undo).to_have_count(0)
    # Elsewhere and back, the next one stands in for it.
    await page.get_by_role("link", name="应用 r-0", exact=True).click()
    await page.go_back()
    shown = [f"应用 r-{n}" for n in range(10) if n != 2]
    await expect(page.get_by_role("region", name="为你推荐").locator("a.name")).to_have_text(shown)


async def test_a_dismissal_is_told_also_where_the_page_is_left_for_good(page: Page, store: Store) -> None:
    await page.get_by_role("button", name="不再推荐 应用 r-1").click()
    async with page.expect_response(lambda response: "dismiss" in (response.request.post_data or "")):
        await page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide'))")
    assert ("dismiss", "r-1", 2) in storekit.clicks(store)


# --- Searching ---------------------------------------------------------------------------------------------------


async def test_it_searches_as_one_types_once_a_pause(page: Page, store: Store) -> None:
    await page.clock.install()
    await line(page).press_sequentially("报销")
    await page.clock.run_for(1000)
    await expect(found(page)).to_have_count(3)
    await line(page).press_sequentially(" ")
    await line(page).press("Backspace")
    await page.clock.run_for(1000)
    assert [one["q"] for one in store.questions] == ["报销"]
    await expect(line(page)).to_be_focused()
    await expect(page.locator("#live")).to_have_text("3 个应用")


async def test_nothing_is_asked_while_an_input_method_composes(page: Page, store: Store) -> None:
    session = await page.context.new_cdp_session(page)
    await page.clock.install()
    await line(page).focus()
    for part in ("b", "bao", "bao xiao"):
        await session.send(
            "Input.imeSetComposition", {"text": part, "selectionStart": len(part), "selectionEnd": len(part)}
        )
    await page.clock.run_for(1000)
    assert store.questions == []
    await session.send("Input.insertText", {"text": "报销"})
    await page.clock.run_for(1000)
    await expect(found(page)).to_have_count(3)
    assert [one["q"] for one in store.questions] == ["报销"]


@pytest.mark.parametrize("last", ["compositionend", "keydown"])
async def test_a_key_of_an_input_method_is_not_the_lines(page: Page, store: Store, last: str) -> None:
    """In the orders of Chromium and Firefox, where the key comes first, and of Safari, where it comes last."""
    await look(page, "报销")
    await line(page).evaluate(
        """(line, last) => { line.dispatchEvent(new CompositionEvent("compositionstart", { bubbles: true }));
        const pressed = { key: "Escape", keyCode: 229, bubbles: true };
        const key = () => line.dispatchEvent(new KeyboardEvent("keydown", pressed));
        const end = () => line.dispatchEvent(new CompositionEvent("compositionend", { data: "", bubbles: true }));
        for (const one of last === "keydown" ? [end, key] : [key, end]) one(); }""",
        last,
    )
    await expect(line(page)).to_have_value("报销")


async def test_only_the_last_question_counts_and_old_rows_stay_until_new_ones_come(page: Page, store: Store) -> None:
    await look(page, "一")
    late = store.found = Held(apps(app("late")))
    await line(page).fill("二")
    await expect(page.locator(".column[aria-busy]")).to_have_count(1)
    await expect(found(page)).to_have_count(3)
    store.found = apps(app("b"))
    await look(page, "三")
    late.let_go()
    await expect(found(page)).to_have_text(["应用 b"])


async def test_typing_is_one_step_of_the_history_and_leads_back_to_the_front(page: Page, store: Store) -> None:
    for query in ("报", "报销", "报销单"):
        await look(page, query)
    await page.go_back()
    await expect(page.locator(".card a.name").first).to_be_visible()
    await expect(line(page)).to_have_value("")
    asked = len(store.read)
    await page.go_forward()
    await expect(line(page)).to_have_value("报销单")
    await expect(found(page)).to_have_count(3)
    assert len(store.read) == asked


async def test_choices_are_counted_and_stand_in_the_address(page: Page, store: Store) -> None:
    await look(page, "报销")
    await expect(choice(page, "分类").locator("option")).to_have_text(["分类", "财务 (9)", "人事 (4)"])
    await choice(page, "分类").select_option("财务")
    await settled(page)
    await choice(page, "类型").select_option(label="机器人 (2)")
    await settled(page)
    await choice(page, "排序").select_option("popular")
    await settled(page)
    await page.get_by_role("button", name="我用过的").click()
    await settled(page)
    last = {"q": "报销", "category": "财务", "kind": "bot", "mine": "true", "limit": "20"}
    assert store.questions[-1] == last
    assert not await page.evaluate(LOST)
    address = page.url
    assert "?" not in address
    asked = len(store.read)
    for _ in range(3):
        await page.go_back()
    await expect(choice(page, "类型")).to_have_value("")
    await expect(choice(page, "分类")).to_have_value("财务")
    assert len(store.read) == asked
    await page.goto("about:blank")
    await page.goto(address)
    await expect(page.get_by_role("button", name="我用过的")).to_have_attribute("aria-pressed", "true")
    assert store.questions[-1] == last
    await page.get_by_role("button", name="清除筛选").click()
    await settled(page)
    assert store.questions[-1] == {"q": "报销", "limit": "20"}


async def test_back_restores_loaded_pages_scroll_and_focus(page: Page, store: Store) -> None:
    store.found = storekit.paged([app(f"a-{n}") for n in range(20)], [app(f"b-{n}") for n in range(5)])
    await look(page, "报销")
    await page.get_by_role("button", name="加载更多").click()
    await expect(found(page).nth(20)).to_be_focused()
    await found(page).nth(22).scroll_into_view_if_needed()
    scroll = await page.evaluate("window.scrollY")
    await found(page).nth(22).click()
    await expect(title(page)).to_be_focused()
    await page.go_back()
    await expect(found(page)).to_have_count(25)
    await expect(found(page).nth(22)).to_be_focused()
    assert await page.evaluate("window.scrollY") == pytest.approx(scroll, abs=2)
    await page.reload()
    await expect(found(page)).to_have_count(25)
    await page.wait_for_function("(scroll) => Math.abs(window.scrollY - scroll) < 3", arg=scroll)


async def test_a_correction_and_the_search_page_are_offered(page: Page, store: Store) -> None:
    store.found = apps(query={"text": "报稍", "filters": {}, "corrected": "报销"})
    await look(page, "报稍")
    await expect(page.locator(".state-title")).to_have_text("没有找到应用")
    elsewhere = page.get_by_role("link", name="在消息、文档和联系人里搜索「报稍」")
    assert "q=%E6%8A%A5%E7%A8%8D&as=acme%2Fu-0" in str(await elsewhere.get_attribute("href"))
    await page.get_by_role("button", name="报销", exact=True).click()
    await expect(line(page)).to_have_value("报销")
    assert store.questions[-1]["q"] == "报销"


async def test_keys_alone_lead_from_the_line_to_an_app_and_back(page: Page, store: Store) -> None:
    await page.get_by_role("link", name="应用 r-3").focus()
    await page.keyboard.press("/")
    await expect(line(page)).to_be_focused()
    await look(page, "报销")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowDown")
    await expect(found(page).nth(1)).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(title(page)).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(found(page).nth(1)).to_be_focused()
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("ArrowUp")
    await expect(line(page)).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(line(page)).to_have_value("")
    await page.keyboard.press("ControlOrMeta+z")
    await expect(line(page)).to_have_value("报销")


# --- An app's page -----------------------------------------------------------------------------------------------


async def test_an_app_s_page_tells_all_of_it_and_leads_to_similar_ones(page: Page, store: Store) -> None:
    store.page = lambda one: storekit.opened(one | {"use": {"department": 10, "tenant": 50}})
    await page.get_by_role("link", name="应用 r-0").click()
    await expect(title(page)).to_have_text("应用 r-0")
    await expect(page.locator(".app-body")).to_contain_text("r-0 的全部介绍")
    await expect(page.locator(".use")).to_have_text(["至少 50 位同事在用", "你的部门至少 10 人在用"])
    await expect(page.locator(".app-head .rating")).to_contain_text("评分 4.3，满分 5")
    await expect(page).to_have_title("应用 r-0 · 应用商店")
    await page.get_by_role("region", name="相似的应用").locator("a.name").nth(1).click()
    await expect(title(page)).to_have_text("应用 s-2")
    await expect(title(page)).to_be_focused()
    await page.get_by_role("link", name="返回应用商店").click()
    await expect(page.get_by_role("link", name="应用 r-0", exact=True)).to_be_focused()
    clicked = [one for one in storekit.clicks(store) if one[0] == "click"]
    assert clicked == [("click", "r-0", 1), ("click", "s-2", 2)]
    await page.get_by_role("link", name="应用 r-0").click()
    await page.get_by_role("link", name="流程平台组").click()
    await expect(choice(page, "开发者")).to_have_value("流程平台组")


async def test_an_app_is_opened_or_asked_for_in_a_tab_of_its_own(browser: Browser, site: str, store: Store) -> None:
    ways = {
        "open": (app("open"), "打开应用"),
        "ask": (app("ask", access="request", fields={"request_url": f"{site}page.css", "kind": "web"}), "申请开通"),
    }
    ways["open"][0]["fields"] = {**storekit.FIELDS, "url": f"{site}page.css"}
    store.page = lambda one: storekit.opened(ways[one["id"]][0] if one["id"] in ways else one)
    async with pagekit.opened(browser, site) as page:
        await store.serve(page)
        await page.route("**/demo/callers", lambda route: route.fulfill(status=404))
        for id, (_, said) in ways.items():
            await page.goto("about:blank")
            await page.goto(f"{site}{storekit.PAGE}#app={id}")
            link = page.get_by_role("link", name=said)
            assert await link.get_attribute("rel") == "noopener noreferrer"
            async with page.context.expect_page() as other:
                await link.click()
            await (await other.value).close()
    assert [one for one in storekit.clicks(store) if one[0] == "open"] == [("open", "open", 1)]


async def test_what_cannot_be_opened_says_how_one_comes_to_it(page: Page, site: str, store: Store) -> None:
    odd = {"url": "javascript:alert(1)", "kind": "bot"}
    for one, said in (
        (app("r-0", fields=odd), "这个应用没有网页地址，请在聊天中使用。"),
        (app("r-0", access="request", fields={"kind": "web"}), "这个应用要先开通；请联系管理员。"),
    ):
        store.page = storekit.opened(one)
        await page.goto("about:blank")
        await page.goto(f"{site}{storekit.PAGE}#app=r-0")
        await expect(page.locator(".way-note")).to_have_text(said)
        await expect(page.locator(".app-way a")).to_have_count(0)
    # Of the made-up company's apps none can be opened.
    store.page = storekit.opened
    await page.goto("about:blank")
    await page.goto(f"{site}{storekit.PAGE}#app=r-0")
    await page.get_by_role("link", name="打开应用").click()
    await expect(page.locator(".way-note")).to_have_text("演示公司的应用没有真实地址。")


async def test_without_similar_ones_the_page_is_there_all_the_same(page: Page, store: Store) -> None:
    store.similar = Refused(503, "unavailable")
    await page.get_by_role("link", name="应用 r-0").click()
    await expect(page.locator(".app-body")).to_contain_text("r-0 的全部介绍")
    await expect(page.get_by_text(re.compile("应用商店暂时不可用"))).to_be_visible()
    store.similar = listed()
    await page.get_by_role("button", name="重试").click()
    await expect(page.get_by_text("没有相似的应用。")).to_be_visible()
    assert not await page.evaluate(LOST)


async def test_links_also_open_elsewhere(page: Page, site: str) -> None:
    async with page.context.expect_page() as opened:
        await page.get_by_role("link", name="应用 r-0").click(modifiers=["ControlOrMeta"])
    other = await opened.value
    assert other.url == f"{site}{storekit.PAGE}#app=r-0&as=acme%2Fu-0"
    await expect(title(page)).to_be_hidden()
    await other.close()
    async with page.expect_navigation():
        await page.get_by_role("link", name="搜索", exact=True).click()
    await expect(page.locator("office-search-box")).to_be_visible()
    await page.get_by_role("link", name="应用商店").click()
    await expect(names(page).first).to_be_visible()


async def test_what_was_meant_and_seen_is_told_and_what_passes_by_is_not(page: Page, store: Store) -> None:
    store.found = apps(app("x"), query_id="typed")
    await look(page, "报")
    store.found = apps(app("y"), query_id="meant")
    await line(page).fill("报销")
    async with page.expect_response(lambda response: "submit" in (response.request.post_data or "")):
        await line(page).press("Enter")
    assert not [one for one in store.clicked if one["query_id"] == "typed"]
    assert {"query_id": "meant", "action": "submit"} in store.clicked
