"""What `<office-search-box>` makes of keys, answers, errors and a host's style; the answers are made up.

The host is the real page of examples/, the element the one that the service serves. What browsers other than Chromium
do with keys and input methods is replayed event by event.
"""

from __future__ import annotations

import asyncio
import re
from typing import Any

import boxkit
import pytest
from boxkit import (
    FIRST,
    SEARCH,
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
from playwright.async_api import Route, expect


@pytest.fixture
def host(host_with_answers: Watched) -> Watched:
    return host_with_answers


async def focused(host: Watched) -> str:
    """Where the focus is, down through shadow roots."""
    return str(
        await host.page.evaluate(
            """() => { let at = document.activeElement, path = [];
            while (at) { path.push(at.id || at.localName); at = at.shadowRoot?.activeElement; }
            return path.join(' ') }"""
        )
    )


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


# --- Answers, whatever is in them ------------------------------------------------------------------------------------


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
    await answered(host.page, SUGGEST, suggestions(suggestion("张三")))
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
    await answered(host.page, SUGGEST, suggestions(suggestion("张三")))
    await host.page.clock.run_for(3000)
    await expect(host.rows().first).to_be_visible()
    await expect(host.page.locator(FIRST).locator(".note")).to_be_hidden()


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
    await host.type_without_pause("没有的")
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
