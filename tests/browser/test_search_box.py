"""`<office-search-box>` in a real browser, in a host page that means it no good, against the demo.

The host is examples/embed.html, on an origin of its own: two boxes, one of them inside of another shadow root. What
browsers other than Chromium do with keys and input methods is replayed event by event.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import boxkit
import pytest
from boxkit import (
    FIRST,
    SEARCH,
    SECOND,
    SUGGEST,
    VERTICALS,
    Watched,
    answer,
    answered,
    declared,
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


async def focused(host: Watched) -> str:
    """Where the focus is, down through shadow roots."""
    return str(
        await host.page.evaluate(
            """() => { let at = document.activeElement, path = [];
            while (at) { path.push(at.id || at.localName); at = at.shadowRoot?.activeElement; }
            return path.join(' ') }"""
        )
    )


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
    await host.box().press_sequentially("yusuan", delay=15)
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


# --- Input methods: whose key is it? ---------------------------------------------------------------------------------

KEYS = {"Enter": 13, "Escape": 27, "Tab": 9, "ArrowDown": 40, "ArrowUp": 38}
START = [("compositionstart", {}), ("input", {"isComposing": True})]
END = ("compositionend", {"data": "预算"})
# In which order a browser tells of the key that ends a composition, and of its end.
ORDERS: dict[str, Any] = {
    "Chromium": lambda key: [*START, ("keydown", {"key": "Process", "keyCode": 229, "isComposing": True}), END],
    "Firefox": lambda key: [
        *START,
        ("keydown", {"key": "Process", "keyCode": 229, "isComposing": True}),
        END,
        ("input", {}),
    ],
    "Safari": lambda key: [*START, END, ("keydown", {"key": key, "keyCode": 229})],
    "Safari, with the key's own code": lambda key: [*START, END, ("keydown", {"key": key, "keyCode": KEYS[key]})],
    "in the middle": lambda key: [*START, ("keydown", {"key": key, "keyCode": KEYS[key], "isComposing": True}), END],
}
REPLAY = """([input, steps]) => {
  const classes = {keydown: KeyboardEvent, input: InputEvent};
  return steps.map(([name, init]) => {
    const way = {bubbles: true, composed: true, cancelable: true};
    const event = new (classes[name] ?? CompositionEvent)(name, {...way, ...init});
    if (init.keyCode) Object.defineProperty(event, 'keyCode', {value: init.keyCode});
    input.dispatchEvent(event);
    return event.defaultPrevented;
  });
}"""


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
async def test_a_key_of_an_input_method_does_nothing(host: Watched, order: Any) -> None:
    await host.type("yusuan")
    input = await host.box().element_handle()
    for key in KEYS:
        await host.box().press("ArrowDown")
        state = [await host.box().get_attribute(name) for name in ("aria-expanded", "aria-activedescendant")]
        assert not any(await host.page.evaluate(REPLAY, [input, order(key)])), key
        assert await host.page.locator("#log li").count() == 0, key
        await expect(host.box()).to_have_value("yusuan")
        await expect(host.box()).to_be_focused()
        # An end of a composition is the user's text: what was chosen before is not any more.
        after = [await host.box().get_attribute(name) for name in ("aria-expanded", "aria-activedescendant")]
        assert after in (state, [state[0], None]), key


async def test_a_key_after_a_composition_is_the_users_again(host: Watched) -> None:
    await host.type("yusuan")
    await host.page.evaluate(REPLAY, [await host.box().element_handle(), [*START, END]])
    await host.box().press("ArrowDown")
    await expect(host.box()).to_have_attribute("aria-activedescendant", "option-0")


async def test_nothing_is_sent_while_an_input_method_composes(host: Watched) -> None:
    """With the browser's own composition, not a replayed one."""
    await host.box().click()
    await host.settled()
    asked = len(host.asked)
    session = await host.page.context.new_cdp_session(host.page)
    for part in ("y", "yu", "yu s", "yu suan"):
        await session.send(
            "Input.imeSetComposition", {"text": part, "selectionStart": len(part), "selectionEnd": len(part)}
        )
    await expect(host.box()).to_have_value("yu suan")
    # Longer than typing has to rest.
    await host.page.evaluate("new Promise((done) => setTimeout(done, 250))")
    assert len(host.asked) == asked
    await session.send("Input.insertText", {"text": "预算"})
    await expect(host.page.locator(FIRST).locator(".option-search")).to_contain_text("预算")
    assert host.texts()[asked:] == ["预算"]


# --- Shortcuts -------------------------------------------------------------------------------------------------------


async def test_a_shortcut_leads_to_the_box_that_has_it(host: Watched) -> None:
    await host.page.locator("main").click()
    await host.page.keyboard.press("/")
    assert "box" not in await focused(host)
    await host.page.keyboard.press("ControlOrMeta+k")
    await expect(host.box()).to_be_focused()


@pytest.mark.parametrize(
    ("key", "code", "leads"),
    [("/", "Slash", True), ("、", "Slash", True), ("-", "Slash", False), ("/", "Digit7", True)],
)
async def test_the_slash_is_known_by_its_key_under_any_input_method(
    host: Watched, key: str, code: str, leads: bool
) -> None:
    await host.page.locator(FIRST).evaluate("box => box.setAttribute('shortcut', '/')")
    await host.page.evaluate(
        "([key, code]) => document.body.dispatchEvent("
        "new KeyboardEvent('keydown', {key, code, bubbles: true, cancelable: true}))",
        [key, code],
    )
    assert (await focused(host) == "box input") is leads


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


async def test_an_answer_for_somebody_else_clears_everything(host: Watched) -> None:
    await answered(host.page, VERTICALS, declared(), headers={"X-Caller": "one"})
    await answered(host.page, SUGGEST, suggestions(suggestion("我的秘密")), headers={"X-Caller": "one"})
    await host.box().fill("我的")
    await expect(host.rows().first).to_contain_text("我的秘密")
    await host.page.evaluate(
        "document.addEventListener('office-reset', () => document.body.setAttribute('data-reset', ''))"
    )
    await answered(host.page, VERTICALS, declared(), headers={"X-Caller": "another"})
    await answered(host.page, SUGGEST, suggestions(suggestion("别人")), headers={"X-Caller": "another"})
    await host.box().fill("我的东西")
    await expect(host.rows().first).to_contain_text("别人")
    await expect(host.page.locator("body[data-reset]")).to_have_count(1)
    await host.box().fill("我的")
    await expect(host.rows().first).to_contain_text("别人")
    assert "我的秘密" not in await host.page.locator(FIRST).inner_text()


async def test_answers_for_ever_other_callers_do_not_go_round(host: Watched) -> None:
    """As from two processes of a service that has no key of its own for `X-Caller`."""
    callers = iter(range(1000))

    async def each_another(route: Route) -> None:
        body = declared() if "verticals" in route.request.url else suggestions(suggestion("谁"))
        await boxkit.give(route, body, headers={"X-Caller": str(next(callers))})

    await host.page.route(re.compile("/v1/(suggest|verticals)"), each_another)
    await host.box().fill("谁")
    await host.page.evaluate("new Promise((done) => setTimeout(done, 500))")
    assert len(host.asked) <= 3


async def test_another_token_source_is_another_identity(host: Watched) -> None:
    await host.type("zhangwei")
    await host.page.locator(FIRST).evaluate("box => { box.getToken = async () => 'nobody' }")
    await expect(host.rows()).to_have_count(0)
    await host.box().fill("zhangwei ")
    await expect(host.page.locator(FIRST).locator(".note", has_text="登录已过期")).to_be_visible()
    await expect(host.log("office-error 401")).to_have_count(1)


# --- What went wrong, and calm ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "kind", "said"),
    [
        (403, "caller-not-active", "账号不可用"),
        (403, "module-missing", "没有权限"),
        (503, "unavailable", "暂时不可用"),
        (500, "unexpected", "没有成功"),
    ],
)
async def test_an_error_is_told_in_the_users_words_and_what_was_there_stays(
    host: Watched, status: int, kind: str, said: str
) -> None:
    await host.type("yusuan")
    before = await host.rows().first.inner_text()
    await answered(host.page, SUGGEST, problem(status, kind), status)
    await host.box().fill("yusuanb")
    note = host.page.locator(FIRST).locator(".note")
    await expect(note).to_contain_text(said)
    assert "English" not in await note.inner_text()
    assert await host.rows().first.inner_text() == before
    await host.page.unroute(SUGGEST)
    await host.box().press("Backspace")
    await expect(note).to_be_hidden()


async def test_too_many_requests_count_down_and_go_on(host: Watched) -> None:
    await host.page.clock.install()
    await answered(host.page, SUGGEST, problem(429, "too-many-requests"), 429, {"Retry-After": "3"})
    await host.box().fill("预算")
    await host.page.clock.run_for(100)
    await expect(host.page.locator(FIRST).get_by_text("3 秒后")).to_be_visible()
    await host.page.clock.run_for(1000)
    await expect(host.page.locator(FIRST).get_by_text("2 秒后")).to_be_visible()
    await host.page.unroute(SUGGEST)
    await host.page.clock.run_for(3000)
    await expect(host.rows().first).to_be_visible()
    await expect(host.page.locator(FIRST).locator(".note")).to_be_hidden()


async def test_goes_on_when_the_network_is_back(host: Watched) -> None:
    await host.type("yusuan")
    await host.page.context.set_offline(True)
    await host.box().fill("预算")
    await expect(host.page.locator(FIRST).locator(".note", has_text="没有网络")).to_be_visible()
    await host.page.context.set_offline(False)
    await expect(host.page.locator(FIRST).locator(".note")).to_be_hidden()
    await expect(host.page.locator(FIRST).locator(".option-search")).to_contain_text("预算")


async def test_rows_stay_where_they_are_under_a_pressed_pointer(host: Watched) -> None:
    release = asyncio.Event()

    async def slow(route: Route) -> None:
        if route.request.method == "POST":
            await release.wait()
        await boxkit.give(route, suggestions(suggestion("新的")))

    await host.type("zhangwei")
    before = (await host.rows().first.inner_text()).splitlines()[0]
    await host.page.route(SUGGEST, slow)
    async with host.page.expect_request(SUGGEST):
        await host.box().fill("zhang")
    at = await host.rows().first.bounding_box()
    assert at
    await host.page.mouse.move(at["x"] + 20, at["y"] + 10)
    await host.page.mouse.down()
    async with host.page.expect_response(SUGGEST):
        release.set()
    await host.page.evaluate("new Promise(requestAnimationFrame)")
    assert (await host.rows().first.inner_text()).splitlines()[0] == before
    await host.page.mouse.up()
    await expect(host.log("office-open contacts/")).to_have_count(1)
    assert "u-新的" not in await host.log("office-open").inner_text()


async def test_the_region_that_is_read_out_says_one_thing_a_pause(host: Watched) -> None:
    await answered(host.page, SUGGEST, suggestions())
    await host.page.locator(FIRST).evaluate(
        """box => { const region = box.shadowRoot.querySelector('[role=status]'); window.heard = [];
        const all = {childList: true, characterData: true, subtree: true};
        new MutationObserver(() => heard.push(region.textContent)).observe(region, all) }"""
    )
    await host.box().press_sequentially("没有的", delay=15)
    await expect(host.page.locator(FIRST).locator("[role=status]")).to_have_text("没有建议")
    assert await host.page.evaluate("heard") == ["没有建议"]
    assert await host.page.locator(FIRST).locator("[role=status], [aria-live]").count() == 1


async def test_nothing_of_an_answer_can_break_the_rows(host: Watched) -> None:
    found = [
        suggestion("<img src=x onerror=alert(1)><em>张</em>三"),
        suggestion("\u202egnp.exe", id="u-2"),
        {**suggestion("坏", id="u-3"), "fields": None, "detail": {"no": "text"}},
        suggestion("😀" * 300, id="u-4"),
    ]
    await answered(host.page, SUGGEST, suggestions(*found))
    await host.box().fill("x")
    await expect(host.rows()).to_have_count(5)
    assert await host.page.locator(FIRST).locator("[role=option] :is(img, script)").count() == 0
    titles = await host.page.locator(FIRST).locator(".option bdi:first-child").all_inner_texts()
    assert "<img src=x onerror=alert(1)>张三" in titles
    assert not any("\u202e" in title for title in titles)
    wide = await host.page.locator(FIRST).evaluate(
        "box => box.shadowRoot.querySelector('.list').scrollWidth <= box.clientWidth"
    )
    assert wide


# --- Opening ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "is_link"),
    [("https://docs.example/d", True), ("javascript:alert(1)", False), ("data:text/html,x", False), (7, False)],
)
async def test_only_web_addresses_become_links(host: Watched, url: object, is_link: bool) -> None:
    await host.page.locator(FIRST).evaluate("box => { box.hrefOf = null }")
    await answered(host.page, VERTICALS, declared())
    await answered(host.page, SEARCH, answer(hit(fields={"kind": "doc", "url": url})))
    await host.box().fill("x")
    await host.box().press("Enter")
    row = host.page.locator(FIRST).locator(".option-hit")
    await expect(row).to_be_visible()
    assert await row.get_attribute("href") == (url if is_link else None)


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


async def test_pictures_come_from_listed_hosts_alone(host: Watched) -> None:
    """They tell their host nothing of the page."""
    addresses = {
        "u-1": "https://pictures.example/1.png",
        "u-2": "https://elsewhere.example/2.png",
        "u-3": "http://pictures.example/3.png",
        "u-4": "https://pictures.example.evil.example/4.png",
        "u-5": "https://a.img.example/5.png",
    }
    await host.page.route("**/*.png", lambda route: route.fulfill(body=boxkit.PIXEL, content_type="image/png"))
    await answered(host.page, VERTICALS, declared(picture_hosts=["pictures.example", "*.img.example"]))
    found = [suggestion(id, id=id, fields={"kind": "user", "avatar_url": url}) for id, url in addresses.items()]
    await answered(host.page, SUGGEST, suggestions(*found))
    await host.box().fill("u")
    await expect(host.page.locator(FIRST).locator(".option-person")).to_have_count(5)
    await expect(host.page.locator(FIRST).locator("img")).to_have_count(2)
    await expect(host.page.locator(FIRST).locator("span.avatar")).to_have_count(3)
    asked = [request for request in host.requests if request.url.endswith(".png")]
    assert {request.url for request in asked} == {addresses["u-1"], addresses["u-5"]}
    assert not any([await request.header_value("Referer") for request in asked])


async def test_a_picture_that_does_not_come_leaves_the_initial(host: Watched) -> None:
    await host.page.route("**/*.png", lambda route: route.fulfill(status=404))
    await answered(host.page, VERTICALS, declared(picture_hosts=["pictures.example"]))
    person = suggestion("张三", fields={"kind": "user", "avatar_url": "https://pictures.example/1.png"})
    await answered(host.page, SUGGEST, suggestions(person))
    await host.box().fill("u")
    await expect(host.page.locator(FIRST).locator("span.avatar")).to_have_text("三")
    await expect(host.page.locator(FIRST).locator("img")).to_have_count(0)


async def test_recent_searches_can_be_removed(host: Watched) -> None:
    own = suggestion(kind="query", vertical=None, id=None, title="预算", text="预算", detail="", fields={})
    await answered(host.page, SUGGEST, suggestions(own, suggestion("张三")))
    await answered(host.page, "**/v1/recent", {"recent": [{"id": "r-1", "text": "预算", "at": "2026-03-02T09:00:00Z"}]})
    await host.page.route("**/v1/recent/r-1", lambda route: boxkit.give(route, {}, 200))
    await host.box().click()
    await expect(host.page.locator(FIRST).get_by_role("group", name="最近搜索")).to_be_visible()
    await host.box().press("ArrowDown")
    async with host.page.expect_request(
        lambda request: request.method == "DELETE" and request.url.endswith("/v1/recent/r-1")
    ):
        await host.box().press("Shift+Delete")
    await expect(host.page.locator(FIRST).get_by_role("group", name="最近搜索")).to_have_count(0)
    await host.page.locator(FIRST).evaluate("box => box.setAttribute('history', 'off')")
    await host.box().press("Escape")
    await host.box().click()
    await expect(host.rows().first).to_contain_text("张三")
    await expect(host.page.locator(FIRST).get_by_role("group", name="最近搜索")).to_have_count(0)


# --- The host's style ------------------------------------------------------------------------------------------------

STYLES = """box => [...box.shadowRoot.querySelectorAll('*')].map((one) => {
  const style = getComputedStyle(one);
  return one.localName + '.' + (one.getAttribute('class') ?? '') + ' ' + ['display', 'color', 'fontSize', 'fontFamily',
    'lineHeight', 'visibility', 'opacity', 'textAlign', 'letterSpacing', 'boxSizing', 'cursor', 'direction']
    .map((name) => style[name]).join('|');
})"""


async def test_a_hosts_style_changes_nothing_inside(host: Watched) -> None:
    await host.type("yusuan")
    hostile = await host.page.locator(FIRST).evaluate(STYLES)
    await host.page.evaluate("for (const sheet of document.styleSheets) sheet.disabled = true")
    # Set by the host as it may be: with the page's other styles it is gone, too.
    await host.page.locator(FIRST).evaluate("box => box.style.setProperty('--office-search-accent', '#6b3fd6')")
    plain = await host.page.locator(FIRST).evaluate(STYLES)
    assert len(hostile) > 30
    assert hostile == plain
