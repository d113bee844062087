"""What an answer may hold and the page must bear: odd fields, names that turn texts around, days, sizes, markup."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

import pagekit
import pytest
from pagekit import Service, answer, box, hit, hits, message, names, person, place, search
from playwright.async_api import Browser, Page, expect

# The elements that reach beyond the screen.
WIDE = """(width) => document.documentElement.scrollWidth <= width ? [] : [...document.querySelectorAll("body *")]
    .filter((one) => one.getBoundingClientRect().right > width).map((one) => `${one.localName}.${one.className}`)"""
MORNING = datetime.fromisoformat("2026-03-02T00:10:00+08:00")


@pytest.fixture
async def english(browser: Browser, site: str, service: Service) -> AsyncIterator[Page]:
    async with pagekit.opened(browser, site, "en-US") as page:
        await service.serve(page)
        await pagekit.start(page, site)
        yield page


async def test_markup_in_an_answer_stays_text(page: Page, service: Service) -> None:
    """Whatever the service sends, only `<em>` becomes an element; a hit cannot bring script, images or styles."""
    evil = hit(
        title="<img src=x onerror=alert(1)><em>found</em>&lt;b&gt;",
        snippet="<script>alert(1)</script> &amp;lt; <em><u>x</u></em>",
        fields={"kind": "<i>doc</i>", "updated_at": "2026-03-02T09:15:04.120Z", "url": "javascript:alert(1)"},
    )
    service.search = answer(evil, sections={"docs": {"total": 1000, "relation": "gte"}})
    await search(page, "anything")
    assert await page.locator(".hit :is(img, script, b, u, i)").count() == 0
    await expect(names(page)).to_have_text("<img src=x onerror=alert(1)>found<b>")
    await expect(page.locator(".hit .snippet")).to_have_text("<script>alert(1)</script> &lt; <u>x</u>")
    await expect(page.get_by_role("tab", name="文档")).to_contain_text("1,000+")
    await names(page).click()
    assert await page.locator("a[href^='javascript']").count() == 0


async def test_one_malformed_hit_does_not_lose_the_others(page: Page, service: Service) -> None:
    odd = [
        {"vertical": "docs", "id": "bare"},
        hit("no-title", title=None, snippet=7, fields=None),
        hit("lists", fields={"kind": {"a": 1}, "updated_at": [None, {}], "url": 5}),
        message("files", fields={"attachments": [None, {"name": 5}, "x"], "sent_at": "some day", "sender_name": ["a"]}),
        person("person", name="", status=3, avatar_url="javascript:x"),
    ]
    service.search = answer(hit("doc-1"), *odd, hit("doc-2"))
    await search(page, "anything")
    await expect(hits(page)).to_have_count(7)
    await expect(names(page).last).to_have_text("一份文档 doc-2")
    for entry in range(7):
        await names(page).nth(entry).click()
        await expect(page.locator(".place-title")).to_be_focused()


async def test_names_cannot_turn_what_stands_beside_them(page: Page, service: Service) -> None:
    turned = "\u202egnp.exe\u2066 مرحبا"
    service.search = answer(
        hit(title=f"{turned}<em>文档</em>"),
        message(fields={"sender_name": turned, "sender_id": "u-1", "sent_at": "2026-03-02T09:15:04Z"}),
    )
    await search(page, turned)
    shown = "".join(await page.locator(".hit").all_inner_texts())
    assert not set("\u202e\u2066") & set(shown)
    await expect(names(page).first.locator("bdi")).to_have_count(1)
    await expect(page.locator(".hit").nth(1).locator(".meta bdi").first).to_be_visible()


async def test_long_unbroken_names_stay_inside(page: Page, service: Service) -> None:
    long = "W" * 400
    service.search = answer(
        hit(title=long, snippet=long, fields={"kind": long, "updated_at": long}),
        message(title=long, fields={"sender_name": long, "attachments": [{"name": long, "size": 1}]}),
        person(name=long),
        query={"text": "", "filters": {"from": [long]}, "corrected": long},
    )
    for width in (320, 1280):
        await page.set_viewport_size({"width": width, "height": 800})
        await search(page, f"{width} {long}")
        assert await page.evaluate(WIDE, width) == []
        await names(page).first.click()
        await expect(page.locator(".place-title")).to_be_visible()
        assert await page.evaluate(WIDE, width) == []


async def test_days_are_those_of_the_calendar_in_ones_own_zone(page: Page, service: Service, site: str) -> None:
    """Ten past midnight: an hour ago was yesterday, and 23 hours ago was yesterday too, not a day that is rounded."""
    await page.clock.set_fixed_time(MORNING)
    await page.goto(site)
    times = ["2026-03-01T15:30:00Z", "2026-02-28T17:00:00Z", "2026-02-28T15:30:00Z", "2026-03-01T16:05:00Z"]
    service.search = answer(*(message(f"m-{n}", fields={"sent_at": time}) for n, time in enumerate(times)))
    await search(page, "预算")
    shown = await page.locator(".hit .meta time").all_inner_texts()
    assert shown == ["40分钟前", "昨天", "前天", "5分钟前"]
    assert await page.locator(".hit .meta time").nth(1).get_attribute("title") == "2026年3月1日 01:00"
    assert service.asked[-1]["timezone"] == "Asia/Shanghai"


async def test_sizes_are_told_in_the_unit_in_which_they_are_small(page: Page, service: Service) -> None:
    files = [{"name": "a.zip", "size": 3_500_000_000}, {"name": "b.txt", "size": 900}, {"name": "c", "size": None}]
    odd = {"vertical": "messages", "id": "m-1", "title": "会", "text": "", "by": None}
    service.search = answer(hit("f", vertical="files", fields={"attachments": files}))
    service.declared["verticals"].append(
        {**service.declared["verticals"][0], "name": "files", "title": "own", "filters": [], "kind": None}
    )
    service.entity = {**odd, "vertical": "files", "id": "f", "fields": {"attachments": files}}
    await page.reload()
    await search(page, "预算")
    await names(page).first.click()
    facts = place(page).locator("dd").filter(has_text="a.zip")
    await expect(facts).to_have_text("a.zip (3.5 GB)\nb.txt (900 B)\nc", use_inner_text=True)


async def test_chinese_on_the_english_page_says_that_it_is_chinese(english: Page, service: Service) -> None:
    service.search = answer(hit(title="预算 report"), hit("doc-2", title="Budget", snippet="plain"))
    await search(english, "budget")
    assert await names(english).nth(0).locator("bdi").get_attribute("lang") == "zh-CN"
    assert await names(english).nth(1).locator("bdi").get_attribute("lang") is None
    await expect(english.locator("html")).to_have_attribute("lang", "en")
    await english.get_by_role("button", name="中文").click()
    assert await names(english).nth(0).locator("bdi").get_attribute("lang") is None


async def test_the_input_method_decides_what_is_meant(page: Page, service: Service) -> None:
    """Enter and Escape belong to the input method until the key is up: the order of Safari, replayed."""
    await box(page).focus()
    await page.evaluate(
        """() => { const input = document.querySelector("office-search-box").shadowRoot.querySelector("input");
        const fire = (made) => input.dispatchEvent(made);
        const key = (name, keyCode) => new KeyboardEvent("keydown",
            { key: name, keyCode, bubbles: true, composed: true, cancelable: true });
        fire(new CompositionEvent("compositionstart", { bubbles: true }));
        input.value = "预算"; fire(new InputEvent("input", { isComposing: true, bubbles: true }));
        fire(new CompositionEvent("compositionend", { data: "预算", bubbles: true }));
        fire(key("Enter", 229)); fire(key("Escape", 229)) }"""
    )
    await expect(box(page)).to_have_value("预算")
    assert service.asked == []


async def test_the_shortcut_works_under_an_input_method_too(page: Page) -> None:
    await page.locator("button.example").first.focus()
    await page.evaluate(
        """() => document.activeElement.dispatchEvent(new KeyboardEvent("keydown",
        { key: "、", code: "Slash", bubbles: true, cancelable: true }))"""
    )
    await expect(box(page)).to_be_focused()
