"""No query is an error of ours, and none is someone else's data: odd texts, odd bytes, odd bodies."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from urllib.parse import quote

import httpx
import kit
import orjson
import pytest
from apikit import Api, Company, ids
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st
from opensearchpy import AsyncOpenSearch

from search.access.identity.gateway import sign
from search.commands.serve import server
from search.core.settings import ApiSettings
from search.core.streams.port import Broker

ME = "u-me"
HIDDEN = "机密收购案"
ENGINE_SYNTAX = [
    "*:*",
    "*",
    "?",
    "AND",
    "OR NOT",
    "{",
    "}",
    "[1 TO 2]",
    "a~2",
    "_id:m-1",
    "/.*/",
    "a^9",
    "\\",
    "(((",
    "&&||!",
]
PUNCTUATION = ["。", "，。！？", "…—·", "\"'", "-", "--", "-- -", ":", "：", "::", "—", "+-&|!(){}[]^~*?:\\/"]
EMOJI = ["😀", "😀😀😀", "👨‍👩‍👧‍👦", "🇨🇳", "👍🏽"]
QUOTES = ['"', '"a', 'a"', '"""', "“a", "a”", "「", "」「", '-"', 'from:"', 'from:"a', '""', '" "']
OPERATORS = [
    "from:",
    "in:",
    "type:",
    "has:",
    "before:x",
    "after:2026-13-99",
    "from:from:",
    "-from:",
    "发送人：",
    "in: in:",
]
BLANKS = ["", " ", "\t\n\r", "　", "\u200b", "\ufeff", "\u00a0", "\u2028"]
ODD = [
    "\x00",
    "a\x00b",
    "\x1b[31m",
    "\ud7ff",
    "\uffff",
    "\U0010ffff",
    "a\u0301",
    "ﷺ" * 50,
    "İ",
    "ß",
    "ǅ",
    "\u202eabc",
    "𠮷野家",
]


@pytest.fixture(scope="module")
async def acme(api: Api, broker: Broker, engine: AsyncOpenSearch) -> Company:
    company = Company(api, broker, engine)
    company.role(kit.ALL_MODULES, id="default")
    company.user("陈晨", id=ME)
    room = company.conversation(ME, name="大厅", id="c-1")
    company.message(room, "早上好 hello 123", id="m-1", sender_id=ME)
    company.message(company.conversation(name=HIDDEN, id="c-hidden"), f"{HIDDEN} hello 123 早上好", id="m-hidden")
    company.doc("someone", f"{HIDDEN} hello", id="f-hidden")
    company.user(f"{HIDDEN} hello", id="u-hidden", visible_to=[])
    company.app(f"{HIDDEN} hello", id="a-hidden", allow=[])
    await company.arrive()
    return company


def is_sensible(response: httpx.Response) -> bool:
    """An answer without anything hidden, or a clear problem."""
    if response.status_code in (400, 422):
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["detail"]
        return True
    assert response.status_code == 200, (response.status_code, response.text)
    answer = response.json()
    assert not any(id.endswith("hidden") for id in ids(answer))
    assert HIDDEN not in orjson.dumps(answer["hits"]).decode()
    assert answer["failed"] == []
    return True


@pytest.mark.parametrize("q", [*ENGINE_SYNTAX, *PUNCTUATION, *EMOJI, *QUOTES, *OPERATORS, *BLANKS, *ODD])
async def test_an_odd_query_gets_a_sensible_answer(acme: Company, q: str) -> None:
    assert is_sensible(await acme.api.get(ME, q=q))
    assert is_sensible(await acme.api.post(ME, {"q": q}))


@pytest.mark.parametrize("q", [*BLANKS, "-", "-hello", '""'])
async def test_a_query_that_asks_for_nothing_finds_nothing(acme: Company, q: str) -> None:
    answer = await acme.search(ME, q)
    assert answer["hits"] == []
    assert {section["total"] for section in answer["sections"].values()} == {0}


@pytest.mark.parametrize("q", ["*:*", "*", "?", "_id:m-1", "/.*/", "[* TO *]", "_exists_:text"])
async def test_the_engine_s_own_syntax_means_nothing(acme: Company, q: str) -> None:
    assert ids(await acme.search(ME, q)) == []


async def test_words_of_the_engine_s_syntax_are_words(acme: Company) -> None:
    acme.message("c-1", "rock AND roll", id="m-and")
    await acme.arrive()
    assert ids(await acme.search(ME, "rock AND roll")) == ["m-and"]
    assert ids(await acme.search(ME, "rock AND nothing whatsoever here")) == []


class TestLength:
    @pytest.mark.parametrize("text", ["好", "a", "好 ", "a b ", '"', "-a ", "from:a ", "：", "😀", "( "])
    async def test_10_000_characters(self, acme: Company, text: str) -> None:
        q = (text * 10_000)[:10_000]
        assert is_sensible(await acme.api.post(ME, {"q": q}))
        if text.isascii():  # the others are too long a URL for the test's own client
            assert is_sensible(await acme.api.get(ME, q=q))

    @pytest.mark.parametrize(
        "text",
        [
            "好",
            "a",
            "好 ",
            "ab c1 ",
            '"',
            '"a" ',
            "-a ",
            "from:a ",
            "-in:好 ",
            "has:x ",
            "type:x ",
            "😀",
            "( ",
            "zhang三",
        ],
    )
    async def test_the_longest_that_is_taken(self, acme: Company, text: str) -> None:
        """1,000 characters in many clauses: the engine counts to 1,024."""
        q = (text * 1000)[:1000]
        response = await acme.api.get(ME, q=q)
        assert response.status_code == 200
        assert is_sensible(response)

    async def test_a_thousand_different_words(self, acme: Company) -> None:
        chinese = "".join(chr(0x4E00 + 7 * number) for number in range(1000))
        latin = " ".join(f"{chr(97 + number % 26)}{number}" for number in range(250))[:1000]
        for q in (chinese, latin, " ".join(f'"{chinese[at : at + 2]}"' for at in range(0, 400, 2))[:1000]):
            response = await acme.api.get(ME, q=q)
            assert response.status_code == 200
            assert is_sensible(response)


class TestBytes:
    """What a client may put into a query string, and no library would."""

    @pytest.mark.parametrize(
        "raw",
        [
            "q=%00", "q=a%00b", "q=%ED%A0%80", "q=%ED%B0%80x", "q=%FF%FE", "q=%C3", "q=%E4%BD", "q=%F8%88%80%80%80",
            "q=%", "q=%zz", "q=%2", "q", "=", "&&&", "q=a&q=b", "q=a;b", "q=+", "q=%2B", "q[]=a", "limit=%00",
            "limit=1e3", "limit=0x1", "limit=9" + "9" * 400, "limit=-1", "limit=٣", "cursor=%00", "cursor=%FF",
            "sort=%00", "from=%00",
            "verticals=%00", "verticals=,,,", "type=%00", "before=%00", "before=9999-12-31", "after=0001-01-01",
            "before=0000", "has=%ED%A0%80", "conversation=%F0%9F%98%80",
        ],
    )  # fmt: skip
    async def test_a_raw_query_string(self, acme: Company, raw: str) -> None:
        request = acme.api.http.build_request("GET", f"http://api/v1/search?{raw}")
        assert is_sensible(await acme.api.send(request, ME, "acme"))


class TestBodies:
    @pytest.mark.parametrize(
        "body",
        [
            b"", b"x", b"{", b"null", b"[]", b"1", b'"q"', b"{}", b'{"q":null}', b'{"q":1}', b'{"q":["a"]}',
            b'{"q":{"a":1}}',
            b'{"q":"\\ud800"}', b'{"q":"\\udc00\\ud800"}', b'{"q":"\\u0000"}', b'{"q":"\xff"}', b'{"q":"a","q":"b"}',
            b'{"limit":1e400}', b'{"limit":NaN}', b'{"limit":1.5}', b'{"limit":true}',
            b'{"limit":' + b"9" * 5000 + b"}",
            b'{"cursor":"\\ud800"}', b'{"from":"\\ud800"}', b'{"nonsense":1}', b'{"question":"x"}', b"[" * 30_000,
            b'{"q":' * 12_000, b'{"q":' + b"[" * 20_000 + b"]" * 20_000 + b"}",
            b"\xef\xbb\xbf{}", "{}".encode("utf-16"),
        ],
        ids=lambda body: repr(body[:24]),
    )  # fmt: skip
    async def test_garbage(self, acme: Company, body: bytes) -> None:
        assert is_sensible(await acme.api.post(ME, body))

    async def test_a_body_of_another_kind(self, acme: Company) -> None:
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""):
            headers = {"Content-Type": kind}
            request = acme.api.http.build_request("POST", "/v1/search", content=b'{"q":"a"}', headers=headers)
            assert is_sensible(await acme.api.send(request, ME, "acme"))

    async def test_too_large_a_body(self, acme: Company) -> None:
        assert (await acme.api.post(ME, {"q": "好" * 40_000})).status_code == 413


class TestOverTheWire:
    """Bytes that no client library sends, to the server as it runs in production."""

    @pytest.fixture
    async def address(self, acme: Company) -> AsyncIterator[tuple[str, int]]:
        serving = server(acme.api.app, ApiSettings(port=0))
        serving.config.lifespan = "off"
        serving.config.loop = "none"
        task = asyncio.create_task(serving.serve())

        async def started() -> bool:
            return serving.started

        await kit.until(started, "the server to listen")
        yield serving.servers[0].sockets[0].getsockname()
        serving.should_exit = True
        await task

    @pytest.mark.parametrize(
        "target",
        [b"/v1/search?q=\xff\xfe", b"/v1/search?q=\xe4\xbd", "/v1/search?q=好".encode(), b"/v1/search?q=a\x01b"],
    )
    async def test_bytes_that_should_have_been_encoded(self, address: tuple[str, int], target: bytes) -> None:
        secret = "test-gateway-secret-of-32-characters!"
        headers = sign(secret, "GET", quote(target, safe="/?=%"), user=ME, tenant="acme")
        lines = [b"GET " + target + b" HTTP/1.1", b"Host: api", b"Connection: close"]
        lines += [f"{name}: {value}".encode() for name, value in headers.items()]
        reader, writer = await asyncio.open_connection(*address)
        writer.write(b"\r\n".join([*lines, b"", b""]))
        answer = await asyncio.wait_for(reader.read(), 10)
        writer.close()
        await writer.wait_closed()
        status = int(answer.split(b" ", 2)[1])
        # The signature is over other bytes, so 401 where the server took them at all.
        assert status in (200, 400, 401), answer


terms = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        [*ENGINE_SYNTAX, *PUNCTUATION, *EMOJI, *QUOTES, *OPERATORS, *BLANKS, *ODD, "hello", "早上好", HIDDEN]
    ),
)
queries = st.lists(terms, max_size=12).map("".join)


@hypothesis(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    q=queries, more=st.fixed_dictionaries({}, optional=dict.fromkeys(("from", "conversation", "type", "has"), terms))
)
@example(q="\ud800", more={})
@example(q="a", more={"from": "\udfff"})
async def test_any_query_at_all_is_answered_sensibly(acme: Company, q: str, more: dict[str, str]) -> None:
    # ASCII, as only so can half a surrogate pair be said.
    assert is_sensible(await acme.api.post(ME, json.dumps({"q": q, **more}).encode()))
