"""Every error reaches the caller as a problem, and none tells what the caller may not know."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException
from structlog.testing import capture_logs

from search.access.identity import Caller, identity_modes
from search.access.identity.gateway import sign
from search.api import problems
from search.api.dependencies import CallerRoute, caller
from search.api.rates import Rates
from search.api.schemas import ProblemBody
from search.core.errors import (
    AdminRequired,
    BadRequest,
    CallerNotActive,
    ConfigurationError,
    CredentialsMissing,
    Forbidden,
    ModuleMissing,
    NotFound,
    OfficeSearchError,
    ProblemType,
    ScopeMissing,
    StackError,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
)
from search.core.settings import GatewaySettings, IdentitySettings, RatesSettings

ROOT = Path(__file__).parents[2]
SECRET = "0123456789abcdef" * 2
ERRORS: dict[str, Exception] = {
    "bad": BadRequest("limit: must be 1 to 50"),
    "who": Unauthenticated("no good credentials"),
    "anybody": CredentialsMissing("no credentials"),
    "no": CallerNotActive("not a user of this tenant"),
    "module": ModuleMissing("no role has it"),
    "scope": ScopeMissing("not granted"),
    "admin": AdminRequired("for admins"),
    "nowhere": NotFound("there is no such message"),
    "often": TooManyRequests("wait 7 s", 7),
    "later": Unavailable("http://admin:hunter2@10.0.0.1:9200 refused"),
    "setting": ConfigurationError("hunter2 is too short"),
    "stack": StackError("hunter2"),
    "bug": ZeroDivisionError("hunter2"),
    "teapot": HTTPException(418),
    "gone": HTTPException(502),
    "surrogate": BadRequest("type: \ud800 is none"),
}


class Body(BaseModel):
    limit: int


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


def application() -> FastAPI:
    app = FastAPI()
    app.state.identity_modes = identity_modes(IdentitySettings(gateway=GatewaySettings(secrets=SECRET)))
    app.state.rates = Rates.configured(RatesSettings(), lambda: None)
    problems.install(app)

    @app.get("/raise/{name}")
    async def fail(name: str) -> None:
        raise ERRORS[name]

    @app.get("/number")
    async def number(limit: Annotated[int, Query(ge=1, le=50)]) -> int:
        return limit

    @app.get("/half")
    async def half() -> StreamingResponse:
        async def parts() -> AsyncIterator[bytes]:
            yield b"half"
            raise ZeroDivisionError

        return StreamingResponse(parts())

    router = APIRouter(route_class=CallerRoute)

    @router.post("/body")
    async def body(body: Body, who: Annotated[Caller, Depends(caller)]) -> dict[str, object]:
        return {"limit": body.limit, "user": who.user}

    @router.post("/strict")
    async def strict(body: Strict) -> None: ...

    app.include_router(router)
    return app


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    with capture_logs():
        yield


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(application())
    async with httpx.AsyncClient(transport=transport, base_url="http://search.example") as client:
        yield client


def problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = answer.json()
    assert found["status"] == status
    prefix, _, name = found["type"].rpartition(":")
    assert prefix == "urn:office-search:problem"
    assert name in [*ProblemType]
    assert found["title"] == HTTPStatus(status).phrase
    assert found["detail"]
    return found


@pytest.mark.parametrize(
    ("name", "status", "type"),
    [
        ("bad", 400, "bad-request"),
        ("who", 401, "token-refused"),
        ("anybody", 401, "token-missing"),
        ("no", 403, "caller-not-active"),
        ("module", 403, "module-missing"),
        ("scope", 403, "scope-missing"),
        ("admin", 403, "admin-required"),
        ("nowhere", 404, "not-found"),
        ("often", 429, "too-many-requests"),
        ("later", 503, "unavailable"),
        ("setting", 500, "unexpected"),
        ("stack", 500, "unexpected"),
        ("bug", 500, "unexpected"),
        ("teapot", 418, "bad-request"),
        ("gone", 502, "unexpected"),
    ],
)
async def test_each_error_has_its_status_and_its_type(
    client: httpx.AsyncClient, name: str, status: int, type: str
) -> None:
    found = problem(await client.get(f"/raise/{name}"), status)
    assert found["type"] == f"urn:office-search:problem:{type}"
    assert "hunter2" not in json.dumps(found)


async def test_errors_for_the_caller_keep_their_text(client: httpx.AsyncClient) -> None:
    assert problem(await client.get("/raise/bad"), 400)["detail"] == "limit: must be 1 to 50"
    assert problem(await client.get("/raise/no"), 403)["detail"] == "not a user of this tenant"


async def test_a_401_says_how_to_authenticate_and_a_503_when_to_come_back(client: httpx.AsyncClient) -> None:
    assert (await client.get("/raise/who")).headers["www-authenticate"].startswith("Bearer")
    assert int((await client.get("/raise/later")).headers["retry-after"]) > 0
    assert (await client.get("/raise/often")).headers["retry-after"] == "7"


async def test_the_unexpected_is_logged_with_its_traceback(client: httpx.AsyncClient) -> None:
    with capture_logs() as logs:
        await client.get("/raise/bug")
    assert [(line["event"], line["exc_info"]) for line in logs] == [("unexpected_error", True)]


async def test_why_something_is_unavailable_is_logged(client: httpx.AsyncClient) -> None:
    with capture_logs() as logs:
        await client.get("/raise/later")
    assert "refused" in logs[0]["reason"]


async def test_a_text_with_half_a_surrogate_pair_can_be_sent(client: httpx.AsyncClient) -> None:
    assert problem(await client.get("/raise/surrogate"), 400)["detail"] == "type: ? is none"


async def test_no_such_path_and_no_such_method(client: httpx.AsyncClient) -> None:
    assert problem(await client.get("/nowhere"), 404)["type"] == ProblemType.NOT_FOUND.urn
    answer = await client.delete("/number")
    assert problem(answer, 405)["type"] == ProblemType.BAD_REQUEST.urn
    assert answer.headers["allow"] == "GET"


@pytest.mark.parametrize("value", ["0", "51", "x", "", "1" * 5000, "%ED%A0%80", "搜索"])
async def test_a_wrong_parameter_is_named_without_its_value(client: httpx.AsyncClient, value: str) -> None:
    found = problem(await client.get(f"/number?limit={value}"), 422)
    assert found["type"] == ProblemType.INVALID.urn
    assert found["errors"][0]["where"] == "query.limit"
    assert found["detail"].startswith("query.limit: ")
    assert len(json.dumps(found)) < 700


async def test_of_thousands_of_faults_a_few_are_told(client: httpx.AsyncClient) -> None:
    content = json.dumps({f"no-such-{number}": 1 for number in range(2000)}).encode()
    headers = sign(SECRET, "POST", "/strict", user="u-1", tenant="acme", body=content)
    answer = await client.post("/strict", content=content, headers=headers | {"content-type": "application/json"})
    assert len(problem(answer, 422)["errors"]) == problems.MOST_ERRORS


async def test_half_an_answer_is_not_followed_by_a_problem(client: httpx.AsyncClient) -> None:
    with pytest.raises(ZeroDivisionError):
        await client.get("/half")


@pytest.mark.parametrize("content", [b'{"limit": 5}', b"{", b"\xff\xfe", b'{"limit": "x"}', b""])
async def test_a_stranger_gets_401_whatever_is_in_the_body(client: httpx.AsyncClient, content: bytes) -> None:
    answer = await client.post("/body", content=content, headers={"content-type": "application/json"})
    assert problem(answer, 401)["type"] == ProblemType.TOKEN_MISSING.urn


@pytest.mark.parametrize(
    ("content", "status"), [(b'{"limit": 5}', 200), (b"{", 422), (b"\xff", 400), (b'{"limit": "x"}', 422), (b"", 422)]
)
async def test_a_proven_callers_body_is_read_after_it_was_checked(
    client: httpx.AsyncClient, content: bytes, status: int
) -> None:
    headers = sign(SECRET, "POST", "/body?x=%20", user="u-1", tenant="acme", body=content)
    headers["content-type"] = "application/json"
    answer = await client.post("/body?x=%20", content=content, headers=headers)
    if status == 200:
        assert answer.json() == {"limit": 5, "user": "u-1"}
    else:
        problem(answer, status)


def test_the_whole_family_of_errors_is_decided() -> None:
    decided = {BadRequest, Unauthenticated, Forbidden, NotFound, TooManyRequests, Unavailable}
    internal = {error.__name__ for error in OfficeSearchError.__subclasses__() if error not in decided}
    assert internal == {"ConfigurationError", "StackError", "RejectedEvent", "Busy"}


def test_no_refusal_leaves_open_why() -> None:
    general = re.compile(rf"raise {Forbidden.__name__}\(")
    assert [path.name for path in (ROOT / "search").rglob("*.py") if general.search(path.read_text("utf-8"))] == []
    assert all(one.problem is not ProblemType.UNEXPECTED for one in Forbidden.__subclasses__())


def test_each_type_is_explained_once_for_clients_and_for_operators() -> None:
    assert [*problems.MEANINGS] == [*ProblemType]
    section = (ROOT / "docs/operations.md").read_text("utf-8").partition("\n## Problems\n")[2].partition("\n## ")[0]
    assert re.findall(r"^\| `([a-z-]+)` \|", section, re.MULTILINE) == [*ProblemType]
    schema = ProblemBody.model_json_schema()["properties"]["type"]
    assert schema["enum"] == [type.urn for type in ProblemType]
    assert all(f"`{type}`: {meaning}" in schema["description"] for type, meaning in problems.MEANINGS.items())
