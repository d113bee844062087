"""Apps that sign for a user over the real API: nonces shared by its processes, and modules narrowed by scopes."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import apikit
import httpx
import jwt
import kit
import pytest
from apikit import GATEWAY_SECRET, Api, Company, ids
from opensearchpy import AsyncOpenSearch
from outside import OwnBroker

from search.access.identity.signed_app import sign
from search.core.endpoints import Endpoints
from search.core.settings import Settings
from search.core.streams.port import Broker

KEY = "0123456789abcdef" * 2
SECRETS = {name: f"the-secret-of-{name}-" * 2 for name in ("whole", "docs-only", "nothing")}
ME, ADMIN = "u-me", "u-admin"


@dataclass
class App:
    """A third party's server, which calls any of the API's processes for a user."""

    name: str
    apis: Sequence[Api]

    def signed(
        self, user: str = ME, *, scope: str = "search", nonce: str | None = None, **params: Any
    ) -> httpx.Request:
        path = "/v1/search?" + urlencode(params)
        claims = {"sub": user, "tenant": "acme", "aud": "search", "scope": scope, "client_id": self.name}
        token = jwt.encode(claims | {"exp": time.time() + 60}, KEY, algorithm="HS256")
        headers = sign(SECRETS[self.name], "GET", path, app=self.name, user=user, tenant="acme", nonce=nonce)
        return self.apis[0].http.build_request("GET", path, headers={"Authorization": f"Bearer {token}"} | headers)

    async def get(self, *, process: int = 0, **more: Any) -> httpx.Response:
        return await self.apis[process].http.send(self.signed(**more))

    async def search(self, q: str, **more: Any) -> dict[str, Any]:
        response = await self.get(q=q, **more)
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer


@pytest.fixture(scope="module")
def with_apps(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    file = tmp_path_factory.mktemp("apps") / "apps.json"
    scopes = {"whole": {"scopes": ["search"]}, "docs-only": {"scopes": ["search.docs"]}}
    file.write_text(json.dumps({name: {"secrets": [SECRETS[name]]} | scopes.get(name, {}) for name in SECRETS}))
    chosen = {"identity.jwt.secret": KEY, "identity.jwt.audience": "search", "identity.apps.file": file}
    return kit.changed(settings, **chosen)


@pytest.fixture(scope="module")
async def apis(indexers: None, world: Endpoints, with_apps: Settings) -> AsyncIterator[list[Api]]:
    """Two processes of the API, as far as they can tell."""
    async with (
        apikit.running(with_apps, world, GATEWAY_SECRET) as one,
        apikit.running(with_apps, world, GATEWAY_SECRET) as two,
    ):
        await one.ready()
        await two.ready()
        yield [one, two]


@pytest.fixture(scope="module")
async def acme(apis: list[Api], broker: Broker, engine: AsyncOpenSearch) -> Company:
    company = Company(apis[0], broker, engine)
    company.role(kit.ALL_MODULES, id="default")
    company.role(["admin.explain"], ADMIN)
    company.user("陈晨", id=ME)
    company.user("李然", id=ADMIN)
    company.conversation(ME, id="c-1")
    company.message("c-1", id="m-1", sender_id=ME)
    company.doc(ME, id="f-1", allow=["tenant:*"])
    company.app(id="a-1")
    await company.arrive()
    return company


class TestScopes:
    async def test_an_app_finds_what_its_user_finds(self, acme: Company, apis: list[Api]) -> None:
        answer = await App("whole", apis).search(acme.topic)
        assert set(ids(answer)) == await acme.finds(ME) == {"m-1", "f-1", "a-1"}
        assert answer["denied"] == []

    async def test_a_tokens_scopes_deny_what_they_do_not_name(self, acme: Company, apis: list[Api]) -> None:
        answer = await App("whole", apis).search(acme.topic, scope="search.docs search.apps")
        assert set(ids(answer)) == {"f-1", "a-1"}
        assert set(answer["denied"]) == {"messages", "contacts"}
        assert set(answer["sections"]) == {"docs", "apps"}

    async def test_the_registrations_scopes_deny_what_they_do_not_name(self, acme: Company, apis: list[Api]) -> None:
        answer = await App("docs-only", apis).search(acme.topic)
        assert ids(answer) == ["f-1"]
        assert set(answer["denied"]) == {"messages", "contacts", "apps"}

    async def test_only_what_both_name_is_left(self, acme: Company, apis: list[Api]) -> None:
        answer = await App("docs-only", apis).search(acme.topic, scope="search.messages search.apps")
        assert ids(answer) == []
        assert set(answer["denied"]) == {"messages", "contacts", "docs", "apps"}

    @pytest.mark.parametrize("app", ["docs-only", "nothing"])
    async def test_one_that_is_denied_is_403_just_as_without_a_role(
        self, acme: Company, apis: list[Api], app: str
    ) -> None:
        response = await App(app, apis).get(q=acme.topic, verticals="messages")
        assert response.status_code == 403
        other = Company(acme.api, acme._broker, acme._engine, tenant="roleless")
        other.role([], id="default")
        other.user("某人", id=ME)
        await other.arrive()
        without_role = await other.api.get(ME, tenant="roleless", q=acme.topic, verticals="messages")
        assert response.json() == without_role.json()

    async def test_operators_know_no_names_of_people_whom_it_may_not_search_but_ids(
        self, acme: Company, apis: list[Api]
    ) -> None:
        assert ids(await App("docs-only", apis).search(f"{acme.topic} from:陈晨")) == []
        assert ids(await App("docs-only", apis).search(f"{acme.topic} from:{ME}")) == ["f-1"]

    async def test_the_user_alone_is_not_narrowed_afterwards(self, acme: Company, apis: list[Api]) -> None:
        await App("nothing", apis).search(acme.topic)
        assert await acme.finds(ME) == {"m-1", "f-1", "a-1"}

    async def test_an_unknown_user_is_403_however_well_the_app_signs(self, acme: Company, apis: list[Api]) -> None:
        assert (await App("whole", apis).get(user="nobody", q="x")).status_code == 403

    async def test_search_stands_for_no_call_of_admins_whoever_the_token_names(
        self, acme: Company, apis: list[Api]
    ) -> None:
        async def explain(scope: str, **more: str) -> int:
            claims = {"sub": ADMIN, "tenant": "acme", "aud": "search", "scope": scope, "exp": time.time() + 60, **more}
            headers = {"Authorization": f"Bearer {jwt.encode(claims, KEY, algorithm='HS256')}"}
            address = f"/v1/admin/explain?vertical=docs&id=f-1&user={ME}"
            return (await apis[0].http.get(address, headers=headers)).status_code

        assert await explain("search admin.explain") == 200
        assert await explain("search") == 403
        assert await explain("search admin.explain", client_id="no-longer-registered") == 401

    async def test_the_token_alone_is_worth_nothing(self, acme: Company, apis: list[Api]) -> None:
        request = App("whole", apis).signed(q="x")
        bare = {"Authorization": request.headers["Authorization"]}
        response = await apis[0].http.get("/v1/search?q=x", headers=bare)
        assert response.status_code == 401
        assert response.headers["content-type"] == "application/problem+json"


class TestNonces:
    async def test_a_request_that_is_sent_again_is_refused_by_every_process(
        self, acme: Company, apis: list[Api]
    ) -> None:
        request = App("whole", apis).signed(q=acme.topic)
        assert (await apis[0].http.send(request)).status_code == 200
        for api in apis:
            again = await api.http.send(request)
            assert again.status_code == 401
            assert "X-Nonce" in again.json()["detail"]

    async def test_of_copies_that_reach_all_processes_at_once_one_is_answered(
        self, acme: Company, apis: list[Api]
    ) -> None:
        for _ in range(5):
            request = App("whole", apis).signed(q=acme.topic)
            answers = await asyncio.gather(*(api.http.send(request) for api in apis for _ in range(4)))
            assert sorted(answer.status_code for answer in answers) == [200] + [401] * 7

    async def test_who_cannot_sign_uses_no_nonce_up(self, acme: Company, apis: list[Api]) -> None:
        app = App("whole", apis)
        request = app.signed(q=acme.topic, nonce="mine")
        forged = app.signed(q=acme.topic, nonce="mine")
        forged.headers["X-Signature"] = "0" * 64
        assert (await apis[0].http.send(forged)).status_code == 401
        assert (await apis[1].http.send(request)).status_code == 200


async def test_without_the_broker_signed_requests_wait_and_others_are_told_what_they_are_told_anyway(
    stack: Endpoints, with_apps: Settings, tmp_path: Path
) -> None:
    broker = OwnBroker(tmp_path)
    without = Endpoints(stack.opensearch_url, broker.url)
    async with apikit.running(with_apps, without, GATEWAY_SECRET) as api:
        app = App("whole", [api])
        response = await app.get(q="x")
        assert response.status_code == 503
        assert int(response.headers["retry-after"]) > 0
        forged = app.signed(q="x")
        forged.headers["X-Signature"] = "0" * 64
        assert (await api.http.send(forged)).status_code == 401
        with broker:

            async def takes_nonces() -> bool:
                # Once it is taken it is refused; before, there was no broker, and then, there is no directory.
                return (await app.get(q="x", nonce="always-the-same")).status_code == 401

            await kit.until(takes_nonces, "the broker to be found without a restart")
