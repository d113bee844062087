"""What the store page says when something is missing, wrong or late; how it looks; and that the focus stays."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from typing import Any

import nodekit
import pagekit
import pytest
import storekit
from pagekit import Held, Refused
from playwright.async_api import Browser, Locator, Page, expect
from storekit import Store, app, apps, found, line, listed, look, settled, title
from test_page_modes import AXE, MODES, SMALL, VIOLATIONS

PROBLEMS: dict[str, tuple[Refused, str, str]] = {
    "expired": (Refused(401, "token-refused"), "登录已过期", "Your sign-in has expired"),
    "disabled": (Refused(403, "caller-not-active"), "账号不可用", "Your account is not active"),
    "module": (Refused(403, "module-missing"), "你的角色不能使用应用商店", "Your role may not use the app store"),
    "down": (Refused(503, "unavailable"), "应用商店暂时不可用", "The app store is not available just now"),
    "failed": (Refused(500), "没有加载成功", "It could not be loaded"),
    "silent": (Refused(0), "连接不上应用商店", "The app store cannot be reached"),
}
STATES = {"front": "", "found": "#q=报销&category=财务&as=acme/u-0", "app": "#app=r-0&as=acme/u-0"}
MORE_STATES = {**STATES, "none": "#q=没有&mine=1&as=acme/u-0", "refused": "#q=坏&as=acme/u-0"}
CONTROLS = "a[href], button, input, select"
# Marks what can be used now, of each kind the first two, in the order of the page; returns what each is.
MARK = f"""() => {{ const looks = (one) => one.localName + one.className + one.closest("section")?.className;
    return [...document.querySelectorAll("{CONTROLS}")]
    .filter((one) => one.checkVisibility() && !one.matches(".skip, :disabled, [href^='./'], [target]"))
    .filter((one, place, all) => all.filter((other) => looks(other) === looks(one)).indexOf(one) < 2)
    .map((one, place) => {{ one.dataset.control = String(place);
        return `${{one.localName}} ${{one.getAttribute("aria-label") ?? one.textContent}}`.trim().slice(0, 50) }}) }}"""
CLICK = """(place) => { const one = document.querySelector(`[data-control="${place}"]`);
    if (!one) return false; one.focus(); one.click(); return true }"""
WHAT = ("found", "fresh", "trending", "recommended", "page", "similar")
LOST = "() => document.activeElement === null || document.activeElement === document.body"


@pytest.fixture
def store(told: Callable[..., dict[str, Any]]) -> Store:
    made = Store(told())
    three = apps(app("a-1", access="request"), app("a-2", reason=storekit.REASON), app("a-3", use={}), cursor="1")
    corrected = apps(query={"text": "", "filters": {}, "corrected": "报销"})
    made.found = lambda asked: {"坏": Refused(503, "unavailable"), "没有": corrected}.get(asked.get("q", ""), three)
    return made


@pytest.fixture
async def page(browser: Browser, site: str, store: Store) -> AsyncIterator[Page]:
    async with pagekit.opened(browser, site) as page:
        await store.serve(page)
        await storekit.start(page, site)
        yield page


def state(page: Page) -> Locator:
    return page.locator(".state-title").locator("visible=true")


def everything(store: Store, made: Any) -> None:
    for name in WHAT:
        setattr(store, name, made)


async def into(page: Page, site: str, address: str) -> None:
    await page.goto("about:blank")
    await page.goto(site + storekit.PAGE + address)
    await expect(page.locator("#shelf a.name, .state, .app-body .facts").locator("visible=true").first).to_be_visible()
    await settled(page)


# --- What is said ------------------------------------------------------------------------------------------------


async def test_each_problem_is_told_once_in_ones_own_language(page: Page, store: Store) -> None:
    for refused, chinese, english in PROBLEMS.values():
        everything(store, refused)
        await page.get_by_role("button", name="English").click()
        await expect(state(page)).to_have_text([english])
        await expect(page.get_by_text("In English, for developers.")).to_have_count(0)
        await page.get_by_role("button", name="中文").click()
        await expect(state(page)).to_have_text([chinese])
        assert not await page.evaluate(LOST)


@pytest.mark.parametrize("address", ["", "#q=报销", "#app=a-1"])
async def test_whatever_fails_is_asked_again(page: Page, site: str, store: Store, address: str) -> None:
    usual = {name: getattr(store, name) for name in WHAT}
    everything(store, Refused(503, "unavailable"))
    await into(page, site, address)
    await expect(state(page)).to_have_text(["应用商店暂时不可用"])
    for name, made in usual.items():
        setattr(store, name, made)
    await page.get_by_role("button", name="重试").click()
    await expect(storekit.names(page).first).to_be_visible()
    await expect(state(page)).to_have_count(0)
    assert not await page.evaluate(LOST)


async def test_an_app_that_is_not_there_is_said_to_be_gone(page: Page, site: str, store: Store) -> None:
    store.page = store.similar = Refused(404, "not-found")
    await into(page, site, "#app=a-1")
    await expect(state(page)).to_have_text("找不到这个应用")
    await page.get_by_role("link", name="返回应用商店").click()
    await expect(page.locator(".card a.name").first).to_be_visible()
    assert not await page.evaluate(LOST)


async def test_one_shelf_that_fails_leaves_the_others_and_is_asked_again_alone(page: Page, store: Store) -> None:
    store.recommended = Refused(503, "unavailable")
    await page.reload()
    await expect(page.get_by_text("应用商店暂时不可用 — 请过几秒再试。")).to_be_visible()
    await expect(page.get_by_role("region", name="新上架").locator("a.name")).to_have_count(5)
    asked = len(store.read)
    store.recommended = listed(app("r-0"))
    await page.get_by_role("button", name="重试").click()
    await expect(page.get_by_role("link", name="应用 r-0")).to_be_visible()
    assert [path for path, _ in store.read[asked:]] == ["apps/recommended"]
    assert not await page.evaluate(LOST)


async def test_an_app_that_may_not_be_personal_gets_a_front_without_recommendations(page: Page, store: Store) -> None:
    store.recommended = Refused(403, "scope-missing")
    await page.reload()
    await expect(page.get_by_role("region", name="新上架").locator("a.name")).to_have_count(5)
    await expect(page.get_by_role("region", name="为你推荐")).to_be_hidden()


async def test_an_empty_store_and_nothing_found_say_so(page: Page, site: str, store: Store) -> None:
    await into(page, site, "#mine=1&q=没有")
    await expect(state(page)).to_have_text("没有找到应用")
    store.found = apps()
    await into(page, site, "#mine=1")
    await expect(state(page)).to_have_text("你还没有用过这里的应用")
    store.recommended, store.fresh, store.trending = listed(), apps(), apps()
    await into(page, site, "")
    await expect(state(page)).to_have_text("这里还没有你能用的应用")


async def test_grey_shapes_come_only_where_nothing_is(page: Page, store: Store) -> None:
    held = Held(store.recommended)
    store.recommended = held
    await page.reload()
    await expect(page.locator(".card.boned")).to_have_count(9)
    held.let_go()
    await expect(page.locator(".card a.name")).to_have_count(9)
    held = store.recommended = Held(listed(app("r-7")))
    await page.get_by_role("button", name="English").click()
    await expect(page.locator(".front[aria-busy] .card a.name")).to_have_count(9)
    held.let_go()
    await expect(page.locator(".card a.name")).to_have_count(1)


async def test_too_many_counts_down_and_goes_on_by_itself(page: Page, site: str, store: Store) -> None:
    await page.clock.install()
    await page.goto(site + storekit.PAGE)
    usual = store.found
    store.found = Refused(429, "too-many-requests", {"Retry-After": "3"})
    await line(page).fill("报销")
    await page.clock.run_for(500)
    await expect(page.locator(".wait")).to_have_text(re.compile("[23] 秒后自动重试"))
    store.found = usual
    await page.clock.run_for(3500)
    await expect(found(page)).to_have_count(3)


async def test_offline_goes_on_when_the_connection_is_back(page: Page, store: Store) -> None:
    usual = store.found
    store.found = Refused(0)
    await page.context.set_offline(True)
    await line(page).fill("报销")
    await expect(state(page)).to_have_text("没有网络")
    store.found = usual
    await page.context.set_offline(False)
    await expect(found(page)).to_have_count(3)


async def test_another_caller_leaves_nothing_of_the_one_before(page: Page, store: Store) -> None:
    held = store.recommended = Held(listed(app("other")))
    store.fresh = store.trending = apps(app("n-9"))
    await page.get_by_label("以谁的身份搜索").select_option(index=1)
    await expect(page.get_by_text("r-0")).to_have_count(0)
    held.let_go()
    await expect(page.locator(".card a.name")).to_have_text(["应用 other"])
    assert not await page.evaluate(LOST)


async def test_it_works_for_whoever_a_gateway_names(browser: Browser, site: str, store: Store) -> None:
    async with pagekit.opened(browser, site) as page:
        await store.serve(page)
        await page.route("**/demo/callers", lambda route: route.fulfill(status=404))
        async with page.expect_request("**/v1/apps/recommended*") as asked:
            await page.goto(site + storekit.PAGE)
        assert "authorization" not in (await asked.value).headers
        await expect(page.locator(".card a.name").first).to_be_visible()
        await expect(page.get_by_label("以谁的身份搜索")).to_be_hidden()


async def test_one_app_that_is_odd_does_not_lose_the_others(page: Page, store: Store) -> None:
    store.found = apps(app("a-1"), {"id": "odd", "title": {}, "fields": None, "use": None}, app("a-2"))
    await look(page, "报销")
    await expect(found(page)).to_have_text(["应用 a-1", "odd", "应用 a-2"])
    hostile = "<img src=x onerror=alert(1)>\u202eevil"
    store.found = apps(app("a-1", hostile.replace("<", "&lt;").replace(">", "&gt;")))
    await look(page, "恶意")
    await expect(found(page)).to_have_text(["<img src=x onerror=alert(1)>evil"])


# --- Focus -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MORE_STATES)
async def test_nothing_that_one_does_loses_the_focus(page: Page, site: str, store: Store, name: str) -> None:
    await into(page, site, MORE_STATES[name])
    controls = await page.evaluate(MARK)
    assert len(controls) > 3
    lost = []
    for place, control in enumerate(controls):
        if place and not await page.evaluate("(place) => !!document.querySelector(`[data-control='${place}']`)", place):
            await into(page, site, MORE_STATES[name])
            await page.evaluate(MARK)
        if not await page.evaluate(CLICK, place):
            continue
        await settled(page)
        await page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
        if await page.evaluate(LOST):
            lost.append(control)
    assert not lost


# --- Modes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["zh-CN", "en-US"])
@pytest.mark.parametrize("mode", ["light", "dark", "forced colours"])
async def test_axe_finds_nothing(browser: Browser, site: str, store: Store, mode: str, language: str) -> None:
    if missing := nodekit.missing():
        pytest.skip(missing)
    source = AXE.read_text("utf-8")
    rules = {"color-contrast": {"enabled": mode in ("light", "dark")}}
    options = {"rules": rules, "resultTypes": ["violations"]}
    wrong: dict[str, list[str]] = {}
    async with pagekit.opened(browser, site, language, **{"reduced_motion": "reduce", **MODES[mode]}) as page:
        await store.serve(page)
        for name, address in STATES.items():
            await into(page, site, address)
            if name == "front":
                await page.locator(".dismiss").first.click()
            await page.evaluate(source)
            wrong[name] = await page.evaluate(VIOLATIONS, options)
    assert not {name: found for name, found in wrong.items() if found}


@pytest.mark.parametrize(("touch", "least"), [(False, 24), (True, 44)])
async def test_targets_are_large_enough_and_nothing_is_wider_than_a_narrow_screen(
    browser: Browser, site: str, store: Store, touch: bool, least: int
) -> None:
    small, wide = {}, {}
    options = {"has_touch": touch, "is_mobile": touch, "viewport": {"width": 320, "height": 700}}
    async with pagekit.opened(browser, site, **options) as page:
        await store.serve(page)
        for name, address in MORE_STATES.items():
            await into(page, site, address)
            small[name] = await page.evaluate(SMALL, least)
            wide[name] = await page.evaluate("document.documentElement.scrollWidth")
    assert not {name: found for name, found in small.items() if found}
    assert max(wide.values()) <= 320, wide


async def test_the_systems_colours_show_focus_and_what_is_chosen(browser: Browser, site: str, store: Store) -> None:
    async with pagekit.opened(browser, site, forced_colors="active") as page:
        await store.serve(page)
        await into(page, site, "#q=报销&mine=1")
        await found(page).first.focus()
        await page.keyboard.press("ArrowDown")
        focused = page.locator(".found:has(.name:focus-visible)")
        assert await focused.evaluate("(one) => getComputedStyle(one).outlineStyle") == "solid"
        borders = [
            await page.locator(which).first.evaluate("(one) => getComputedStyle(one).borderTopWidth")
            for which in (".toggle", ".pick-one:not(.set) select")
        ]
        assert borders[0] != borders[1]


async def test_it_loads_with_four_requests_and_little_and_nothing_jumps(
    browser: Browser, site: str, store: Store
) -> None:
    asked: list[str] = []
    held = store.fresh = Held(store.fresh)
    async with pagekit.opened(browser, site) as page:
        await store.serve(page)
        await page.add_init_script(
            """window.shifted = 0; new PerformanceObserver((list) => { for (const one of list.getEntries())
            if (!one.hadRecentInput) window.shifted += one.value }).observe({ type: "layout-shift", buffered: true })"""
        )
        page.on("request", lambda request: asked.append(request.url.removeprefix(site)))
        await page.goto(site + storekit.PAGE)
        await expect(page.locator(".card.boned").first).to_be_visible()
        held.let_go()
        await expect(page.locator(".card a.name").first).to_be_visible()
        own = [url for url in asked if not url.startswith(("data:", "v1/", "demo/"))]
        assert sorted(own) == ["store.css", "store.html", "store.js"]
        size = await page.evaluate(
            """() => performance.getEntries().filter((one) => "transferSize" in one && !/v1|demo/.test(one.name))
            .reduce((sum, one) => sum + one.encodedBodySize, 0)"""
        )
        assert 10_000 < size <= 60_000
        await expect(title(page)).to_be_hidden()
        assert await page.evaluate("window.shifted") < 0.1
