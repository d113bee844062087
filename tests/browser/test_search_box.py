"""`<office-search-box>` in a real browser, in a host page that means it no good, against the demo.

The host is examples/embed.html, on an origin of its own: two boxes, one of them inside of another shadow root.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import boxkit
import pytest
from boxkit import (
    FIRST,
    SEARCH,
    SECOND,
    SUGGEST,
    Watched,
    answer,
    answered,
    hit,
    problem,
    suggestion,
    suggestions,
)
from playwright.async_api import Browser, Route, expect

BOTH = pytest.mark.parametrize("of", [FIRST, SECOND])


@pytest.fixture
async def host(browser: Browser, host_url: str) -> AsyncIterator[Watched]:
    async with boxkit.opened(browser, host_url) as watched:
        yield watched


# --- Typing, choosing, leaving ---------------------------------------------------------------------------------------


@BOTH
async def test_suggests_while_one_types_and_keeps_the_focus(host: Watched, of: str) -> None:
    box = host.box(of)
    await host.type("yusuan", of)
    await expect(box).to_have_attribute("aria-expanded", "true")
    rows = await host.rows(of).count()
    assert rows >= 2
    for step in range(rows):
        await box.press("ArrowDown")
        await expect(host.active(of)).to_have_count(1)
        active = await box.get_attribute("aria-activedescendant")
        assert active == f"option-{step}"
    await box.press("ArrowDown")
    await expect(box).to_have_attribute("aria-activedescendant", "option-0")
    await box.press("ArrowUp")
    await expect(box).to_have_attribute("aria-activedescendant", f"option-{rows - 1}")
    await expect(box).to_be_focused()


async def test_people_are_found_by_pinyin_in_groups_with_names(host: Watched) -> None:
    await host.type("zhangwei")
    group = host.page.locator(FIRST).get_by_role("group", name="联系人")
    await expect(group.get_by_role("option").first).to_contain_text("张伟")


@BOTH
async def test_enter_opens_what_is_active_and_tells_the_host(host: Watched, of: str) -> None:
    await host.type("yusuan", of)
    await host.box(of).press("ArrowDown")
    await host.box(of).press("Enter")
    await expect(host.log("office-open")).to_contain_text("position=0 source=suggestion")
    await expect(host.box(of)).to_have_attribute("aria-expanded", "false")
    await expect(host.box(of)).to_be_focused()


@BOTH
async def test_enter_searches_where_nothing_is_active(host: Watched, of: str) -> None:
    await host.box(of).fill("预算")
    await host.box(of).press("Enter")
    await expect(host.log("office-search")).to_contain_text("预算 source=enter")
    await expect(host.page.locator(of).locator(".option-hit").first).to_be_visible()
    searched = host.asked[-1]
    assert searched["q"] == "预算"
    assert searched["timezone"]
    assert searched.get("verticals") == (None if of == FIRST else "docs,apps")


async def test_escape_closes_first_and_clears_second_and_can_be_undone(host: Watched) -> None:
    await host.type("预算")
    await host.box().press("Escape")
    await expect(host.box()).to_have_attribute("aria-expanded", "false")
    await expect(host.box()).to_have_value("预算")
    await host.box().press("Escape")
    await expect(host.box()).to_have_value("")
    await expect(host.log("office-clear")).to_have_count(1)
    await host.page.keyboard.press("ControlOrMeta+z")
    await expect(host.box()).to_have_value("预算")


async def test_the_button_clears_and_can_be_undone(host: Watched) -> None:
    await host.type("预算")
    await host.page.locator(FIRST).get_by_role("button", name="清空").click()
    await expect(host.box()).to_have_value("")
    await expect(host.box()).to_be_focused()
    await host.page.keyboard.press("ControlOrMeta+z")
    await expect(host.box()).to_have_value("预算")


@BOTH
async def test_tab_leaves(host: Watched, of: str) -> None:
    await host.type("yusuan", of)
    await host.box(of).press("Shift+Tab")
    await expect(host.box(of)).to_have_attribute("aria-expanded", "false")
    await expect(host.box(of)).not_to_be_focused()


async def test_a_click_chooses_and_the_focus_stays(host: Watched) -> None:
    await host.type("zhangwei")
    await host.rows().first.click()
    await expect(host.log("office-open contacts/")).to_have_count(1)
    await expect(host.box()).to_be_focused()


async def test_an_operator_is_completed_and_typed_on(host: Watched) -> None:
    await host.box().fill("from:zhangwei")
    await expect(host.rows().first).to_contain_text("张伟")
    await host.box().press("ArrowDown")
    await host.box().press("Enter")
    await expect(host.box()).to_have_value(re.compile(r"^from:\S+ $"))
    await expect(host.log("office-open")).to_have_count(0)


# --- Asking ----------------------------------------------------------------------------------------------------------


async def test_asks_once_a_pause_and_never_again_for_the_same(host: Watched) -> None:
    await host.type_without_pause("yusuan")
    await host.settled()
    await expect(host.page.locator(FIRST).locator(".option-search")).to_contain_text("yusuan")
    assert host.texts() == ["yusuan"]
    await host.box().press("End")
    await host.box().press("Space")
    await host.box().press("Backspace")
    await host.type("预算")
    await host.type("yusuan")
    assert host.texts() == ["yusuan", "预算"], "what was answered a moment ago is not asked again"


async def test_a_late_answer_is_dropped(host: Watched) -> None:
    release = asyncio.Event()

    async def late(route: Route) -> None:
        if route.request.method == "POST" and route.request.post_data_json["q"] == "late":
            await release.wait()
            await boxkit.give(route, suggestions(suggestion("迟到")))
        else:
            await boxkit.give(route, suggestions(suggestion("准时")))

    await host.page.route(SUGGEST, late)
    async with host.page.expect_request(lambda request: "late" in (request.post_data or "")):
        await host.box().fill("late")
    await host.box().fill("now")
    await expect(host.rows().first).to_contain_text("准时")
    release.set()
    await host.type("then")
    await expect(host.rows().first).to_contain_text("准时")
    assert "迟到" not in await host.page.locator(FIRST).inner_text()


async def test_a_box_bound_to_a_conversation_searches_in_it_alone(host: Watched) -> None:
    await host.page.locator(FIRST).evaluate("box => box.setAttribute('conversation', 'c-1')")
    await answered(host.page, SEARCH, answer(hit("m-1", vertical="messages", title="项目群")))
    await host.box().fill("周会")
    await expect(host.rows()).to_have_count(1)
    assert [(one["q"], one.get("conversation")) for one in host.asked] == [("周会", "c-1")]


# --- Tokens and identities -------------------------------------------------------------------------------------------


async def test_one_renewal_serves_all_requests_that_were_refused(host: Watched) -> None:
    reasons = [request.url for request in host.requests if "/token?" in request.url]
    await host.type("yusuan")
    refused = 0

    async def expired(route: Route) -> None:
        nonlocal refused
        if route.request.method == "POST" and refused < 1:
            refused += 1
            await boxkit.give(route, problem(401, "token-refused"), 401)
        else:
            await route.continue_()

    await host.page.route(SUGGEST, expired)
    await host.type("预算")
    reasons = [request.url.partition("reason=")[2] for request in host.requests if "/token?" in request.url]
    assert reasons == ["initial", "expired"]


async def test_the_token_is_nowhere_but_in_the_header(host: Watched) -> None:
    await host.type("zhangwei")
    await host.box().press("Enter")
    await expect(host.page.locator(FIRST).locator(".option-hit").first).to_be_visible()
    sent = [request for request in host.requests if "/v1/" in request.url and request.method != "OPTIONS"]
    tokens = {str(await request.header_value("Authorization")).removeprefix("Bearer ") for request in sent}
    (token,) = tokens
    assert len(token) > 40
    stored = await host.page.evaluate(
        "JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, Object.keys(window)])"
    )
    shown = await host.page.evaluate(
        "(function all(root) { return [...root.querySelectorAll('*')].map((one) => one.cloneNode(false).outerHTML"
        " + (one.shadowRoot ? all(one.shadowRoot) : '')).join('') })(document)"
    )
    urls = " ".join(request.url for request in host.requests)
    assert token not in f"{stored}{shown}{urls}{host.said}"


async def test_another_origin_gets_no_token(host: Watched, demo_url: str) -> None:
    """Whoever can set an attribute cannot lead the token elsewhere; nor can a redirect."""
    await host.type("yusuan")
    other = demo_url.replace("127.0.0.1", "localhost")
    before = len(host.requests)
    await host.page.locator(FIRST).evaluate("(box, other) => box.setAttribute('endpoint', other)", other)
    await expect(host.log("office-error 0")).to_have_count(1)
    await host.box().fill("预算")
    await host.box().press("Enter")
    assert not [request.url for request in host.requests[before:] if request.url.startswith(other)]
    await host.page.locator(FIRST).evaluate("(box, back) => box.setAttribute('endpoint', back)", demo_url)
    await host.type("预算")


async def test_a_redirect_is_not_followed(host: Watched, demo_url: str) -> None:
    other = demo_url.replace("127.0.0.1", "localhost")

    async def elsewhere(route: Route) -> None:
        if route.request.method == "OPTIONS":
            await route.continue_()
        else:
            await route.fulfill(
                status=307, headers={"Location": f"{other}v1/suggest", "Access-Control-Allow-Origin": "*"}
            )

    await host.page.route(SUGGEST, elsewhere)
    await host.box().fill("预算")
    await expect(host.page.locator(FIRST).locator(".note")).to_be_visible()
    assert not [request.url for request in host.requests if request.url.startswith(other)]


async def test_another_token_source_is_another_identity(host: Watched) -> None:
    await host.type("zhangwei")
    await host.page.locator(FIRST).evaluate("box => { box.getToken = async () => 'nobody' }")
    await expect(host.rows()).to_have_count(0)
    await host.box().fill("zhangwei ")
    await expect(host.page.locator(FIRST).locator(".note", has_text="登录已过期")).to_be_visible()
    await expect(host.log("office-error 401")).to_have_count(1)


# --- What went wrong, and calm ---------------------------------------------------------------------------------------


async def test_goes_on_when_the_network_is_back(host: Watched) -> None:
    await host.type("yusuan")
    await host.page.context.set_offline(True)
    await host.box().fill("预算")
    await expect(host.page.locator(FIRST).locator(".note", has_text="没有网络")).to_be_visible()
    await host.page.context.set_offline(False)
    await expect(host.page.locator(FIRST).locator(".note")).to_be_hidden()
    await expect(host.page.locator(FIRST).locator(".option-search")).to_contain_text("预算")


# --- Opening ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["Enter", "click"])
async def test_a_row_is_a_link_that_is_followed_unless_the_host_takes_it(
    browser: Browser, host_url: str, by: str
) -> None:
    async with boxkit.opened(browser, host_url) as host:
        await host.type("zhangwei")
        # This host lets go what its own listener would have taken over.
        await host.page.evaluate("addEventListener('office-open', (event) => event.stopImmediatePropagation(), true)")
        async with host.page.expect_navigation(url=re.compile("/open/contacts/")):
            if by == "click":
                await host.rows().first.click()
            else:
                await host.box().press("ArrowDown")
                await host.box().press("Enter")


async def test_a_click_with_a_modifier_is_the_browsers(host: Watched) -> None:
    await host.type("zhangwei")
    async with host.page.context.expect_page() as opened:
        await host.rows().first.click(modifiers=["ControlOrMeta"])
    other = await opened.value
    assert "/open/contacts/" in other.url
    await other.close()
    await expect(host.log("office-open")).to_have_count(0)


async def test_what_was_opened_is_told_to_the_service(host: Watched) -> None:
    await host.type("zhangwei")
    async with host.page.expect_request("**/v1/clicks") as told:
        await host.rows().first.click()
    (event,) = (await told.value).post_data_json
    assert (event["action"], event["vertical"], event["position"]) == ("open", "contacts", 0)
