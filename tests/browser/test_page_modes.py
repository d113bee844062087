"""How the page looks to whoever needs it otherwise: dark, in the system's colours, narrow, by touch; and calm.

axe-core, of the lock file's npm packages, judges each mode in each language and state.
"""

from __future__ import annotations

from typing import Any

import nodekit
import pagekit
import pytest
from pagekit import Held, Refused, Service, answer, box, hit, hits, message, names, paged, person, search
from playwright.async_api import Browser, Page, expect

AXE = nodekit.ROOT / "node_modules" / "axe-core" / "axe.min.js"
MODES: dict[str, dict[str, Any]] = {
    "light": {},
    "dark": {"color_scheme": "dark"},
    "forced colours": {"forced_colors": "active"},
    "narrow": {"viewport": {"width": 320, "height": 700}, "has_touch": True},
}
LANGUAGES = ["zh-CN", "en-US"]
STATES = {
    "start": "",
    "found": "#q=预算&f.from=u-1&as=acme/u-0",
    "open": "#open=messages/m-1&q=预算&as=acme/u-0",
    "compared": "#q=预算&as=acme/u-0&with=acme/u-1",
    "refused": "#q=评审&as=acme/u-0",
}
VIOLATIONS = """async (options) => (await axe.run(document, options)).violations
    .map((one) => `${one.id}: ${one.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(" | ")}`)"""
SMALL = """(least) => [...document.querySelectorAll("a[href], button, input, select")]
    .filter((one) => one.checkVisibility({ opacityProperty: false }) && !one.matches(".skip, .caller input"))
    .map((one) => [one, one.getBoundingClientRect()])
    .filter(([, box]) => box.width && (box.height < least - 0.5 || box.width < Math.min(least, 24) - 0.5))
    .map(([one, box]) => `${one.localName}.${one.className} ${Math.round(box.width)}x${Math.round(box.height)}`)"""


@pytest.fixture(autouse=True)
def told(service: Service) -> None:
    found = answer(
        hit("doc-1"),
        message("m-1", fields={**message()["fields"], "attachments": [{"name": "报告.pdf", "size": 1}]}),
        person(status="disabled"),
        {**person("c-1", "平台周会"), "fields": {"kind": "conversation", "public": True, "archived": True}},
        denied=["apps"],
        failed=["contacts"],
        partial=True,
        query={"text": "预算", "filters": {"type": ["doc"]}, "corrected": "预决算"},
        cursor="1",
    )
    service.search = lambda asked: found if asked["q"] == "预算" else Refused(503, "unavailable")
    service.recent = {"recent": [{"id": "r-1", "text": "上次搜的", "at": "2026-03-02T09:15:04Z"}]}
    service.context = {
        "message": pagekit.said("m-1", "明天评审", 4),
        "before": [pagekit.said("m-0", "什么时候评审", 2)],
        "after": [],
        "has_more_before": True,
        "has_more_after": True,
        "title": "平台周会",
    }


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("mode", MODES)
async def test_axe_finds_nothing(browser: Browser, site: str, service: Service, mode: str, language: str) -> None:
    if missing := nodekit.missing():
        pytest.skip(missing)
    source = AXE.read_text("utf-8")
    # The system's own colours are the system's; those of a narrow screen are those of a wide one.
    rules = {"color-contrast": {"enabled": mode in ("light", "dark")}}
    options = {"rules": rules, "resultTypes": ["violations"]}
    found: dict[str, list[str]] = {}
    async with pagekit.opened(browser, site, language, **{"reduced_motion": "reduce", **MODES[mode]}) as page:
        await service.serve(page)
        for state, address in STATES.items():
            await page.goto("about:blank")
            await page.goto(site + address)
            await expect(
                page.locator(".caller, .hit a.name, .said, .state").locator("visible=true").first
            ).to_be_visible()
            await pagekit.settled(page)
            await page.evaluate(source)
            found[state] = await page.evaluate(VIOLATIONS, options)
    assert not {state: wrong for state, wrong in found.items() if wrong}


@pytest.mark.parametrize(("touch", "least"), [(False, 24), (True, 44)])
async def test_targets_are_large_enough(browser: Browser, site: str, service: Service, touch: bool, least: int) -> None:
    found = {}
    options = {"has_touch": touch, "is_mobile": touch, "viewport": {"width": 390, "height": 800}}
    async with pagekit.opened(browser, site, **options) as page:
        await service.serve(page)
        for state, address in STATES.items():
            await page.goto("about:blank")
            await page.goto(site + address)
            await expect(
                page.locator(".caller, .hit a.name, .said, .state").locator("visible=true").first
            ).to_be_visible()
            await pagekit.settled(page)
            found[state] = await page.evaluate(SMALL, least)
    assert not {state: small for state, small in found.items() if small}


async def test_the_systems_colours_show_focus_caller_tab_and_marks(
    browser: Browser, site: str, service: Service
) -> None:
    async with pagekit.opened(browser, site, forced_colors="active") as page:
        await service.serve(page)
        await pagekit.start(page, site)
        chosen = page.locator(".caller:has(:checked)")
        other = page.locator(".caller:not(:has(:checked))").first
        assert await style(page, chosen, "border-width") != await style(page, other, "border-width")
        await page.get_by_role("radio").first.focus()
        await page.keyboard.press("ArrowDown")
        assert await style(page, page.locator(".caller:has(:focus-visible)"), "outline-style") == "solid"
        await search(page, "预算")
        selected, beside = page.get_by_role("tab").first, page.get_by_role("tab").nth(1)
        assert await style(page, selected, "color") != await style(page, beside, "color")
        mark = page.locator(".hit em").first
        assert await style(page, mark, "background-color") != await style(
            page, page.locator(".hits"), "background-color"
        )
        await names(page).first.focus()
        await page.keyboard.press("ArrowDown")
        assert await style(page, page.locator(".hit:has(.name:focus-visible)"), "outline-style") == "solid"


async def style(page: Page, of: Any, name: str) -> str:
    return str(await of.first.evaluate("(one, name) => getComputedStyle(one).getPropertyValue(name)", name))


@pytest.mark.parametrize("state", STATES)
async def test_nothing_is_lost_at_four_hundred_per_cent(
    browser: Browser, site: str, service: Service, state: str
) -> None:
    """1280 px at 400 % are 320: nothing is cut, and what matters can be reached without scrolling to the side."""
    async with pagekit.opened(browser, site, viewport={"width": 320, "height": 256}) as page:
        await service.serve(page)
        await page.goto(site + STATES[state])
        await expect(page.locator(".caller, .hit a.name, .said, .state").locator("visible=true").first).to_be_visible()
        assert await page.evaluate("document.documentElement.scrollWidth") <= 320
        await expect(box(page)).to_be_visible()


async def test_it_loads_with_four_requests_and_little(browser: Browser, site: str, service: Service) -> None:
    asked: list[str] = []
    bytes_: list[int] = []
    async with pagekit.opened(browser, site) as page:
        await service.serve(page)
        page.on("request", lambda request: asked.append(request.url.removeprefix(site)))
        await pagekit.start(page, site)
        own = [url for url in asked if not url.startswith(("data:", "v1/", "demo/"))]
        assert sorted(own) == ["", "page.css", "page.js"]
        sizes = await page.evaluate(
            """() => performance.getEntries().filter((one) => "transferSize" in one && !/v1|demo/.test(one.name))
            .map((one) => one.encodedBodySize)"""
        )
        bytes_ += sizes
    assert 10_000 < sum(bytes_) <= 60_000


async def test_nothing_jumps_while_one_searches(browser: Browser, site: str, service: Service) -> None:
    """From the start to an answer that comes late, another tab, more hits and a place: shifts that nobody asked for."""
    pages = paged([hit(f"a-{n}") for n in range(20)], [hit("b")])
    async with pagekit.opened(browser, site) as page:
        await service.serve(page)
        await page.add_init_script(
            """window.shifted = 0; new PerformanceObserver((list) => { for (const one of list.getEntries())
            if (!one.hadRecentInput) window.shifted += one.value }).observe({ type: "layout-shift", buffered: true })"""
        )
        await pagekit.start(page, site)
        for query in ("一", "二"):
            held = service.search = Held(pages({}))
            await box(page).fill(query)
            await box(page).press("Enter")
            # Longer ago than what counts as an answer to the key.
            await page.wait_for_timeout(650)
            held.let_go()
            await expect(hits(page)).to_have_count(20)
        service.search = pages
        await page.get_by_role("button", name="加载更多").click()
        await expect(hits(page)).to_have_count(21)
        await page.wait_for_timeout(100)
        assert await page.evaluate("window.shifted") < 0.05


async def test_without_motion_nothing_moves(browser: Browser, site: str, service: Service) -> None:
    async with pagekit.opened(browser, site, reduced_motion="reduce") as page:
        await service.serve(page)
        service.search = Held(answer())
        await pagekit.start(page, site)
        await box(page).fill("一")
        await box(page).press("Enter")
        await expect(page.locator(".bone").first).to_be_visible()
        assert await style(page, page.locator(".bone"), "animation-name") == "none"
