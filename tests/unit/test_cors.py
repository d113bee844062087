"""Pages of other origins: those that are named may read every answer of the API, its errors too; others none."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from types import SimpleNamespace

import httpx
import kit
import pytest
from apikit import to
from structlog.testing import capture_logs

from search.access.identity import Caller, gateway, signed_app
from search.access.identity.gateway import sign
from search.access.principal import Principal
from search.api.app import create
from search.core.endpoints import Endpoints
from search.core.errors import Unavailable
from search.core.settings import Settings

SECRET = "0123456789abcdef" * 2
OURS, THEIRS = "https://office.example", "https://evil.example"
SETTINGS = kit.changed(
    Settings(),
    **{
        "identity.gateway.secrets": SECRET,
        "rates.caller": "1 per day",
        "api.origins": f"{OURS},http://localhost:3000",
    },
)
ENDPOINTS = Endpoints("http://127.0.0.1:1", "nats://127.0.0.1:1")
SEARCH = "/v1/search"


class Away:
    async def principal(self, _: Caller) -> Principal:
        raise Unavailable("the directory is behind")


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    with capture_logs():
        yield


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """Of the real application, which knows nobody as its directory is away."""
    app = create(SETTINGS, ENDPOINTS)
    app.state.services = SimpleNamespace(callers=Away())
    async with to(app) as client:
        yield client


def signed(path: str, origin: str = OURS, user: str = "u-1") -> dict[str, str]:
    return sign(SECRET, "GET", path, user=user, tenant="acme") | {"Origin": origin}


def preflight(origin: str = OURS, method: str = "POST", headers: str = "authorization") -> dict[str, str]:
    asked = {"Access-Control-Request-Method": method, "Access-Control-Request-Headers": headers}
    return {"Origin": origin} | asked


def listed(headers: Mapping[str, str], name: str) -> set[str]:
    return {one.strip().lower() for one in headers.get(name, "").split(",") if one.strip()}


def readable(answer: httpx.Response, origin: str = OURS) -> bool:
    """Whether a browser would show this answer to a page of `origin`."""
    assert "access-control-allow-credentials" not in answer.headers
    assert answer.headers.get("access-control-allow-origin") in (None, origin)
    return "access-control-allow-origin" in answer.headers


async def test_a_named_page_may_read_every_error(client: httpx.AsyncClient) -> None:
    answers = {
        401: await client.get(SEARCH, headers={"Origin": OURS}),
        413: await client.post(SEARCH, content=b"x" * 70_000, headers={"Origin": OURS}),
        431: await client.get(SEARCH, headers={"Origin": OURS, "X-Long": "x" * 40_000}),
        404: await client.get("/v1/nowhere", headers={"Origin": OURS}),
        405: await client.put(SEARCH, headers={"Origin": OURS}),
        503: await client.get(SEARCH, headers=signed(SEARCH)),
        429: await client.get(SEARCH, headers=signed(SEARCH)),
        400: await client.get("/v1/se%61rch", headers={"Origin": OURS}),
    }
    assert {status: answer.status_code for status, answer in answers.items()} == {status: status for status in answers}
    for answer in answers.values():
        assert readable(answer)
        assert listed(answer.headers, "vary") == {"origin"}
        exposed = {"x-caller", "x-request-id", "x-client-request-id", "retry-after"}
        assert listed(answer.headers, "access-control-expose-headers") == exposed
        assert answer.headers["x-request-id"]
    assert answers[429].headers["retry-after"]
    assert answers[429].headers["x-caller"]


async def test_other_pages_may_read_nothing(client: httpx.AsyncClient) -> None:
    strangers = (THEIRS, "null", "*", "", f"{OURS}.evil.example", "http://office.example", f"{OURS}:8443", f"{OURS}/")
    for origin in strangers:
        answer = await client.get(SEARCH, headers={"Origin": origin})
        assert not readable(answer, origin), origin
        assert listed(answer.headers, "vary") == {"origin"}
        asked = await client.options(SEARCH, headers=preflight(origin))
        assert asked.status_code == 400
        assert not readable(asked, origin), origin


async def test_what_comes_from_no_page_differs_by_origin_too(client: httpx.AsyncClient) -> None:
    answer = await client.get(SEARCH)
    assert not readable(answer)
    assert listed(answer.headers, "vary") == {"origin"}


async def test_a_preflight_says_what_may_be_sent_and_needs_no_credentials(client: httpx.AsyncClient) -> None:
    answer = await client.options(SEARCH, headers=preflight())
    assert answer.status_code == 200
    assert readable(answer)
    assert listed(answer.headers, "access-control-allow-methods") == {"get", "post", "delete"}
    needed = {"authorization", "content-type", "x-request-id", *gateway.FIELDS, *signed_app.FIELDS}
    assert {name.lower() for name in needed} <= listed(answer.headers, "access-control-allow-headers")
    assert "origin" in listed(answer.headers, "vary")
    assert answer.headers["x-request-id"]
    every = await client.options(SEARCH, headers=preflight(headers=",".join(sorted(map(str.lower, needed)))))
    assert every.status_code == 200
    assert (await client.options(SEARCH, headers=preflight(headers="x-forwarded-for"))).status_code == 400
    assert (await client.options(SEARCH, headers=preflight(method="PUT"))).status_code == 400


async def test_preflights_do_not_count(client: httpx.AsyncClient) -> None:
    for _ in range(5):
        assert (await client.options(SEARCH, headers=preflight() | signed(SEARCH, user="u-2"))).status_code == 200
    # The one request of the day is still to be had.
    assert (await client.get(SEARCH, headers=signed(SEARCH, user="u-2"))).status_code == 503


@pytest.mark.parametrize(
    "path", ["/v1/admin/explain", "/v1/admin/", "/v1/admin", "/v1/admin/none", "/v1/%61dmin/explain"]
)
async def test_admins_calls_are_for_no_page_elsewhere(client: httpx.AsyncClient, path: str) -> None:
    await is_closed(client, path)


@pytest.mark.parametrize("path", ["/metrics", "/healthz", "/openapi.json", "/nowhere", "/"])
async def test_operations_are_for_no_page_elsewhere(client: httpx.AsyncClient, path: str) -> None:
    await is_closed(client, path)


async def is_closed(client: httpx.AsyncClient, path: str) -> None:
    answers = [await client.get(path, headers={"Origin": OURS}), await client.options(path, headers=preflight())]
    assert answers[1].status_code in (400, 404, 405)
    for answer in answers:
        assert not [name for name in answer.headers if name.startswith("access-control-")]


async def test_without_any_origin_nothing_is_said_of_them() -> None:
    async with to(create(kit.changed(SETTINGS, **{"api.origins": ()}), ENDPOINTS)) as client:
        answer = await client.get(SEARCH, headers={"Origin": OURS})
        assert (await client.options(SEARCH, headers=preflight())).status_code == 405
    assert not readable(answer)
    assert "vary" not in answer.headers
