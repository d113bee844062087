"""What kind of error a client is told of: one type for each thing that it can act on, and none that tells a secret."""

from __future__ import annotations

from dataclasses import replace

import apikit
import httpx
import kit
import pytest
from apikit import ADMIN, EXPLAIN, GATEWAY_SECRET, Api, Company

from search.access.identity.gateway import sign
from search.core.endpoints import Endpoints
from search.core.settings import Settings


def type_of(answer: httpx.Response, status: int) -> str:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    prefix, _, name = str(answer.json()["type"]).rpartition(":")
    assert prefix == "urn:office-search:problem"
    return name


async def test_unknown_disabled_and_deleted_users_are_of_one_type(acme: Company) -> None:
    disabled, deleted = acme.user(status="disabled"), acme.user()
    acme.delete("user", deleted)
    await acme.arrive()
    for path in ("/v1/search", "/v1/suggest", "/v1/verticals", "/v1/messages/m-1/context", "/v1/recent"):
        answers = [await acme.api.get(user, path, tenant=acme.tenant) for user in (disabled, deleted, "u-nobody")]
        answers.append(await acme.api.get("u-nobody", path, tenant="no-such-tenant"))
        assert {type_of(answer, 403) for answer in answers} == {"caller-not-active"}
        assert len({answer.content for answer in answers}) == 1


async def test_a_module_that_is_missing_is_another(strict: Company) -> None:
    user = strict.user()
    strict.role(["search.docs"], user)
    await strict.arrive()
    ask = strict.api.get
    assert type_of(await ask(user, tenant=strict.tenant, q="x", verticals="apps"), 403) == "module-missing"
    for id in ("m-none", "m:1"):
        path = f"/v1/messages/{id}/context"
        assert type_of(await ask(user, path, tenant=strict.tenant), 403) == "module-missing"
    about = {"vertical": "docs", "id": "f-1", "user_": user}
    assert type_of(await ask(user, EXPLAIN, tenant=strict.tenant, **about), 403) == "admin-required"


async def test_an_admin_whose_departments_do_not_reach_so_far_is_none_there(strict: Company) -> None:
    admin = strict.user()
    strict.role(["admin.explain"], admin, department_ids=[strict.department()])
    await strict.arrive()
    about = {"vertical": "messages", "id": "m-1", "user_": admin}
    assert type_of(await strict.api.get(admin, EXPLAIN, tenant=strict.tenant, **about), 403) == "admin-required"


async def test_hidden_and_missing_are_of_one_type(acme: Company) -> None:
    me = acme.user()
    hidden = acme.message(acme.conversation(acme.user()))
    await acme.arrive()
    answers = [
        await acme.api.get(me, f"/v1/messages/{id}/context", tenant=acme.tenant) for id in (hidden, "m-none", "m:1")
    ]
    assert {type_of(answer, 404) for answer in answers} == {"not-found"}
    assert len({answer.content for answer in answers}) == 1


async def test_credentials_that_are_missing_are_told_from_those_that_prove_nothing(api: Api) -> None:
    forged = sign("f" * 32, "GET", "/v1/search", user=ADMIN, tenant="acme")
    assert type_of(await api.http.get("/v1/search"), 401) == "token-missing"
    assert type_of(await api.http.get("/v1/search", headers=forged), 401) == "token-refused"
    half = {name: value for name, value in forged.items() if "Signature" not in name}
    assert type_of(await api.http.get("/v1/search", headers=half), 401) == "token-refused"


@pytest.mark.parametrize(
    ("params", "status", "type"),
    [
        ({"verticals": "ghosts"}, 400, "bad-request"),
        ({"cursor": "made-up"}, 400, "bad-request"),
        ({"limit": 99}, 422, "invalid"),
        ({"ghost": 1}, 422, "invalid"),
        ({"q": "x" * 1001}, 422, "invalid"),
        ({f"p{number}": "x" for number in range(101)}, 400, "too-large"),
    ],
)
async def test_what_is_wrong_with_a_request(acme: Company, params: dict[str, str], status: int, type: str) -> None:
    user = acme.user()
    await acme.arrive()
    assert type_of(await acme.api.get(user, tenant=acme.tenant, **params), status) == type


async def test_addresses_methods_and_bodies_that_there_are_not(acme: Company) -> None:
    user = acme.user()
    await acme.arrive()
    assert type_of(await acme.api.http.get("/v1/ghosts"), 404) == "not-found"
    assert type_of(await acme.api.http.put("/v1/search"), 405) == "bad-request"
    assert type_of(await acme.api.http.get("/v1/%73earch"), 400) == "bad-request"
    assert type_of(await acme.api.post(user, b"{", tenant=acme.tenant), 422) == "invalid"
    assert type_of(await acme.api.post(user, b"x" * 70_000, tenant=acme.tenant), 413) == "too-large"


async def test_too_often_and_not_just_now(acme: Company, settings: Settings, world: Endpoints) -> None:
    user = acme.user()
    await acme.arrive()
    once = kit.changed(settings, **{"rates.caller": "1 per day"})
    async with apikit.running(once, world, GATEWAY_SECRET) as api:
        await api.ready()
        await api.get(user, q="x", tenant=acme.tenant)
        assert type_of(await api.get(user, q="x", tenant=acme.tenant), 429) == "too-many-requests"
    away = replace(world, opensearch_url="http://127.0.0.1:9")
    async with apikit.running(settings, away, GATEWAY_SECRET) as api:
        assert type_of(await api.get(user, q="x", tenant=acme.tenant), 503) == "unavailable"
