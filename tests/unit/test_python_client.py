"""The Python client's rules, sync and async, against a server over HTTP."""

from __future__ import annotations

import asyncio
import json
import runpy
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
import snippets
from clientkit import FORMS, Asked, Reply, answering, asking

from office_search_client import Click, Client, Problem, Question, Reason
from search.api import examples

ANSWER = json.dumps(examples.ANSWER).encode()
KNOWN = {"X-Caller": "one"}
GONE = "http://127.0.0.1:1"
Tokens = Callable[[Reason], str]

form = pytest.mark.parametrize("form", FORMS)


def found(_: Asked) -> Reply:
    return Reply(200, ANSWER, KNOWN)


def counting() -> tuple[list[Reason], Tokens]:
    """The reasons so far, and what gives t1, t2, …"""
    reasons: list[Reason] = []

    def get_token(reason: Reason) -> str:
        reasons.append(reason)
        return f"t{len(reasons)}"

    return reasons, get_token


def only(valid: str) -> Callable[[Asked], Reply]:
    return lambda asked: found(asked) if asked.headers.get("authorization") == f"Bearer {valid}" else Reply(401)


async def problem(work: Any) -> Problem:
    with pytest.raises(Problem) as raised:
        await work
    return raised.value


@form
async def test_one_token_is_asked_for_by_all_who_begin_at_once(form: str) -> None:
    reasons, get_token = counting()
    with answering(found) as service:
        async with asking(form, service.url, get_token) as ask:
            await asyncio.gather(*(ask("search", "搜索") for _ in range(8)))
            await ask("search", "搜索")
    assert reasons == ["initial"]
    assert {asked.headers["authorization"] for asked in service.asked} == {"Bearer t1"}


@form
async def test_without_a_source_of_tokens_none_is_sent(form: str) -> None:
    with answering(lambda _: Reply(401)) as service:
        async with asking(form, service.url) as ask:
            assert (await problem(ask("search", "x"))).status == 401
    assert [asked.headers.get("authorization") for asked in service.asked] == [None]


@form
async def test_an_expired_token_is_renewed_once_for_all_under_way(form: str) -> None:
    reasons, get_token = counting()
    valid = "t1"
    # Each was sent with the old token before any of them is refused.
    together = threading.Barrier(4)

    def answer(asked: Asked) -> Reply:
        if (reply := only(valid)(asked)).status == 401:
            together.wait(30)
        return reply

    with answering(answer) as service:
        async with asking(form, service.url, get_token) as ask:
            await ask("search", "x")
            valid = "t2"
            await asyncio.gather(*(ask("search", "x") for _ in range(4)))
    assert reasons == ["initial", "expired"]
    assert len(service.asked) == 1 + 4 + 4


@form
async def test_a_token_that_is_refused_when_new_is_asked_for_once_more(form: str) -> None:
    reasons, get_token = counting()
    with answering(lambda _: Reply(401)) as service:
        async with asking(form, service.url, get_token) as ask:
            assert (await problem(ask("search", "x"))).status == 401
            assert reasons == ["initial", "refused"]
            assert len(service.asked) == 2
            await problem(ask("search", "x"))
    assert reasons == ["initial", "refused", "refused"]
    assert len(service.asked) == 3


@form
async def test_a_token_may_run_out_again_and_again(form: str) -> None:
    reasons, get_token = counting()
    # Each token is good for one request.
    good = Reply(200, ANSWER, KNOWN)
    replies = iter([good, *[Reply(401), good] * 3])
    with answering(lambda _: next(replies)) as service:
        async with asking(form, service.url, get_token) as ask:
            for _ in range(4):
                await ask("search", "x")
    assert reasons == ["initial", "expired", "expired", "expired"]


@form
async def test_a_proxy_s_error_accepts_no_token_and_the_service_s_does(form: str) -> None:
    for first, reason in ((Reply(502), "refused"), (Reply(403, headers=KNOWN), "expired")):
        reasons, get_token = counting()
        replies = iter([first, Reply(401), Reply(200, ANSWER, KNOWN)])
        with answering(lambda _, replies=replies: next(replies)) as service:  # type: ignore[misc]
            async with asking(form, service.url, get_token) as ask:
                await problem(ask("search", "x"))
                await ask("search", "x")
        assert reasons == ["initial", reason]


@form
@pytest.mark.parametrize("given", ["", "SECRET\nX-Other: 1", "SECRET 秘密", None])
async def test_what_is_no_token_is_a_problem_that_does_not_show_it(form: str, given: Any) -> None:
    with answering(found) as service:
        async with asking(form, service.url, lambda _: given) as ask:
            told = await problem(ask("search", "x"))
    assert told.status == 401
    assert "SECRET" not in repr(told) + str(vars(told)) + str(told)
    assert service.asked == []


@form
async def test_a_source_that_fails_is_a_problem_and_asked_again_later(form: str) -> None:
    tries: list[Reason] = []

    def get_token(reason: Reason) -> str:
        tries.append(reason)
        if len(tries) == 1:
            raise OSError
        return "t"

    with answering(found) as service:
        async with asking(form, service.url, get_token) as ask:
            told = await problem(ask("search", "x"))
            assert isinstance(told.__cause__, OSError)
            await ask("search", "x")


@form
async def test_each_call_goes_where_the_document_has_it(form: str) -> None:
    bodies: dict[str, Any] = {
        "POST /here/v1/search": examples.ANSWER,
        "POST /here/v1/suggest": examples.SUGGESTIONS,
        "GET /here/v1/verticals": examples.VERTICALS,
        "GET /here/v1/messages/m%2F1/context?before=3": examples.SURROUNDINGS,
        "GET /here/v1/messages/m-1/context": examples.SURROUNDINGS,
        "GET /here/v1/apps?q=%E6%8A%A5%E9%94%80&sort=new&mine=true&limit=3": examples.APPS,
        "GET /here/v1/apps": examples.APPS,
        "GET /here/v1/apps/a%2F7": examples.APP_PAGE,
        "GET /here/v1/apps/a-7/similar?limit=2": examples.APP_LIST,
        "GET /here/v1/apps/recommended": examples.APP_LIST,
        "GET /here/v1/recent": examples.RECENT,
        "DELETE /here/v1/recent": None,
        "DELETE /here/v1/recent/r%3F1": None,
        "POST /here/v1/clicks": None,
    }

    def answer(asked: Asked) -> Reply:
        body = bodies[f"{asked.method} {asked.target}"]
        return Reply(200, json.dumps(body).encode()) if body else Reply(204, b"")

    with answering(answer) as service:
        async with asking(form, f"{service.url}/here/", language="en") as ask:
            answered = await ask("search", Question(q="搜索", from_="张三", limit=3))
            assert answered.hits[0].fields["sender_name"] == "张三"
            assert (await ask("suggest", "搜")).suggestions[0].kind == "person"
            assert (await ask("verticals")).verticals[0].labels.zh == "消息"
            assert (await ask("context", "m/1", before=3)).before[0].id == "m-1000"
            await ask("context", "m-1")
            answered = await ask("apps", "报销", sort="new", mine=True, limit=3)
            assert (answered.total.value, answered.facets["category"][0].count) == (1, 1)
            await ask("apps")
            assert (await ask("app", "a/7")).app.rating == 4.3
            assert (await ask("similar", "a-7", limit=2)).apps[0].reason.app_id == "a-3"
            assert (await ask("recommended")).apps[0].reason.kind == "similar_to"
            assert (await ask("recent")).recent[0].at == datetime(2026, 3, 2, 9, 20, 31, tzinfo=UTC)
            await ask("remove_recent")
            await ask("remove_recent", "r?1")
            await ask("clicks", [Click(query_id="q", action="submit")] * 51)
    assert {f"{asked.method} {asked.target}" for asked in service.asked} == bodies.keys()
    assert json.loads(service.asked[0].body) == {"q": "搜索", "from": "张三", "limit": 3}
    assert [len(json.loads(asked.body)) for asked in service.asked if "clicks" in asked.target] == [50, 1]
    assert {asked.headers["accept-language"] for asked in service.asked} == {"en"}


@form
async def test_an_id_of_dots_alone_is_asked_of_nobody(form: str) -> None:
    with answering(found) as service:
        async with asking(form, service.url) as ask:
            for id in ("", ".", ".."):
                assert (await problem(ask("context", id))).status == 404
                assert (await problem(ask("remove_recent", id))).status == 404
                assert (await problem(ask("app", id))).status == 404
                assert (await problem(ask("similar", id))).status == 404
    assert service.asked == []


@pytest.mark.parametrize(
    "endpoint", ["", "/v1", "ftp://search.example", "https://me:word@search.example", "https:///x"]
)
def test_an_endpoint_that_is_none_is_refused_at_once(endpoint: str) -> None:
    with pytest.raises(ValueError, match="endpoint"):
        Client(endpoint)


@form
async def test_a_problem_s_members_are_told(form: str) -> None:
    body = json.dumps(examples.PROBLEM | {"type": "https://p.example/slow"}).encode()
    with answering(lambda _: Reply(429, body, {"Retry-After": "7", "X-Request-Id": "r-1"})) as service:
        async with asking(form, service.url) as ask:
            told = await problem(ask("search", "x"))
    assert (told.status, told.type, told.title) == (429, "https://p.example/slow", "Too Many Requests")
    assert (told.retry_after_s, told.request_id) == (7, "r-1")
    assert str(told) == f"429 Too Many Requests: {examples.PROBLEM['detail']}"
    assert len(service.asked) == 1


@pytest.mark.parametrize(
    ("after", "least", "most"),
    [
        ("0", 0, 0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0, 0),
        ("Wed, 21 Oct 2015 07:28:00 -0000", 0, 0),
    ],
)
async def test_retry_after_is_seconds_or_a_date(after: str, least: int, most: int) -> None:
    with answering(lambda _: Reply(503, headers={"Retry-After": after})) as service:
        async with asking("sync", service.url) as ask:
            assert least <= (await problem(ask("search", "x"))).retry_after_s <= most  # type: ignore[operator]


async def test_retry_after_may_be_a_date_to_come() -> None:
    after = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    with answering(lambda _: Reply(503, headers={"Retry-After": after})) as service:
        async with asking("sync", service.url) as ask:
            assert 3000 <= (await problem(ask("search", "x"))).retry_after_s <= 3600  # type: ignore[operator]


@pytest.mark.parametrize("after", ["soon", "-1", "1.5", "²", "Wed, 99 Oct 2015 07:28:00 GMT"])
async def test_any_other_retry_after_is_nothing(after: str) -> None:
    with answering(lambda _: Reply(503, headers={"Retry-After": after})) as service:
        async with asking("sync", service.url) as ask:
            assert (await problem(ask("search", "x"))).retry_after_s is None


@form
@pytest.mark.parametrize("body", [b"<h1>Bad Gateway</h1>", b"{half", b"[]", b'{"title": 7, "detail": {}}', b"\xff"])
async def test_an_error_that_is_no_problem_keeps_its_status_alone(form: str, body: bytes) -> None:
    with answering(lambda _: Reply(502, body)) as service:
        async with asking(form, service.url) as ask:
            told = await problem(ask("search", "x"))
    assert (told.status, told.title, told.detail) == (502, "Status 502", "")


@form
@pytest.mark.parametrize("body", [b"<html>", b"", b"null", b"[]", b"{}", ANSWER.replace(b'"hits"', b'"more"')])
async def test_an_answer_of_another_form_is_a_problem(form: str, body: bytes) -> None:
    with answering(lambda _: Reply(200, body)) as service:
        async with asking(form, service.url) as ask:
            told = await problem(ask("search", "x"))
    assert (told.status, told.title) == (200, "Unexpected answer")


@form
async def test_what_a_later_version_adds_does_no_harm(form: str) -> None:
    later = examples.SUGGESTIONS | {"more": 1}
    later["suggestions"] = [one | {"kind": "meeting", "more": 1} for one in later["suggestions"]]
    with answering(lambda _: Reply(200, json.dumps(later).encode())) as service:
        async with asking(form, service.url) as ask:
            assert (await ask("suggest", "x")).suggestions[0].kind == "meeting"


@form
async def test_no_answer_and_half_of_one_are_problems_with_status_0(form: str) -> None:
    with answering(lambda _: Reply(200, ANSWER, length=len(ANSWER) + 9)) as service:
        for url in (service.url, GONE):
            async with asking(form, url, lambda _: "SECRET") as ask:
                told = await problem(ask("search", "x"))
            assert told.status == 0
            assert told.__cause__ is None
            assert "SECRET" not in str(told)


@form
async def test_an_answer_that_does_not_come_in_time_is_a_problem(form: str) -> None:
    done = threading.Event()

    def never(asked: Asked) -> Reply:
        done.wait(60)
        return found(asked)

    with answering(never) as service:
        async with asking(form, service.url, timeout_s=0.05) as ask:
            told = await problem(ask("search", "x"))
        done.set()
    assert told.status == 0
    assert "Timeout" in told.detail


@form
async def test_no_redirect_is_followed(form: str) -> None:
    with answering(found) as elsewhere:
        reply = Reply(307, headers={"Location": f"{elsewhere.url}/v1/search"})
        with answering(lambda _: reply) as service:
            async with asking(form, service.url, lambda _: "SECRET") as ask:
                told = await problem(ask("search", "x"))
    assert (told.status, told.title) == (307, "Unexpected answer")
    assert elsewhere.asked == []


@form
async def test_pages_and_hits_follow_the_cursor_to_the_end(form: str) -> None:
    following = {None: "c1", "c1": "c2", "c2": None}

    def answer(asked: Asked) -> Reply:
        cursor = json.loads(asked.body).get("cursor")
        return Reply(200, json.dumps(examples.ANSWER | {"cursor": following[cursor]}).encode())

    with answering(answer) as service:
        async with asking(form, service.url) as ask:
            assert [page.cursor for page in await ask.every("pages", "x")] == ["c1", "c2", None]
            assert len(await ask.every("hits", Question(q="x", cursor="c1"))) == 4
    assert [json.loads(asked.body)["q"] for asked in service.asked] == ["x"] * 5


def test_a_client_and_its_problems_do_not_show_the_token() -> None:
    with answering(found) as service, Client(service.url, lambda _: "SECRET") as client:
        client.search("x")
        assert "SECRET" not in repr(vars(client)) + repr(vars(client._core)) + repr(client._core.tokens.held)


def test_the_examples_of_its_readme_run(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    text = snippets.program(Path(__file__).parents[2] / "clients/python/README.md", "python")
    with answering(snippets.answer) as service:
        (tmp_path / "readme.py").write_text(text.replace(snippets.SERVICE, service.url), encoding="utf-8")
        runpy.run_path(str(tmp_path / "readme.py"))
    said = capsys.readouterr().out
    assert "messages 搜索中台项目群" in said
    assert "person <em>张三</em>" in said
    assert "404 Not Found There is none. None None" in said
