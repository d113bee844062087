"""Every search that was meant, every tab, filter and place is a step of the history; its address brings it back."""

from __future__ import annotations

import re

import pagekit
import pytest
from pagekit import Service, answer, box, hit, hits, message, names, paged, person, place, search, settled, tab
from playwright.async_api import Page, expect

MANY = [[hit(f"{page}-{n}") for n in range(20)] for page in "abc"]


@pytest.fixture(autouse=True)
def found(service: Service) -> None:
    service.search = answer(hit("doc-1"), message("m-1"), person())
    service.context = {
        "message": pagekit.said("m-1", "明天评审", 4),
        "before": [pagekit.said("m-0", "什么时候评审", 2)],
        "after": [],
        "has_more_before": True,
        "has_more_after": False,
        "title": "平台周会",
    }


async def test_back_and_forward_go_through_what_was_meant_and_not_what_was_typed(page: Page, service: Service) -> None:
    await search(page, "一")
    await box(page).fill("一二")
    await search(page, "二")
    await tab(page, "文档").click()
    await page.get_by_label("类型", exact=True).select_option("sheet")
    await settled(page)
    asked = len(service.asked)
    await page.go_back()
    await expect(page.get_by_label("类型", exact=True)).to_have_value("")
    await page.go_back()
    await expect(tab(page, "全部")).to_have_attribute("aria-selected", "true")
    await page.go_back()
    await expect(box(page)).to_have_value("一")
    await page.go_back()
    await expect(page.get_by_role("radio").first).to_be_visible()
    await expect(box(page)).to_have_value("")
    for _ in range(4):
        await page.go_forward()
    await expect(page.get_by_label("类型", exact=True)).to_have_value("sheet")
    await expect(tab(page, "文档")).to_have_attribute("aria-selected", "true")
    await expect(box(page)).to_have_value("二")
    await expect(hits(page)).to_have_count(3)
    # What an entry of the history showed is kept with it.
    assert len(service.asked) == asked


async def test_back_restores_loaded_pages_scroll_and_focus(page: Page, service: Service) -> None:
    service.search = paged(*MANY)
    await search(page, "预算")
    for count in (40, 60):
        await page.get_by_role("button", name="加载更多").click()
        await expect(hits(page)).to_have_count(count)
    await names(page).nth(45).scroll_into_view_if_needed()
    await page.wait_for_function("window.scrollY > 1000")
    scroll = await page.evaluate("window.scrollY")
    await names(page).nth(45).click()
    await expect(page.locator(".place-title")).to_be_focused()
    await page.evaluate("window.scrollTo(0, 0)")
    await page.go_back()
    await expect(hits(page)).to_have_count(60)
    await expect(names(page).nth(45)).to_be_focused()
    assert await page.evaluate("window.scrollY") == pytest.approx(scroll, abs=2)


async def test_a_reload_shows_the_same_again(page: Page, service: Service) -> None:
    service.search = paged(*MANY)
    await search(page, "预算")
    await page.get_by_role("button", name="加载更多").click()
    await expect(hits(page)).to_have_count(40)
    await page.evaluate("window.scrollTo(0, 1200)")
    await page.reload()
    await expect(hits(page)).to_have_count(40)
    await page.wait_for_function("Math.abs(window.scrollY - 1200) < 3")


async def test_an_address_says_all_of_it_and_no_server_sees_it(page: Page, site: str, service: Service) -> None:
    await page.get_by_role("radio", name=re.compile("周文静")).check(force=True)
    await search(page, "预算")
    await tab(page, "消息").click()
    await page.get_by_label("时间", exact=True).select_option("7d")
    await page.get_by_label("排序", exact=True).select_option("newest")
    await names(page).nth(1).click()
    await expect(place(page).locator(".current")).to_be_visible()
    address = page.url
    assert "?" not in address
    await page.goto("about:blank")
    await page.goto(address)
    await expect(place(page).locator(".current")).to_contain_text("明天评审")
    await expect(box(page)).to_have_value("预算")
    await expect(page.get_by_label("以谁的身份搜索")).to_have_value("acme/u-1")
    last = service.asked[-1]
    assert (last["q"], last["verticals"], last["after"], last["sort"]) == ("预算", "messages", "7d", "newest")


async def test_from_a_place_one_comes_back_to_the_results(page: Page) -> None:
    await search(page, "评审")
    await names(page).nth(1).click()
    await names(page).first.click()
    await expect(page.locator(".place-title")).to_have_text("一份文档 doc-1")
    await page.get_by_role("link", name="返回结果").click()
    await expect(place(page)).to_be_hidden()
    await expect(names(page).nth(1)).to_be_focused()
    # Where there are no results to go back to, they are asked for.
    address = await names(page).nth(1).get_attribute("href")
    await page.goto("about:blank")
    await page.goto(f"{page.url}")
    await page.go_back()
    await page.evaluate("(address) => location.assign(address)", address)
    await expect(place(page)).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(place(page)).to_be_hidden()
    await expect(hits(page)).to_have_count(3)


async def test_hits_are_links_that_also_open_elsewhere(page: Page) -> None:
    await search(page, "评审")
    async with page.context.expect_page() as opened:
        await names(page).nth(1).click(modifiers=["ControlOrMeta"])
    other = await opened.value
    assert other.url.startswith(page.url.partition("#")[0] + "#open=messages")
    await expect(place(page)).to_be_hidden()
    await other.close()


async def test_text_can_be_selected_without_opening_and_a_click_beside_it_opens(page: Page) -> None:
    await search(page, "评审")
    snippet = page.locator(".snippet").first
    await snippet.dblclick(position={"x": 12, "y": 10})
    assert await page.evaluate("getSelection().toString().trim()")
    await expect(place(page)).to_be_hidden()
    await page.mouse.click(5, 5)
    await page.evaluate("getSelection().removeAllRanges()")
    await page.locator(".hit").first.click(position={"x": 300, "y": 20})
    await expect(place(page)).to_be_visible()


async def test_a_message_is_shown_in_its_conversation_with_earlier_ones_on_demand(page: Page, service: Service) -> None:
    await search(page, "评审")
    await names(page).nth(1).click()
    await expect(place(page).locator(".said")).to_have_count(2)
    service.context = lambda id: {
        "message": pagekit.said(id, "什么时候评审", 2),
        "before": [pagekit.said(f"e-{n}", f"更早 {n}", n - 30) for n in range(20)],
        "after": [],
        "has_more_before": False,
        "has_more_after": True,
        "title": "平台周会",
    }
    await page.get_by_role("button", name="更早的消息").click()
    await expect(place(page).locator(".said")).to_have_count(22)
    await expect(page.get_by_role("button", name="更早的消息")).to_be_hidden()
    assert "body" not in await pagekit.focused(page)


async def test_filters_are_picked_by_typing_and_taken_away(page: Page, service: Service) -> None:
    found = [
        {
            "kind": "person",
            "vertical": "contacts",
            "id": f"u-{n}",
            "title": "<em>张</em>伟",
            "detail": f"{n} 部",
            "why": "pinyin",
            "fields": {},
            "text": f"from:u-{n} ",
            "token": f"from:u-{n}",
        }
        for n in (1, 2)
    ]
    service.suggest = {"suggestions": found}
    await search(page, "预算")
    who = page.get_by_role("combobox", name="按发送人筛选")
    await who.click()
    await who.press_sequentially("zhang")
    await expect(page.locator(".options [role=option]")).to_have_count(2)
    await expect(who).to_have_attribute("aria-activedescendant", re.compile("-0$"))
    await who.press("ArrowDown")
    await who.press("Enter")
    await expect(page.get_by_role("button", name="去掉发送人 张伟")).to_be_focused()
    await settled(page)
    assert service.asked[-1]["from"] == "u-2"
    await page.reload()
    await expect(page.get_by_role("button", name="去掉发送人 张伟")).to_be_visible()
    await page.get_by_role("button", name="去掉发送人 张伟").click()
    await expect(who).to_be_focused()
    await page.get_by_label("时间", exact=True).select_option("custom")
    await page.get_by_label("晚于").fill("2026-02-01")
    await settled(page)
    assert service.asked[-1]["after"] == "2026-02-01"
    await page.get_by_role("button", name="清除筛选").click()
    await settled(page)
    assert not {"from", "after"} & set(service.asked[-1])
    assert re.search("^(select|input|button|p) ", await pagekit.focused(page))


async def test_two_people_differ_where_it_says_so_and_share_their_tabs(page: Page, service: Service) -> None:
    both, one, other = hit("both"), hit("mine"), hit("theirs")

    async def by_caller(asked: dict[str, object]) -> dict[str, object]:
        return answer(both, one)

    service.search = by_caller
    await search(page, "预算")
    seen = iter([answer(both, one), answer(both, other)] * 4)
    service.search = lambda _: next(seen)
    await page.get_by_role("button", name="双人对比").click()
    await expect(page.locator(".differences")).to_have_text("两人都找到 1 条；仅林晓舟 1 条；仅周文静 1 条")
    columns = page.locator(".column")
    await expect(columns.nth(0).locator(".only .flag-only")).to_have_text("仅林晓舟可见")
    await expect(columns.nth(1).locator(".only .name")).to_have_text("一份文档 theirs")
    await columns.nth(1).get_by_role("tab", name="文档").click()
    for column in (0, 1):
        selected = columns.nth(column).get_by_role("tab", name="文档")
        await expect(selected).to_have_attribute("aria-selected", "true")
    await page.get_by_role("button", name="退出对比").click()
    await expect(columns).to_have_count(1)
    await expect(page.locator(".flag-only")).to_have_count(0)
