"""The edge: what is let in, what is logged and measured, and what is never told."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Annotated, Any
from urllib.parse import unquote, urlencode

import httpx
import pytest
from apikit import to
from fastapi import Depends, FastAPI, Request
from fastapi.responses import HTMLResponse, PlainTextResponse
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY
from starlette.types import Message, Scope
from structlog.contextvars import get_contextvars
from structlog.testing import capture_logs

from search.access.identity import Caller, identity_modes
from search.access.identity.gateway import sign
from search.access.sealing import Sealing
from search.api import edge, problems
from search.api.dependencies import caller
from search.api.edge.observed import Observed
from search.core.settings import GatewaySettings, IdentitySettings

SECRET = "0123456789abcdef" * 2
# By status, the types that the edge gives its refusals.
TYPES = {
    400: {"bad-request", "too-large"},
    401: {"token-missing", "token-refused"},
    404: {"not-found"},
    408: {"too-slow"},
    413: {"too-large"},
    414: {"too-large"},
    421: {"bad-request"},
    431: {"too-large"},
    500: {"unexpected"},
}
LIMITS = edge.Limits(target=200, headers=800, body=100)


def application(allowed_hosts: frozenset[str] | None = None, limits: edge.Limits = LIMITS) -> FastAPI:
    app = FastAPI()
    app.state.identity_modes = identity_modes(IdentitySettings(gateway=GatewaySettings(secrets=SECRET)))

    @app.get("/me/{thing}")
    async def me(thing: str, who: Annotated[Caller, Depends(caller)]) -> str:
        return f"{who.user} {thing}"

    @app.post("/echo")
    async def echo(request: Request, _: Annotated[Caller, Depends(caller)]) -> PlainTextResponse:
        return PlainTextResponse(await request.body())

    @app.get("/page")
    async def page() -> HTMLResponse:
        return HTMLResponse("<p>")

    @app.get("/id")
    async def bound() -> dict[str, Any]:
        return get_contextvars()

    @app.get("/healthz")
    async def healthz() -> None: ...

    @app.get("/bug")
    async def bug() -> None:
        raise ZeroDivisionError

    problems.install(app)
    edge.install(app, limits=limits, allowed_hosts=allowed_hosts)
    return app


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    with capture_logs():
        yield


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with to(application()) as client:
        yield client


def signed(method: str, path: str, body: bytes = b"") -> dict[str, str]:
    return sign(SECRET, method, path, user="u-1", tenant="acme", body=body)


def refused(answer: httpx.Response, status: int) -> None:
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-request-id"]
    assert answer.json()["type"].rpartition(":")[2] in TYPES[status]


async def test_the_log_line_tells_who_and_what_but_never_the_query(client: httpx.AsyncClient) -> None:
    path = "/me/%E6%90%9C?q=hunter2&from=boss"
    with capture_logs() as logs:
        answer = await client.get(path, headers=signed("GET", path) | {"X-Request-Id": "r-1"})
    assert answer.json() == "u-1 搜"
    (line,) = logs
    assert line.pop("ms") >= 0
    assert line == {
        "event": "request",
        "log_level": "info",
        "method": "GET",
        "path": "/me/%E6%90%9C",
        "status": 200,
        "tenant": "acme",
        "user": "u-1",
        "mode": "gateway",
    }


async def test_a_false_caller_is_not_logged_as_one(client: httpx.AsyncClient) -> None:
    with capture_logs() as logs:
        answer = await client.get("/me/x", headers=signed("GET", "/me/y"))
    assert answer.status_code == 401
    assert logs[0]["status"] == 401
    assert "user" not in logs[0]


async def test_probes_do_not_fill_the_log(client: httpx.AsyncClient) -> None:
    with capture_logs() as logs:
        await client.get("/healthz")
    assert [line["log_level"] for line in logs] == ["debug"]


async def test_a_long_path_is_cut_and_stays_on_its_line(client: httpx.AsyncClient) -> None:
    with capture_logs() as logs:
        await client.get("/%0Afake%20line" + "x" * 180)
    assert logs[0]["path"].startswith("/%0Afake%20line")
    assert len(logs[0]["path"]) <= 200


@pytest.mark.parametrize(("given_id", "kept"), [("r-1.A_b", True), ("", False), ("a b", False), ("x" * 65, False)])
async def test_a_client_s_request_id_stands_beside_ours_when_it_is_harmless(
    client: httpx.AsyncClient, given_id: str, kept: bool
) -> None:
    answer = await client.get("/id", headers={"X-Request-Id": given_id})
    bound = answer.json()
    assert answer.headers["x-request-id"] == bound["request_id"] != given_id
    assert re.fullmatch("[0-9a-f]{32}", bound["request_id"])
    expected = given_id if kept else None
    assert bound.get("client_request_id") == answer.headers.get("x-client-request-id") == expected
    assert not {"request_id", "client_request_id"} & get_contextvars().keys()


async def test_one_id_of_a_client_s_is_not_one_of_ours(client: httpx.AsyncClient) -> None:
    answers = [await client.get("/id", headers={"X-Request-Id": "always-the-same"}) for _ in range(3)]
    assert len({answer.headers["x-request-id"] for answer in answers}) == 3


async def test_two_ids_of_a_client_s_are_none(client: httpx.AsyncClient) -> None:
    answer = await client.get("/id", headers=[("X-Request-Id", "a"), ("X-Request-Id", "b")])
    assert "x-client-request-id" not in answer.headers


def measured(route: str, method: str, status: int) -> float:
    labels = {"route": route, "method": method, "status": str(status)}
    return REGISTRY.get_sample_value("office_search_http_seconds_count", labels) or 0.0


@pytest.mark.parametrize(
    ("method", "path", "route", "label", "status"),
    [
        ("GET", "/page", "/page", "GET", 200),
        ("GET", "/me/some-id?q=x", "/me/{thing}", "GET", 401),
        ("POST", "/page", "/page", "POST", 405),
        ("GET", "/nowhere/at-all", "unknown", "GET", 404),
        ("BREW", "/page", "/page", "other", 405),
        ("GET", "/bug", "/bug", "GET", 500),
        ("GET", "/" + "x" * 300, "unknown", "GET", 414),
    ],
)
async def test_requests_are_measured_by_route_not_by_path(
    client: httpx.AsyncClient, method: str, path: str, route: str, label: str, status: int
) -> None:
    before = measured(route, label, status)
    assert (await client.request(method, path)).status_code == status
    assert measured(route, label, status) == before + 1
    assert REGISTRY.get_sample_value("office_search_http_in_flight") == 0


async def test_a_bug_is_a_500_with_an_id_that_its_log_lines_carry(client: httpx.AsyncClient) -> None:
    with capture_logs() as logs:
        answer = await client.get("/bug")
    refused(answer, 500)
    assert [line["event"] for line in logs] == ["unexpected_error", "request"]


@pytest.mark.parametrize("size", [0, 1, 100])
async def test_a_body_within_the_limit_reaches_signature_and_route_alike(client: httpx.AsyncClient, size: int) -> None:
    body = b"x" * size
    answer = await client.post("/echo", content=body, headers=signed("POST", "/echo", body))
    assert answer.status_code == 200
    assert answer.content == body


async def test_a_body_that_comes_in_pieces_is_one(client: httpx.AsyncClient) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for piece in (b"ab", b"", b"c"):
            yield piece

    answer = await client.post("/echo", content=pieces(), headers=signed("POST", "/echo", b"abc"))
    assert answer.content == b"abc"


async def test_a_body_that_is_too_large_is_read_to_its_end_so_that_the_answer_arrives(
    client: httpx.AsyncClient,
) -> None:
    sent = 0

    async def pieces() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(20):
            sent += 1
            yield b"x" * 10

    refused(await client.post("/echo", content=pieces()), 413)
    assert sent == 20


async def test_an_endless_body_is_cut_off(client: httpx.AsyncClient) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 100_000

    refused(await client.post("/echo", content=endless()), 413)


async def test_a_body_that_never_comes_is_not_waited_for() -> None:
    async def never() -> Message:
        return await asyncio.Future()

    assert await bare(application(limits=edge.Limits(body_seconds=0.01)), [], never) == 408


async def test_long_addresses_and_headers_are_refused(client: httpx.AsyncClient) -> None:
    refused(await client.get("/page?q=" + "x" * 200), 414)
    refused(await client.get("/page", headers={"X-Long": "x" * 800}), 431)


@pytest.mark.parametrize(
    "path",
    [
        *("/%70age", "/pag%65", "/p%61ge", "/me%2Fx", "/me%2fx", "/me%5Cx", "/me/x%2Fy", "/me/u%2D1", "/me/u%7e"),
        *("/%2E/page", "/me/%2e%2E/page", "/page%", "/page%4", "/page%zz", "/page%00", "/me/%7F", "/me/x%0A"),
    ],
)
async def test_a_path_in_disguise_reaches_no_route(path: str) -> None:
    with capture_logs() as logs:
        assert await bare(application(), [], path=path) == 400
    assert logs[0]["path"] == path


@pytest.mark.parametrize(
    ("path", "other"),
    [("/me/%E6%90%9C", "/me/%e6%90%9c"), ("/me/user%3Au-1", "/me/user:u-1"), ("/me/100%25", "/me/100%2525")],
)
async def test_what_must_be_encoded_is_served_and_signed_as_it_is_sent(
    client: httpx.AsyncClient, path: str, other: str
) -> None:
    assert (await client.get(path, headers=signed("GET", path))).status_code == 200
    assert (await client.get(path, headers=signed("GET", other))).status_code == 401


@pytest.mark.parametrize(
    ("headers", "version", "status"),
    [
        ([(b"transfer-encoding", b"chunked"), (b"content-length", b"0")], "1.1", 400),
        ([(b"content-length", b"0"), (b"transfer-encoding", b"identity")], "1.1", 400),
        ([(b"transfer-encoding", b"chunked")], "1.0", 400),
        ([(b"transfer-encoding", b"chunked")], "1.1", 200),
        ([(b"content-length", b"0")], "1.0", 200),
    ],
)
async def test_a_body_that_may_end_in_two_places_is_refused(
    headers: list[tuple[bytes, bytes]], version: str, status: int
) -> None:
    assert await bare(application(), headers, version=version) == status


async def test_very_many_headers_and_parameters_are_refused() -> None:
    limits = edge.Limits()
    async with to(application(limits=limits)) as client:
        most = [("X-One-Of-Many", "")] * (limits.header_lines - 10)
        assert (await client.get("/page", headers=most)).status_code == 200
        refused(await client.get("/page", headers=most * 2), 431)
        pairs = "&".join(["a="] * limits.parameters)
        assert (await client.get("/page?" + pairs)).status_code == 200
        refused(await client.get("/page?&" + pairs), 400)


async def test_by_default_a_query_of_ten_thousand_characters_fits() -> None:
    query = urlencode({"q": "𠮷" * 10_000}).encode()
    assert await bare(application(limits=edge.Limits()), [], query=query) == 200


HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]"})


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8080", "127.0.0.1", "127.0.0.1:1", "[::1]", "[::1]:8080"])
async def test_our_own_hosts_are_served(host: str) -> None:
    async with to(application(HOSTS)) as client:
        assert (await client.get("/page", headers={"Host": host})).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "localhost.evil.example", "127.0.0.1.evil.example:8080", "evil.example:localhost"),
        *("", " ", ":8080", "[::2]:80", "localhost.", "localhost:80:80", "é"),
    ],
)
async def test_foreign_hosts_are_refused(host: str) -> None:
    async with to(application(HOSTS)) as client:
        refused(await client.get("/page", headers=[(b"Host", host.encode("latin-1"))]), 421)


@pytest.mark.parametrize("hosts", [[], [b"localhost", b"localhost"], [b"localhost", b"evil.example"]])
async def test_the_host_must_come_once(hosts: list[bytes]) -> None:
    status = await bare(application(HOSTS), headers=[(b"host", host) for host in hosts])
    assert status == 400


async def bare(
    app: Any,
    headers: list[tuple[bytes, bytes]],
    receive: Callable[[], Any] | None = None,
    query: bytes = b"",
    version: str = "1.1",
    path: str = "/page",
) -> int | None:
    """The status that `app` answers to a request that no client library would send; None when it stays silent."""
    statuses: list[int] = []
    scope: Scope = {"type": "http", "method": "GET", "path": unquote(path), "raw_path": path.encode()}
    scope.update(query_string=query, headers=headers, http_version=version, scheme="http", server=None, root_path="")

    async def empty() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    await app(scope, receive or empty, send)
    return statuses[0] if statuses else None


async def test_a_client_that_leaves_during_its_body_is_logged_and_not_answered() -> None:
    async def gone() -> Message:
        return {"type": "http.disconnect"}

    with capture_logs() as logs:
        assert await bare(application(), [], gone) is None
    assert [line["status"] for line in logs] == [499]


NAMES = st.sampled_from([b"host", b"content-length", b"x-request-id", b"authorization", b"x-user-id", b"cookie"])
GARBAGE = application(HOSTS)


@given(st.lists(st.tuples(NAMES, st.binary(max_size=30)), max_size=6))
async def test_no_header_garbage_makes_a_500(headers: list[tuple[bytes, bytes]]) -> None:
    assert await bare(GARBAGE, [*headers, (b"host", b"localhost")]) in {200, 400, 421}


async def test_pages_may_load_and_be_framed_by_nothing_foreign(client: httpx.AsyncClient) -> None:
    page = (await client.get("/page")).headers
    assert "frame-ancestors 'none'" in page["content-security-policy"]
    assert "default-src 'none'" in page["content-security-policy"]
    assert "unsafe" not in page["content-security-policy"]
    assert page["x-content-type-options"] == "nosniff"
    assert page["referrer-policy"] == "no-referrer"


def policy(page: httpx.Response) -> dict[str, str]:
    found = [one.partition(" ") for one in page.headers["content-security-policy"].split("; ")]
    assert len({name for name, *_ in found}) == len(found)
    return {name: value for name, _, value in found}


async def test_no_page_makes_code_or_markup_of_a_text(client: httpx.AsyncClient) -> None:
    found = policy(await client.get("/page"))
    assert found["script-src"] == found["style-src"] == found["connect-src"] == "'self'"
    assert (found["require-trusted-types-for"], found["trusted-types"]) == ("'script'", "'none'")


async def test_pictures_come_by_https_from_the_hosts_that_are_set_and_nothing_else_does(
    client: httpx.AsyncClient,
) -> None:
    own = policy(await client.get("/page"))
    assert own["img-src"] == "'self' data:"
    app = FastAPI()
    app.get("/page")(lambda: HTMLResponse("<p>"))
    edge.install(app, picture_hosts=("pictures.example", "*.cdn.example"))
    async with to(app) as other:
        found = policy(await other.get("/page"))
    assert found.pop("img-src") == "'self' data: https://pictures.example https://*.cdn.example"
    own.pop("img-src")
    assert found == own


@pytest.mark.parametrize("path", ["/id", "/nowhere", "/bug"])
async def test_answers_in_json_are_kept_by_nobody(client: httpx.AsyncClient, path: str) -> None:
    headers = (await client.get(path)).headers
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"


async def test_the_time_is_measured_to_the_end_of_the_answer() -> None:
    ticks = iter([10.0, 12.5])

    async def app(scope: Scope, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 204, "headers": []})

    with capture_logs() as logs:
        await bare(Observed(app, Sealing(), clock=lambda: next(ticks)), [])
    assert logs[0]["ms"] == 2500.0
