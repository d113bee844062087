"""Bytes on real connections to the server as it runs: half heads, idle ones, too many, and requests within requests."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Annotated

import kit
import orjson
import pytest
from fastapi import Depends, FastAPI, Request
from fastapi.responses import PlainTextResponse
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from search.access.identity import Caller, identity_modes
from search.access.identity.gateway import sign
from search.api import edge, problems
from search.api.dependencies import caller
from search.api.edge import connections
from search.commands.serve import server
from search.core.settings import ApiSettings, GatewaySettings, IdentitySettings

SECRET = "0123456789abcdef" * 2
GET = b"GET /me HTTP/1.1\r\nHost: api\r\n\r\n"
HALF = b"GET /me HTTP/1.1\r\nHost: a"
HEAD_S = 0.4


@dataclass
class Site:
    """A server of the test's own, and what its routes saw."""

    port: int
    app: FastAPI
    connections: Callable[[], int]
    held: asyncio.Event = field(default_factory=asyncio.Event)

    async def open(self) -> Talk:
        return Talk(*await asyncio.open_connection("127.0.0.1", self.port))

    async def says(self, sent: bytes) -> Answer:
        """The first answer to these bytes on a new connection."""
        async with await self.open() as talk:
            await talk.send(sent)
            return await talk.answer()


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    def is_problem(self, status: int) -> None:
        assert self.status == status
        assert self.headers["content-type"] == "application/problem+json"
        assert orjson.loads(self.body)["status"] == status
        assert self.headers["x-request-id"]


@dataclass
class Talk:
    """One connection of a client's."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def __aenter__(self) -> Talk:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.writer.close()
        with contextlib.suppress(OSError):
            await self.writer.wait_closed()

    async def send(self, sent: bytes) -> None:
        self.writer.write(sent)
        await self.writer.drain()

    async def answer(self) -> Answer:
        async with asyncio.timeout(20):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:-2])}
            body = await self.reader.readexactly(int(headers.get("content-length", 0)))
        return Answer(int(head[0].split()[1]), headers, body)

    async def rest(self) -> bytes:
        """What still comes until the server closes the connection."""
        async with asyncio.timeout(20):
            try:
                return await self.reader.read()
            except ConnectionResetError:
                return b""


@asynccontextmanager
async def serving(**settings: float) -> AsyncIterator[Site]:
    app = FastAPI(redirect_slashes=False)
    app.state.identity_modes = identity_modes(IdentitySettings(gateway=GatewaySettings(secrets=SECRET)))

    @app.get("/me")
    async def me(request: Request) -> str:
        return request.client.host if request.client else ""

    @app.post("/echo")
    async def echo(request: Request) -> PlainTextResponse:
        return PlainTextResponse(await request.body())

    @app.get("/held")
    async def held() -> None:
        await site.held.wait()

    @app.get("/signed")
    async def signed(who: Annotated[Caller, Depends(caller)]) -> str:
        return who.user

    @app.get("/large")
    async def large() -> PlainTextResponse:
        return PlainTextResponse(b"x" * 50_000_000)

    problems.install(app)
    edge.install(app)
    own = server(app, ApiSettings(**{"port": 0, "head_s": HEAD_S, "idle_s": 30, **settings}))
    own.config.lifespan = "off"
    task = asyncio.create_task(own.serve())
    await kit.until(lambda: asyncio.sleep(0, own.started), "the server to listen")
    port = own.servers[0].sockets[0].getsockname()[1]
    site = Site(port, app, lambda: len(own.server_state.connections))
    try:
        yield site
    finally:
        site.held.set()
        own.should_exit = True
        await task


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with serving() as site:
        yield site


def closed(reason: str) -> float:
    return REGISTRY.get_sample_value("office_search_connections_closed_total", {"reason": reason}) or 0.0


class TestHeads:
    async def test_half_a_head_is_answered_in_the_end_and_its_connection_closed(self, site: Site) -> None:
        before = closed("late")
        async with await site.open() as talk:
            began = time.monotonic()
            await talk.send(HALF)
            answer = await talk.answer()
            answer.is_problem(408)
            assert answer.headers["connection"] == "close"
            assert await talk.rest() == b""
            assert time.monotonic() - began >= HEAD_S * 0.9
        assert closed("late") == before + 1

    @pytest.mark.parametrize("dripped", [b"X-A: b\r\n", b"x", b"\r\n"])
    async def test_bytes_that_come_now_and_then_do_not_prolong_it(self, site: Site, dripped: bytes) -> None:
        async with await site.open() as talk:
            await talk.send(b"" if dripped == b"\r\n" else HALF[:-1] + b"a\r\n")
            began = time.monotonic()
            while not talk.reader.at_eof() and time.monotonic() - began < 10:
                with contextlib.suppress(OSError):
                    await talk.send(dripped)
                with contextlib.suppress(TimeoutError, OSError):
                    await asyncio.wait_for(talk.reader.read(1000), HEAD_S / 8)
            assert time.monotonic() - began < 10

    async def test_a_connection_on_which_nothing_comes_is_closed(self, site: Site) -> None:
        async with await site.open() as talk:
            assert await talk.rest() == b""

    async def test_the_next_request_has_as_long_from_its_first_byte(self, site: Site) -> None:
        async with await site.open() as talk:
            await talk.send(GET)
            assert (await talk.answer()).status == 200
            # Between two requests it is idle, which may last longer.
            await asyncio.sleep(HEAD_S * 1.5)
            await talk.send(HALF)
            (await talk.answer()).is_problem(408)

    async def test_half_a_head_behind_a_whole_request_is_timed_once_that_is_answered(self, site: Site) -> None:
        async with await site.open() as talk:
            await talk.send(GET + HALF)
            assert (await talk.answer()).status == 200
            (await talk.answer()).is_problem(408)

    async def test_a_body_that_drips_after_its_answer_is_not_waited_for(self, site: Site) -> None:
        async with await site.open() as talk:
            await talk.send(b"POST /echo%2F HTTP/1.1\r\nHost: api\r\nContent-Length: 1000000\r\n\r\n")
            assert (await talk.answer()).status == 400
            began = time.monotonic()
            while not talk.reader.at_eof() and time.monotonic() - began < 10:
                with contextlib.suppress(OSError):
                    await talk.send(b"x")
                with contextlib.suppress(TimeoutError, OSError):
                    await asyncio.wait_for(talk.reader.read(1000), HEAD_S / 8)
            assert time.monotonic() - began < 10

    async def test_neither_an_answer_nor_a_body_that_takes_longer_is_cut_off(self, site: Site) -> None:
        async with await site.open() as talk:
            await talk.send(b"GET /held HTTP/1.1\r\nHost: api\r\n\r\n")
            await asyncio.sleep(HEAD_S * 2)
            site.held.set()
            assert (await talk.answer()).status == 200
            await talk.send(b"POST /echo HTTP/1.1\r\nHost: api\r\nContent-Length: 2\r\n\r\na")
            await asyncio.sleep(HEAD_S * 2)
            await talk.send(b"b")
            assert (await talk.answer()).body == b"ab"

    async def test_five_hundred_at_once_are_all_gone_soon(self) -> None:
        async with serving(head_s=2) as site:
            talks = [await site.open() for _ in range(500)]
            for talk in talks:
                await talk.send(HALF)
            assert (await site.says(GET)).status == 200
            await asyncio.gather(*(talk.rest() for talk in talks))
            await kit.until(lambda: asyncio.sleep(0, site.connections() == 0), "all to be gone")
            for talk in talks:
                await talk.__aexit__()


async def test_an_idle_connection_is_closed_but_not_at_once() -> None:
    async with serving(idle_s=1) as site, await site.open() as talk:
        for _ in range(2):
            await talk.send(GET)
            assert (await talk.answer()).status == 200
            await asyncio.sleep(0.6)
        began = time.monotonic()
        assert await talk.rest() == b""
        assert time.monotonic() - began < 5


class TestNumber:
    async def test_whoever_waits_longest_makes_room(self) -> None:
        before = closed("idle")
        async with serving(connections=5, head_s=30) as site:
            idle = await site.open()
            await idle.send(GET)
            assert (await idle.answer()).status == 200
            halves = [await site.open() for _ in range(4)]
            for half in halves:
                await half.send(HALF)
            with capture_logs() as logs:
                for _ in range(3):
                    assert (await site.says(GET)).status == 200
            # One line, however many come.
            assert [line["event"] for line in logs].count("too_many_connections") == 1
            assert closed("idle") > before
            assert await idle.rest() == b""
            for talk in (idle, *halves):
                await talk.__aexit__()

    async def test_while_all_are_being_answered_a_new_one_is_told_to_come_again(self) -> None:
        before = closed("busy")
        async with serving(connections=3) as site:
            busy = [await site.open() for _ in range(3)]
            for talk in busy:
                await talk.send(b"GET /held HTTP/1.1\r\nHost: api\r\n\r\n")
            await asyncio.sleep(0.2)
            async with await site.open() as talk:
                answer = await talk.answer()
                answer.is_problem(503)
                assert int(answer.headers["retry-after"]) > 0
                assert await talk.rest() == b""
            assert closed("busy") == before + 1
            assert REGISTRY.get_sample_value("office_search_connections") == 3
            site.held.set()
            for talk in busy:
                assert (await talk.answer()).status == 200
            assert (await site.says(GET)).status == 200
            for talk in busy:
                await talk.__aexit__()

    async def test_a_flood_of_half_heads_keeps_nobody_out(self) -> None:
        async with serving(connections=20, head_s=30) as site:
            talks = []
            for number in range(200):
                talks.append(await site.open())
                await talks[-1].send(HALF)
                if number % 20 == 0:
                    assert (await site.says(GET)).status == 200
            assert site.connections() <= 25
            for talk in talks:
                await talk.__aexit__()

    async def test_an_upgrade_takes_no_connection_out_of_the_count(self, site: Site) -> None:
        upgrade = (
            b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: eA==\r\n"
        )
        assert (await site.says(GET[:-2] + upgrade + b"\r\n")).status == 200


async def test_an_answer_that_nobody_reads_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "UNREAD_S", 0.5)
    async with serving() as site, await site.open() as talk:
        talk.writer.transport.pause_reading()
        await talk.send(b"GET /large HTTP/1.1\r\nHost: api\r\n\r\n")
        await kit.until(lambda: asyncio.sleep(0, site.connections() == 1), "the request")
        await kit.until(lambda: asyncio.sleep(0, site.connections() == 0), "the connection to be given up")


class TestFraming:
    @pytest.mark.parametrize("first", ["length", "encoding"])
    async def test_a_request_within_a_request_is_not_served(self, site: Site, first: str) -> None:
        inner = b"GET /me HTTP/1.1\r\nHost: api\r\n\r\n"
        lengths = [b"Content-Length: %d\r\n" % (len(inner) + 5), b"Transfer-Encoding: chunked\r\n"]
        lines = b"".join(lengths if first == "length" else lengths[::-1])
        async with await site.open() as talk:
            await talk.send(b"POST /echo HTTP/1.1\r\nHost: api\r\n" + lines + b"\r\n0\r\n\r\n" + inner)
            answer = await talk.answer()
            answer.is_problem(400)
            assert answer.headers["connection"] == "close"
            assert await talk.rest() == b""

    @pytest.mark.parametrize(
        "lines",
        [
            b"Transfer-Encoding: chunked\r\nContent-Length: 0\r\n",
            b"Transfer-encoding: CHUNKED\r\ncontent-length: 4\r\n",
            b"Transfer-Encoding: gzip, chunked\r\n",
            b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
            b"Transfer-Encoding : chunked\r\n",
            b"Transfer-Encoding: xchunked\r\n",
            b"Content-Length: 1\r\nContent-Length: 2\r\n",
            b"Content-Length: +1\r\n",
            b"Content-Length: 0x1\r\n",
        ],
    )
    async def test_a_body_whose_end_is_in_doubt_is_refused_and_the_connection_closed(
        self, site: Site, lines: bytes
    ) -> None:
        async with await site.open() as talk:
            await talk.send(b"POST /echo HTTP/1.1\r\nHost: api\r\n" + lines + b"\r\n0\r\n\r\n" + GET)
            (await talk.answer()).is_problem(400)
            assert await talk.rest() == b""

    async def test_either_alone_is_served(self, site: Site) -> None:
        head = b"POST /echo HTTP/1.1\r\nHost: api\r\n"
        assert (await site.says(head + b"Content-Length: 2\r\n\r\nab")).body == b"ab"
        assert (await site.says(head + b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n")).body == b"ab"

    async def test_what_is_no_request_is_a_problem_too(self, site: Site) -> None:
        (await site.says(b"\x16\x03\x01\r\n\r\n")).is_problem(400)


class TestTargets:
    @pytest.mark.parametrize("target", ["/signed", "/signed?"])
    @pytest.mark.parametrize("signs", ["/signed", "/signed?"])
    async def test_a_bare_question_mark_is_no_query(self, site: Site, target: str, signs: str) -> None:
        assert (await site.says(request(target, signs))).body == b'"u-1"'

    async def test_a_query_is_signed_as_it_is_sent(self, site: Site) -> None:
        for target, signs, status in (
            ("/signed?a=%C3%A9", "/signed?a=%C3%A9", 200),
            ("/signed?a=%C3%A9", "/signed?a=%c3%a9", 401),
            ("/signed?a", "/signed?", 401),
            ("/signed??", "/signed?", 401),
        ):
            assert (await site.says(request(target, signs))).status == status, target

    @pytest.mark.parametrize("target", ["/%6De", "/m%65", "/x%2Fme", "/%2Fme", "/me%", "/.%2e/me"])
    async def test_a_path_in_disguise_reaches_no_route(self, site: Site, target: str) -> None:
        (await site.says(request(target, target))).is_problem(400)

    @pytest.mark.parametrize("target", ["//me", "/x/../me", "/./me", "/me/", "/me;a", "/ME", "/me%20", "http://api/me"])
    async def test_nor_does_another_way_to_write_one(self, site: Site, target: str) -> None:
        (await site.says(request(target, target))).is_problem(404)

    async def test_the_peer_is_who_connects_and_nobody_whom_a_header_names(self, site: Site) -> None:
        forwarded = b"X-Forwarded-For: 192.0.2.1\r\nForwarded: for=192.0.2.1\r\n\r\n"
        assert (await site.says(GET[:-2] + forwarded)).body == b'"127.0.0.1"'


def request(target: str, signs: str) -> bytes:
    """A request for `target` with the gateway's signature over `signs`."""
    headers = sign(SECRET, "GET", signs, user="u-1", tenant="acme") | {"Host": "api"}
    return (
        f"GET {target} HTTP/1.1\r\n".encode() + b"".join(f"{k}: {v}\r\n".encode() for k, v in headers.items()) + b"\r\n"
    )
