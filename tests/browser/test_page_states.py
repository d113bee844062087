"""What the page says when something is missing, wrong, late or not allowed, in both languages; and how it goes on."""

from __future__ import annotations

import asyncio
import re

import pagekit
from pagekit import Held, Refused, Service, answer, box, hit, hits, message, names, paged, place, search, tab
from playwright.async_api import Browser, Locator, Page, expect

PROBLEMS: dict[str, tuple[Refused, str, str]] = {
    "expired": (Refused(401, "token-refused"), "登录已过期", "Your sign-in has expired"),
    "disabled": (Refused(403, "caller-not-active"), "账号不可用", "Your account is not active"),
    "module": (Refused(403, "module-missing"), "没有权限搜索这一类", "Your role may not search this kind"),
    "wrong": (Refused(422, "invalid"), "这样搜索不了", "This cannot be searched for"),
    "down": (Refused(503, "unavailable"), "搜索服务暂时不可用", "The search service is not available just now"),
    "failed": (Refused(500), "搜索没有成功", "The search did not succeed"),
    "silent": (Refused(0), "连接不上搜索服务", "The search service cannot be reached"),
}


def state(page: Page) -> Locator:
    return page.locator(".state-title")


async def test_each_problem_is_told_in_ones_own_language(page: Page, service: Service) -> None:
    for index, (refused, chinese, english) in enumerate(PROBLEMS.values()):
        service.search = refused
        await search(page, f"第 {index}")
        await expect(state(page)).to_have_text(chinese)
        # The service's own texts are for developers.
        await expect(page.get_by_text("In English, for developers.")).to_have_count(0)
        await page.get_by_role("button", name="English").click()
        await search(page, f"no. {index}")
        await expect(state(page)).to_have_text(english)
        await page.get_by_role("button", name="中文").click()


async def test_a_retry_asks_again_and_keeps_the_focus(page: Page, service: Service) -> None:
    service.search = Refused(503, "unavailable")
    await search(page, "预算")
    service.search = answer(hit())
    await page.get_by_role("button", name="重试").click()
    await expect(hits(page)).to_have_count(1)
    assert "body" not in await pagekit.focused(page)


async def test_a_retry_that_takes_long_keeps_the_focus(page: Page, service: Service) -> None:
    service.search = Refused(503, "unavailable")
    await search(page, "预算")
    held = service.search = Held(answer(hit()))
    await page.get_by_role("button", name="重试").click()
    await expect(page.locator(".bones").first).to_be_visible()
    assert "body" not in await pagekit.focused(page)
    held.let_go()
    await expect(hits(page)).to_have_count(1)


async def test_an_error_keeps_what_was_there(page: Page, service: Service) -> None:
    """Dimmed and below what went wrong, as it answers an earlier question."""
    service.search = answer(hit("doc-1"), hit("doc-2"))
    await search(page, "预算")
    service.search = Refused(503, "unavailable")
    await search(page, "别的")
    await expect(page.locator(".note-warn")).to_contain_text("暂时不可用")
    await expect(hits(page)).to_have_count(2)
    await expect(page.locator(".column.stale")).to_have_count(1)
    service.search = answer(hit("doc-3"))
    await page.get_by_role("button", name="重试").click()
    await expect(hits(page)).to_have_count(1)
    await expect(page.locator(".column.stale, .note-warn")).to_have_count(0)
    assert "body" not in await pagekit.focused(page)


async def test_an_error_after_a_long_wait_leaves_no_grey_shapes(page: Page, service: Service) -> None:
    release = asyncio.Event()

    async def late() -> Refused:
        await release.wait()
        return Refused(503, "unavailable")

    service.search = lambda _: late()
    await box(page).fill("预算")
    await box(page).press("Enter")
    await expect(page.locator(".bones").first).to_be_visible()
    release.set()
    await expect(state(page)).to_have_text("搜索服务暂时不可用")
    await expect(page.locator(".bones")).to_have_count(0)


async def test_a_place_that_is_not_there_is_called_so(page: Page, service: Service, site: str) -> None:
    service.context = Refused(404, "not-found")
    await page.goto(f"{site}#open=messages/nope")
    await expect(page.locator(".place-title")).to_have_text("找不到了")


async def test_too_many_counts_down_and_goes_on_by_itself(page: Page, service: Service, site: str) -> None:
    await page.clock.install()
    await page.goto(site)
    service.search = Refused(429, "too-many-requests", {"Retry-After": "3"})
    await search(page, "预算")
    await expect(page.locator(".wait")).to_have_text("3 秒后自动重试")
    service.search = answer(hit())
    await page.clock.run_for(1500)
    await expect(page.locator(".wait")).to_have_text("2 秒后自动重试")
    await page.clock.run_for(2000)
    await expect(hits(page)).to_have_count(1)


async def test_offline_goes_on_when_the_connection_is_back(page: Page, service: Service) -> None:
    await page.context.set_offline(True)
    service.search = Refused(0)
    await box(page).fill("预算")
    await box(page).press("Enter")
    await expect(state(page)).to_have_text("没有网络")
    await expect(page.locator(".wait")).to_have_text("恢复连接后自动重试")
    service.search = answer(hit())
    await page.context.set_offline(False)
    await expect(hits(page)).to_have_count(1)


async def test_nothing_found_partial_denied_and_a_correction_say_so(page: Page, service: Service) -> None:
    await search(page, "没有的")
    await expect(state(page)).to_have_text("没有找到结果")
    service.search = answer(hit(), failed=["messages"], partial=True, denied=["apps"])
    await search(page, "一部分")
    await expect(page.get_by_text("消息没有及时返回，其余结果照常显示。")).to_be_visible()
    await expect(page.get_by_text("你的角色不能搜索：应用")).to_be_visible()
    service.search = answer(hit(), query={"text": "", "filters": {}, "corrected": "预算"})
    await page.locator(".note-warn").get_by_role("button", name="重试").click()
    await page.get_by_role("button", name="预算", exact=True).click()
    await expect(box(page)).to_have_value("预算")
    assert service.asked[-1]["q"] == "预算"
    service.search = answer(denied=["apps"])
    await tab(page, "应用").click()
    await expect(state(page)).to_have_text("你的角色不能搜索这一类")


async def test_old_rows_stay_dimmed_until_new_ones_come(page: Page, service: Service) -> None:
    await search(page, "没有的")
    held = Held(answer(hit("doc-1")))
    service.search = held
    await box(page).fill("一")
    await box(page).press("Enter")
    await expect(page.locator(".bones").first).to_be_visible()
    held.let_go()
    await expect(names(page)).to_have_text(["一份文档 doc-1"])
    held = service.search = Held(answer(hit("doc-2")))
    await box(page).fill("二")
    await box(page).press("Enter")
    await expect(page.locator(".column[aria-busy]")).to_have_count(1)
    await expect(page.locator(".hits")).to_have_css("opacity", "0.55")
    await expect(names(page)).to_have_text(["一份文档 doc-1"])
    held.let_go()
    await expect(names(page)).to_have_text(["一份文档 doc-2"])


async def test_only_the_last_question_counts(page: Page, service: Service) -> None:
    late = service.search = Held(answer(hit("late")))
    await box(page).fill("一")
    await box(page).press("Enter")
    service.search = answer(hit("doc-2"))
    await search(page, "二")
    late.let_go()
    await expect(names(page)).to_have_text(["一份文档 doc-2"])


async def test_a_retry_of_the_second_page_loads_the_second_page(page: Page, service: Service) -> None:
    pages = paged([hit(f"a-{n}") for n in range(20)], [hit(f"b-{n}") for n in range(20)], [hit("c")])
    service.search = pages
    await search(page, "预算")
    service.search = Refused(503, "unavailable")
    await page.get_by_role("button", name="加载更多").click()
    await expect(page.get_by_text(re.compile("搜索服务暂时不可用"))).to_be_visible()
    await expect(hits(page)).to_have_count(20)
    service.search = pages
    await page.get_by_role("button", name="重试").click()
    await expect(hits(page)).to_have_count(40)
    assert service.asked[-1]["cursor"] == "1"
    await expect(names(page).nth(20)).to_be_focused()


async def test_more_keeps_its_place_and_leads_to_the_first_new_one(page: Page, service: Service) -> None:
    service.search = paged([hit(f"a-{n}") for n in range(20)], [hit("b")])
    await search(page, "预算")
    more = page.get_by_role("button", name="加载更多")
    await more.scroll_into_view_if_needed()
    before = await names(page).nth(19).bounding_box()
    await more.click()
    await expect(names(page).nth(20)).to_be_focused()
    assert await names(page).nth(19).bounding_box() == before
    await expect(page.get_by_text("已经到底了")).to_be_visible()


async def test_the_start_offers_examples_and_recent_searches(page: Page, service: Service) -> None:
    texts = ["预算", "评审 张伟"]
    service.recent = {
        "recent": [{"id": f"r-{n}", "text": text, "at": "2026-03-02T09:15:04Z"} for n, text in enumerate(texts)]
    }
    await page.reload()
    await expect(page.locator(".own-text")).to_have_text(texts)
    await page.get_by_role("button", name="删除最近搜索 预算").click()
    await expect(page.locator(".own-text")).to_have_text(texts[1:])
    assert "body" not in await pagekit.focused(page)
    await page.get_by_role("button", name="评审 张伟", exact=True).click()
    await pagekit.settled(page)
    assert service.removed == ["recent/r-0"]
    assert service.asked[-1]["q"] == "评审 张伟"


async def test_what_was_meant_seen_and_opened_is_told(page: Page, service: Service) -> None:
    service.search = answer(hit("doc-1"), message("m-1"))
    async with page.expect_request("**/v1/clicks"):
        await search(page, "预算")
    async with page.expect_request("**/v1/clicks"):
        await names(page).nth(1).click()
    told = [(one["action"], one.get("id"), one.get("position")) for one in service.clicked]
    assert told == [
        ("submit", None, None),
        ("impression", "doc-1", 0),
        ("impression", "m-1", 1),
        ("open", "m-1", 1),
    ]
    assert {one["query_id"] for one in service.clicked} == {pagekit.QUERY_ID}


async def test_another_caller_leaves_nothing_of_the_one_before(page: Page, service: Service) -> None:
    service.search = answer(hit("secret"))
    await search(page, "预算")
    held = service.search = Held(answer(hit("open")))
    await page.get_by_label("以谁的身份搜索").select_option(index=1)
    await expect(hits(page)).to_have_count(0)
    held.let_go()
    await expect(names(page)).to_have_text(["一份文档 open"])
    held = service.search = Held(answer(hit("secret")))
    await page.go_back()
    await expect(page.get_by_text("open")).to_have_count(0)
    held.let_go()
    await expect(names(page)).to_have_text(["一份文档 secret"])


async def test_it_works_for_whoever_a_gateway_names(browser: Browser, site: str, service: Service) -> None:
    """Without demo callers there is nobody to choose, and no token; a hit's own link is followed."""
    service.search = answer(hit(fields={"kind": "doc", "url": f"{site}page.css"}), message())
    async with pagekit.opened(browser, site) as page:
        await service.serve(page)
        await page.route("**/demo/callers", lambda route: route.fulfill(status=404))
        await page.goto(site)
        async with page.expect_request("**/v1/search") as asked:
            await box(page).fill("预算")
            await box(page).press("Enter")
        assert "authorization" not in (await asked.value).headers
        await expect(names(page).first).to_have_attribute("href", f"{site}page.css")
        await expect(names(page).nth(1)).to_have_attribute("href", re.compile("^#open=messages"))
        await expect(page.get_by_role("button", name="双人对比")).to_be_hidden()
        await names(page).first.click()
        await page.wait_for_url("**/page.css")


async def test_the_callers_can_be_read_once_more(browser: Browser, site: str, service: Service) -> None:
    async with pagekit.opened(browser, site) as page:
        await service.serve(page)
        await page.route("**/demo/callers", lambda route: route.fulfill(status=503))
        await page.goto(f"{site}#q=预算")
        await expect(state(page)).to_have_text("搜索服务暂时不可用")
        await page.unroute("**/demo/callers")
        service.search = answer(hit())
        await page.get_by_role("button", name="重试").click()
        await expect(hits(page)).to_have_count(1)


async def test_a_place_that_cannot_be_read_says_so_and_can_be_tried_again(page: Page, service: Service) -> None:
    service.search = answer(message())
    await search(page, "评审")
    service.context = Refused(404, "not-found")
    await names(page).first.click()
    await expect(place(page).locator(".state-title")).to_have_text("找不到了")
    await page.get_by_role("link", name="返回结果").click()
    service.context = Refused(503, "unavailable")
    await names(page).first.click()
    await expect(place(page).locator(".state-title")).to_have_text("搜索服务暂时不可用")
    said = pagekit.said("m-1", "明天评审", 4)
    service.context = {
        "message": said,
        "before": [],
        "after": [],
        "has_more_before": False,
        "has_more_after": False,
        "title": "平台周会",
    }
    await place(page).get_by_role("button", name="重试").click()
    await expect(place(page).locator(".current")).to_contain_text("明天评审")
