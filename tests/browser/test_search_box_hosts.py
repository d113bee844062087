"""What `<office-search-box>` makes of what hosts do to it, and of services that hang; the answers are made up."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import boxkit
import pytest
from boxkit import FIRST, SEARCH, SUGGEST, Watched, answer, answered, hit, problem, suggestion, suggestions
from playwright.async_api import Locator, Route, expect

FOREIGN = "https://elsewhere.example/"


@pytest.fixture
def host(host_with_answers: Watched) -> Watched:
    return host_with_answers


def element(host: Watched) -> Locator:
    return host.page.locator(FIRST)


def hits(host: Watched) -> Locator:
    return element(host).locator(".option-hit")


def clicks(host: Watched) -> list[dict[str, Any]]:
    told = [request.post_data_json for request in host.requests if request.url.endswith("/v1/clicks")]
    return [event for events in told if events for event in events]


async def rest(host: Watched) -> None:
    """Longer than typing has to rest, and an answer takes here."""
    await host.page.evaluate("new Promise((done) => setTimeout(done, 300))")


async def test_another_identity_counts_from_the_moment_that_it_is_set(host: Watched) -> None:
    """Also of a box that a host has taken out of its page for a while."""
    await host.type("zhang")
    await answered(host.page, SUGGEST, suggestions(suggestion("新人")))
    await element(host).evaluate(
        "box => { const parent = box.parentNode; box.remove(); box.getToken = async () => 'of-another-user';"
        " window.kept = box.shadowRoot.querySelectorAll('[role=option]').length; parent.append(box) }"
    )
    assert await host.page.evaluate("kept") == 0
    async with host.page.expect_request(SUGGEST) as asked:
        await host.box().click()
    assert await (await asked.value).header_value("Authorization") == "Bearer of-another-user"
    await expect(host.rows().first).to_contain_text("新人")


async def test_without_history_nothing_is_told_that_would_be_remembered(host: Watched) -> None:
    await element(host).evaluate("box => box.setAttribute('history', 'off')")
    await host.box().fill("预算")
    await host.box().press("Enter")
    await hits(host).first.click()
    await expect(host.log("office-open docs/")).to_have_count(1)
    await rest(host)
    assert clicks(host) == []


async def test_a_search_by_script_shows_its_hits(host: Watched) -> None:
    await element(host).evaluate("box => box.search('预算')")
    await expect(hits(host)).to_have_count(1)
    await expect(host.box()).to_be_focused()
    assert [event["action"] for event in clicks(host)] == ["submit"]


async def test_hits_that_were_left_are_there_again(host: Watched) -> None:
    await host.box().fill("预算")
    await host.box().press("Enter")
    await expect(hits(host)).to_have_count(1)
    await host.box().press("Escape")
    await host.box().click()
    await expect(hits(host)).to_have_count(1)
    assert host.texts()[-1] == "预算"


async def test_hits_come_though_the_focus_went_elsewhere(host: Watched) -> None:
    release = asyncio.Event()

    async def slow(route: Route) -> None:
        await release.wait()
        await boxkit.give(route, answer(hit()))

    await host.page.route(SEARCH, slow)
    async with host.page.expect_request(SEARCH):
        await host.box().fill("预算")
        await host.box().press("Enter")
    await host.page.locator("main").click()
    async with host.page.expect_response(SEARCH):
        release.set()
    await expect(host.box()).to_have_attribute("aria-expanded", "false")
    await host.box().click()
    await expect(hits(host)).to_have_count(1)


async def test_a_search_that_finds_nothing_says_so(host: Watched) -> None:
    await answered(host.page, SEARCH, answer())
    await host.box().fill("没有")
    await host.box().press("Enter")
    await expect(element(host).locator("[role=status]")).to_have_text("找到 0 条结果")
    # The host's own text stands in the slot of this page; without it the box has one for each case.
    await element(host).evaluate("box => box.replaceChildren()")
    await expect(element(host).get_by_text("没有找到结果", exact=True)).to_be_visible()


async def test_what_hangs_is_said_to_be_awaited_and_given_up_at_last(host: Watched) -> None:
    await host.page.clock.install()
    await host.page.unroute(SUGGEST)
    await host.page.route(SUGGEST, lambda route: asyncio.Event().wait())
    await host.box().fill("预算")
    await host.page.clock.run_for(600)
    await expect(element(host).locator(".note", has_text="正在加载")).to_be_visible()
    await host.page.clock.run_for(16_000)
    await expect(element(host).locator(".note", has_text="连接不上")).to_be_visible()
    await expect(host.log("office-error 0")).to_have_count(1)


async def test_a_box_that_is_gone_asks_no_more(host: Watched) -> None:
    await host.page.clock.install()
    await answered(host.page, SUGGEST, problem(429, "too-many-requests"), 429, {"Retry-After": "1"})
    await host.box().fill("预算")
    await host.page.clock.run_for(100)
    await expect(element(host).locator(".wait")).to_be_visible()
    await element(host).evaluate("box => box.remove()")
    asked = len(host.asked)
    await host.page.clock.run_for(20_000)
    assert len(host.asked) == asked


async def test_who_is_left_alone_is_left_alone_for_longer_each_time(host: Watched) -> None:
    await host.page.clock.install()
    await answered(host.page, SUGGEST, problem(429, "too-many-requests"), 429, {"Retry-After": "2"})
    await host.box().fill("预算")
    await host.page.clock.run_for(100)
    for seconds in (2, 4, 8):
        await expect(element(host).locator(".wait")).to_contain_text(f"{seconds} 秒后")
        async with host.page.expect_response(SUGGEST):
            await host.page.clock.run_for(seconds * 1000 + 1000)


async def test_a_host_that_fails_to_name_links_still_gets_rows(host: Watched) -> None:
    await element(host).evaluate("box => { box.hrefOf = () => { throw new Error('no route') } }")
    await host.type("zhang")
    await expect(host.rows()).to_have_count(3)
    assert await host.rows().first.get_attribute("href") is None


async def test_a_box_for_one_vertical_looks_beyond_the_first_of_all(host: Watched) -> None:
    await element(host).evaluate("box => box.setAttribute('verticals', 'docs')")
    people = [suggestion(f"张{number}", id=f"u-{number}") for number in range(15)]
    doc = suggestion("张榜公告", kind="doc", vertical="docs", id="doc-1")
    await answered(host.page, SUGGEST, suggestions(*people, doc))
    await host.box().fill("张")
    await expect(host.rows().first).to_contain_text("张榜公告")
    assert host.asked[-1]["limit"] == 20


async def test_what_was_typed_before_a_composition_is_not_asked_in_it(host: Watched) -> None:
    await host.box().click()
    await host.settled()
    asked = len(host.asked)
    session = await host.page.context.new_cdp_session(host.page)
    await host.page.keyboard.insert_text("a")
    await session.send("Input.imeSetComposition", {"text": "yu", "selectionStart": 2, "selectionEnd": 2})
    await rest(host)
    assert len(host.asked) == asked


async def test_a_refused_endpoint_is_told_as_what_it_is(host: Watched) -> None:
    await element(host).evaluate("(box, other) => box.setAttribute('endpoint', other)", FOREIGN)
    await expect(host.log("office-error 0 搜索框没有连接")).to_have_count(1)
    await host.box().fill("预算")
    await expect(element(host).locator(".note", has_text="搜索框没有连接")).to_be_visible()
    assert not [request.url for request in host.requests if request.url.startswith(FOREIGN)]


async def test_an_endpoint_may_come_after_the_element(host: Watched) -> None:
    """As where a bundle brings the element, whose own origin is not the service's."""
    endpoint = await element(host).get_attribute("endpoint")
    await host.page.evaluate(
        "endpoint => { const box = document.createElement('office-search-box'); box.id = 'third';"
        " document.querySelector('main').append(box); box.setAttribute('endpoint', endpoint);"
        " box.getToken = async () => 'a-token' }",
        endpoint,
    )
    await host.box("#third").fill("张")
    await expect(host.rows("#third").first).to_contain_text("张三")


async def test_a_script_that_clears_takes_no_focus(host: Watched) -> None:
    await host.type("zhang")
    await host.page.locator("#second").get_by_role("combobox").focus()
    await element(host).evaluate("box => box.clear()")
    await expect(host.box()).to_have_value("")
    await expect(host.page.locator("#second").get_by_role("combobox")).to_be_focused()


@pytest.mark.parametrize("title", ["\u202e\u2066", "", "\u200b"])
async def test_what_has_no_name_is_called_so(host: Watched, title: str) -> None:
    await answered(host.page, SUGGEST, suggestions(suggestion(title, id="u-1", detail="")))
    await host.box().fill("x")
    await expect(host.rows().first).to_contain_text("无标题")


async def test_an_empty_box_of_a_conversation_offers_nothing_of_elsewhere(host: Watched) -> None:
    await element(host).evaluate("box => box.setAttribute('conversation', 'c-1')")
    asked = len(host.asked)
    await host.box().click()
    await rest(host)
    assert len(host.asked) == asked
    await expect(host.box()).to_have_attribute("aria-expanded", "false")


async def test_the_language_of_the_document_counts_when_it_changes(host: Watched) -> None:
    await element(host).evaluate("box => box.removeAttribute('lang')")
    await host.page.evaluate("document.documentElement.lang = 'en'")
    await expect(host.box()).to_have_attribute("aria-label", "Search")
    await expect(host.box()).to_have_attribute("placeholder", re.compile("Messages"))


async def test_an_error_of_the_service_shows_the_id_by_which_it_is_found(host: Watched) -> None:
    shown = {"X-Request-Id": "request-1"}
    await answered(host.page, SUGGEST, problem(500, "unexpected"), 500, shown)
    await host.box().fill("x")
    await expect(element(host).locator(".note")).to_contain_text("请求编号 request-1")
