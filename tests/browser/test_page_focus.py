"""The focus is never lost, whatever one does in whichever state; and what changes is told, once a pause."""

from __future__ import annotations

from typing import Any

import pagekit
import pytest
from pagekit import Refused, Service, answer, box, hit, hits, message, names, paged, person, search, settled, tab
from playwright.async_api import Page, expect

CONTROLS = "a[href], button, input, select, [tabindex='0']"
# Marks what can be used now, in the order of the page; returns what each is.
MARK = f"""() => [...document.querySelectorAll("{CONTROLS}")]
    .filter((one) => one.checkVisibility() && one.target !== "_blank")
    .filter((one) => !one.matches(".skip, :disabled, [href='store.html']"))
    .map((one, place) => {{ one.dataset.control = String(place);
        return `${{one.localName}} ${{one.getAttribute("aria-label") ?? one.textContent}}`.trim().slice(0, 50) }})"""
# Uses one as a person does: with the pointer, or with a key.
CLICK = """(place) => { const one = document.querySelector(`[data-control="${place}"]`);
    if (!one) return false; one.focus(); one.click(); return true }"""
LOST = "() => document.activeElement === null || document.activeElement === document.body"
KEYS = ["Enter", "Escape", "ArrowDown", "ArrowRight", "Space"]

FOUND = answer(
    hit("doc-1"),
    message("m-1"),
    person(),
    denied=["apps"],
    failed=["contacts"],
    partial=True,
    query={"text": "预算", "filters": {"type": ["doc"], "phrases": ["原话"]}, "corrected": "预决算"},
)
STATES: dict[str, tuple[str, Any]] = {
    "start": ("", FOUND),
    "found": ("#q=预算+type:doc", FOUND),
    "more": ("#q=预算&tab=docs&f.from=u-1&f.after=2026-01-31", paged([hit(f"a-{n}") for n in range(2)], [hit("b")])),
    "nothing": ("#q=没有", answer()),
    "refused": ("#q=预算", Refused(503, "unavailable")),
    "open": ("#open=messages/m-1&q=预算", FOUND),
    "compared": ("#q=预算&as=acme/u-0&with=acme/u-1", FOUND),
}


@pytest.fixture(autouse=True)
def told(service: Service) -> None:
    service.recent = {"recent": [{"id": "r-1", "text": "上次搜的", "at": "2026-03-02T09:15:04Z"}]}
    service.context = {
        "message": pagekit.said("m-1", "明天评审", 4),
        "before": [pagekit.said("m-0", "什么时候评审", 2)],
        "after": [],
        "has_more_before": True,
        "has_more_after": True,
        "title": "平台周会",
    }


async def into(page: Page, site: str, service: Service, state: str) -> None:
    """Bring the page into a state, as an address does that is put into the same tab."""
    address, service.search = STATES[state]
    await page.goto(site + address)
    await ready(page)


async def ready(page: Page) -> None:
    await settled(page)
    await page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")


@pytest.mark.parametrize("state", STATES)
async def test_nothing_that_one_does_loses_the_focus(page: Page, site: str, service: Service, state: str) -> None:
    await into(page, site, service, state)
    controls = await page.evaluate(MARK)
    assert len(controls) > 3
    lost = []
    for place, control in enumerate(controls):
        if place and not await page.evaluate("(place) => !!document.querySelector(`[data-control='${place}']`)", place):
            await into(page, site, service, state)
            await page.evaluate(MARK)
        if not await page.evaluate(CLICK, place):
            continue
        await ready(page)
        if await page.evaluate(LOST):
            lost.append(f"click: {control}")
    for key in KEYS:
        await into(page, site, service, state)
        for control in (await page.evaluate(MARK))[:: max(1, len(controls) // 6)]:
            place = controls.index(control) if control in controls else 0
            await page.evaluate("(place) => document.querySelector(`[data-control='${place}']`)?.focus()", place)
            await page.keyboard.press(key)
            await ready(page)
            if await page.evaluate(LOST):
                lost.append(f"{key}: {control}")
    assert not lost


async def test_a_click_beside_everything_does_not_lose_it(page: Page, service: Service) -> None:
    service.search = FOUND
    await search(page, "预算")
    for x, y in ((5, 400), (640, 20), (1240, 890), (5, 5)):
        await page.mouse.click(x, y)
        assert not await page.evaluate(LOST)


async def test_what_is_drawn_anew_keeps_it(page: Page) -> None:
    await page.locator("button.example").first.focus()
    await page.get_by_role("button", name="English").evaluate("(button) => button.click()")
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    await expect(page.locator("button.example").first).to_be_focused()


async def test_tabs_are_walked_with_arrows_and_chosen_with_enter(page: Page, service: Service) -> None:
    service.search = FOUND
    await search(page, "预算")
    asked = len(service.asked)
    await tab(page, "全部").focus()
    await page.keyboard.press("ArrowRight")
    await expect(tab(page, "消息")).to_be_focused()
    await page.keyboard.press("End")
    await page.keyboard.press("ArrowRight")
    await expect(tab(page, "全部")).to_be_focused()
    assert len(service.asked) == asked
    await page.keyboard.press("ArrowRight")
    await page.keyboard.press("Enter")
    await expect(tab(page, "消息")).to_have_attribute("aria-selected", "true")
    await expect(tab(page, "消息")).to_be_focused()
    await settled(page)
    await expect(tab(page, "消息")).to_be_focused()


async def test_arrows_walk_the_hits_and_lead_back_to_the_box(page: Page, service: Service) -> None:
    service.search = answer(hit("doc-1"), hit("doc-2"))
    await search(page, "预算")
    await names(page).first.focus()
    await page.keyboard.press("ArrowDown")
    await expect(names(page).nth(1)).to_be_focused()
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("ArrowUp")
    await expect(box(page)).to_be_focused()
    await page.locator(".skip").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator(".status")).to_be_focused()


async def test_escape_in_the_box_empties_it_and_can_be_undone(page: Page, service: Service) -> None:
    service.search = FOUND
    await search(page, "预算")
    await box(page).press("Escape")
    await expect(box(page)).to_have_value("")
    # The results stay: what was found is not lost with what was typed.
    await expect(hits(page)).to_have_count(3)
    await box(page).press("ControlOrMeta+z")
    await expect(box(page)).to_have_value("预算")


async def test_what_changes_is_told_by_one_region_once_a_pause(page: Page, service: Service) -> None:
    await page.evaluate(
        """() => { const region = document.querySelector("#live"); window.heard = []; window.region = region;
        new MutationObserver(() => heard.push(region.textContent.trim())).observe(region, { childList: true }) }"""
    )
    service.search = answer(hit("doc-1"), hit("doc-2"))
    await search(page, "一")
    service.search = answer()
    await search(page, "没有")
    await expect(page.locator("#live")).to_have_text("没有找到结果 · 找到 0 条结果")
    await expect(page.locator("[role=status]")).to_have_count(2)  # the page's, and the box's own
    assert await page.evaluate("heard") == ["没有找到结果 · 找到 0 条结果"]
    service.search = Refused(503, "unavailable")
    await search(page, "三")
    await expect(page.locator("#live")).to_contain_text("搜索服务暂时不可用")
    assert await page.evaluate("region.isConnected && document.querySelector('#live') === region")
    assert len(await page.evaluate("heard")) == 2
