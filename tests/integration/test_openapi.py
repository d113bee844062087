"""What the OpenAPI document says, held against the application: made-up requests under every kind of credential."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import apikit
import httpx
import jwt
import kit
import pytest
import requests
import schemathesis
from apikit import GATEWAY_SECRET, Api, Company
from hypothesis import HealthCheck, Phase, given, reject
from hypothesis import settings as hypothesis_settings
from identitykit import Server, bearing, introspecting, listening
from opensearchpy import AsyncOpenSearch
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from search.access.identity import gateway, signed_app
from search.core.endpoints import Endpoints
from search.core.settings import Settings
from search.core.streams.port import Broker

JWT_SECRET = "0123456789abcdef" * 2
APP_SECRET = "the-secret-of-the-app-" * 2
OPAQUE = "an-opaque-token"
ME, ADMIN, DISABLED = "u-me", "u-admin", "u-disabled"
CLAIMS = {"sub": ME, "tenant": "acme", "aud": "search", "scope": "search"}

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXAMPLES = 20
# httpx makes no request of a longer one, such as of a cursor in four-byte characters beyond its greatest length. That
# the service refuses long ones is held by tests/unit/test_edge.py.
LONGEST_URL = 65_536

Prove = Callable[[httpx.Request], Mapping[str, str]]
"""A request → the headers that prove who sends it."""


@pytest.fixture(scope="module")
async def identity_service() -> AsyncIterator[Server]:
    async with listening() as server:
        server.answer = introspecting({OPAQUE: CLAIMS | {"exp": time.time() + 3600}})
        yield server


@pytest.fixture(scope="module")
async def api(
    indexers: None,
    world: Endpoints,
    settings: Settings,
    identity_service: Server,
    tmp_path_factory: pytest.TempPathFactory,
    broker: Broker,
    engine: AsyncOpenSearch,
) -> AsyncIterator[Api]:
    """The application with every mode on, and somebody of each kind in its company."""
    apps = tmp_path_factory.mktemp("apps") / "apps.json"
    apps.write_text(json.dumps({"app": {"secrets": [APP_SECRET], "scopes": ["search"]}}))
    modes = {
        "identity.jwt.secret": JWT_SECRET,
        "identity.jwt.audience": "search",
        "identity.introspection.url": identity_service.url,
        "identity.introspection.audience": "search",
        "identity.introspection.client_id": "office-search",
        "identity.introspection.client_secret": "a-client-secret",
        "identity.apps.file": apps,
    }
    async with apikit.running(kit.changed(settings, **modes), world, GATEWAY_SECRET) as api:
        await api.ready()
        await founded(Company(api, broker, engine)).arrive()
        await api.answers(ME)
        yield api


def founded(company: Company) -> Company:
    company.role(kit.ALL_MODULES, id="default")
    company.role(["admin.explain", "admin.status", "admin.reindex"], ADMIN)
    company.user("陈晨", id=ME)
    company.user("李然", id=ADMIN)
    company.user("王芳", id=DISABLED, status="disabled")
    company.conversation(ME, ADMIN, id="0")
    company.message("0", "0 & 1 明天上午评审搜索中台方案", id="0", sender_id=ME)
    company.doc(ME, "0 <搜索中台>", id="0", allow=["tenant:*"])
    company.app("0 报销", id="0")
    return company


def nobody(_: httpx.Request) -> Mapping[str, str]:
    return {}


def by_gateway(user: str) -> Prove:
    def prove(request: httpx.Request) -> Mapping[str, str]:
        signed = request.method, request.url.raw_path.decode("ascii")
        return gateway.sign(GATEWAY_SECRET, *signed, user=user, tenant="acme", body=request.content)

    return prove


def token(**more: Any) -> str:
    return jwt.encode({**CLAIMS, "exp": time.time() + 60, **more}, JWT_SECRET, algorithm="HS256")


def by_token(_: httpx.Request) -> Mapping[str, str]:
    return bearing(token())


def by_opaque_token(_: httpx.Request) -> Mapping[str, str]:
    return bearing(OPAQUE)


def by_app(request: httpx.Request) -> Mapping[str, str]:
    signed = request.method, request.url.raw_path.decode("ascii")
    headers = signed_app.sign(APP_SECRET, *signed, app="app", user=ME, tenant="acme", body=request.content)
    return bearing(token(client_id="app")) | headers


CREDENTIALS: Mapping[str, tuple[Prove, int]] = {
    "none": (nobody, 401),
    "gateway": (by_gateway(ME), 200),
    "jwt": (by_token, 200),
    "introspection": (by_opaque_token, 200),
    "signed app": (by_app, 200),
    "disabled": (by_gateway(DISABLED), 403),
    "unknown": (by_gateway("u-nobody"), 403),
    "admin": (by_gateway(ADMIN), 200),
}


@pytest.mark.parametrize(("prove", "status"), CREDENTIALS.values(), ids=list(CREDENTIALS))
async def test_the_credentials_are_what_they_are_called(api: Api, prove: Prove, status: int) -> None:
    request = api.http.build_request("GET", "/v1/search", params={"q": "0"})
    request.headers.update(prove(request))
    response = await api.http.send(request)
    assert response.status_code == status, response.text
    assert status != 200 or response.json()["hits"]


async def test_the_document_says_which_calls_need_credentials_and_which_there_are(api: Api) -> None:
    document = (await api.http.get("/openapi.json")).json()
    schemes = document["components"]["securitySchemes"]
    headers = {scheme["name"] for scheme in schemes.values() if scheme["type"] == "apiKey" and scheme["in"] == "header"}
    assert headers == {*gateway.FIELDS, *signed_app.FIELDS}
    assert {scheme["scheme"] for scheme in schemes.values() if scheme["type"] == "http"} == {"bearer"}
    for path, operations in document["paths"].items():
        for operation in operations.values():
            ways = operation.get("security", [])
            assert {name for way in ways for name in way} <= schemes.keys()
            assert bool(ways) is path.startswith("/v1/"), path
    used = {name for way in document["paths"]["/v1/search"]["get"]["security"] for name in way}
    assert used == schemes.keys()


def sends(request: httpx.Request, way: Mapping[str, Any], schemes: Mapping[str, Mapping[str, str]]) -> bool:
    """Whether a request has just the credentials of one way that the document names."""
    names = {schemes[name].get("name", "Authorization").lower() for name in way}
    fields = [*gateway.FIELDS, *signed_app.FIELDS, "Authorization"]
    return names == {name.lower() for name in fields if name in request.headers}


async def test_the_ways_that_it_names_are_those_that_work(api: Api) -> None:
    document = (await api.http.get("/openapi.json")).json()
    ways = document["paths"]["/v1/search"]["get"]["security"]
    for prove in (by_gateway(ME), by_token, by_opaque_token, by_app):
        request = api.http.build_request("GET", "/v1/search", params={"q": "0"})
        request.headers.update(prove(request))
        assert any(sends(request, way, document["components"]["securitySchemes"]) for way in ways)
        assert (await api.http.send(request)).status_code == 200


async def test_every_example_is_taken(api: Api) -> None:
    """Each may ask for what this company lacks, but none has a wrong form."""
    document = (await api.http.get("/openapi.json")).json()
    asked = 0
    for path, calls in document["paths"].items():
        for method, call in calls.items():
            if path.startswith("/v1/"):
                for request in examples(document, method, path, call):
                    request.headers.update(by_gateway(ADMIN)(request))
                    response = await api.http.send(request)
                    assert response.status_code in {200, 204, 404}, f"{method} {path}: {response.text}"
                    asked += 1
    assert asked >= 13


def examples(document: Mapping[str, Any], method: str, path: str, call: Mapping[str, Any]) -> list[httpx.Request]:
    """The requests of one call: each example of its body, or its parameters' first ones; a cursor is another's."""
    values = {one["name"]: one["schema"]["examples"][0] for one in call.get("parameters", ()) if one["in"] != "header"}
    values.pop("cursor", None)
    url = path
    for one in call.get("parameters", ()):
        if one["in"] == "path":
            url = url.replace(f"{{{one['name']}}}", values.pop(one["name"]))
    if "requestBody" not in call:
        return [httpx.Request(method, f"http://api{url}", params=values)]
    schema = call["requestBody"]["content"]["application/json"]["schema"]
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return [httpx.Request(method, f"http://api{url}", json=body) for body in schema["examples"]]


@pytest.mark.parametrize("credential", CREDENTIALS)
async def test_every_answer_is_as_the_document_says(api: Api, credential: str) -> None:
    prove, status = CREDENTIALS[credential]
    loop = asyncio.get_running_loop()

    def answer(case: schemathesis.Case) -> httpx.Response:
        request = made(case)
        request.headers.update(prove(request))
        return asyncio.run_coroutine_threadsafe(api.http.send(request), loop).result(60)

    statuses = await asyncio.to_thread(try_all, (await api.http.get("/openapi.json")).json(), answer)
    # Made-up requests get as far as these credentials can, and wrong ones are told apart once the caller is proven.
    assert {status, *([] if status == 401 else [422])} <= statuses


def try_all(document: dict[str, Any], answer: Callable[[schemathesis.Case], httpx.Response]) -> set[int]:
    """Try requests of every operation, right ones and wrong ones; every status that came."""
    statuses = set()

    def check(case: schemathesis.Case) -> None:
        response = answer(case)
        statuses.add(response.status_code)
        case.validate_response(response, checks=CHECKS)

    tried = hypothesis_settings(
        max_examples=EXAMPLES,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    # The test brings credentials of its own.
    config = schemathesis.Config.from_dict({"generation": {"with-security-parameters": False}})
    for found in schemathesis.openapi.from_dict(document, config=config).get_all_operations():
        operation = found.ok()
        takes_anything = not {"parameters", "requestBody"}.isdisjoint(operation.definition.raw)
        for mode in (
            (GenerationMode.POSITIVE, GenerationMode.NEGATIVE) if takes_anything else (GenerationMode.POSITIVE,)
        ):
            tried(given(operation.as_strategy(generation_mode=mode))(check))()
    return statuses


def made(case: schemathesis.Case) -> httpx.Request:
    """The request of a case, with the very bytes that are then signed. Gives up a case that no client can send."""
    prepared = requests.Request(**case.as_transport_kwargs(base_url="http://api")).prepare()
    body = prepared.body.encode() if isinstance(prepared.body, str) else prepared.body
    assert prepared.method
    assert prepared.url
    if len(prepared.url) > LONGEST_URL:
        reject()
    return httpx.Request(prepared.method, prepared.url, headers=dict(prepared.headers), content=body)
