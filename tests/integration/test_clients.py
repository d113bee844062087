"""Both clients against the real API over HTTP: the Python one in both forms, the TypeScript one in Node.js."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path

import jwt
import kit
import nodekit
import pytest
from apikit import GATEWAY_SECRET, Api, Company
from clientkit import FORMS, Asker, asking, served
from opensearchpy import AsyncOpenSearch

from office_search_client import Click, Problem, Question, Reason
from search.api.app import create
from search.core.endpoints import Endpoints
from search.core.settings import Settings
from search.core.streams.port import Broker

SECRET = "0123456789abcdef" * 2
ME, ADMIN, DISABLED = "u-me", "u-admin", "u-disabled"
MANY = 45

form = pytest.mark.parametrize("form", FORMS)


@pytest.fixture(scope="module")
def with_tokens(settings: Settings) -> Settings:
    return kit.changed(settings, **{"identity.jwt.secret": SECRET, "identity.jwt.audience": "search"})


@pytest.fixture(scope="module")
async def site(indexers: None, world: Endpoints, with_tokens: Settings) -> AsyncIterator[tuple[str, Api]]:
    async with served(create(with_tokens, world, catalogue=kit.CATALOGUE), GATEWAY_SECRET) as site:
        await site[1].ready()
        yield site


@pytest.fixture(scope="module")
def url(site: tuple[str, Api]) -> str:
    return site[0]


@pytest.fixture(scope="module")
async def company(site: tuple[str, Api], broker: Broker, engine: AsyncOpenSearch) -> Company:
    """MANY messages of one topic in the only conversation of two people, and a doc; somebody is disabled."""
    company = Company(site[1], broker, engine)
    company.role(kit.ALL_MODULES, id="default")
    company.user("陈晨", id=ME)
    company.user("李然", id=ADMIN)
    company.user("王芳", id=DISABLED, status="disabled")
    company.conversation(ME, ADMIN, id="c", name="搜索中台项目群")
    for number in range(MANY):
        company.message("c", f"{company.topic} 第{number}条", id=f"m-{number}", sender_id=ADMIN)
    company.doc(ME, f"{company.topic} 方案", id="f")
    await company.arrive()
    await site[1].answers(ME)
    return company


def token(user: str, seconds: float = 600) -> str:
    claims = {"sub": user, "tenant": "acme", "aud": "search", "scope": "search", "exp": time.time() + seconds}
    return jwt.encode(claims, SECRET, algorithm="HS256")


async def problem(ask: Asker, call: str, *args: object) -> Problem:
    with pytest.raises(Problem) as raised:
        await ask(call, *args)
    return raised.value


@form
async def test_a_search_and_its_pages_to_the_end_without_doubles(form: str, url: str, company: Company) -> None:
    async with asking(form, url, lambda _: token(ME)) as ask:
        answer = await ask("search", Question(q=company.topic, verticals="docs"))
        assert [hit.id for hit in answer.hits] == ["f"]
        assert answer.sections["docs"].total == 1
        pages = await ask.every("pages", Question(q=company.topic, limit=10))
        hits = await ask.every("hits", Question(q=company.topic, limit=10, verticals="messages"))
    found = [hit.id for page in pages for hit in page.hits]
    assert len(pages) == 5
    assert len(found) == len(set(found)) == MANY + 1
    assert {hit.id for hit in hits} == {f"m-{number}" for number in range(MANY)}


@form
async def test_suggestions_verticals_and_a_message_in_its_place(form: str, url: str, company: Company) -> None:
    async with asking(form, url, lambda _: token(ME), language="en") as ask:
        [suggestion, *_] = (await ask("suggest", "李然")).suggestions
        assert (suggestion.kind, suggestion.id) == ("person", ADMIN)
        assert {one.name for one in (await ask("verticals")).verticals} == set(kit.CATALOGUE.verticals)
        around = await ask("context", "m-3")
        assert (around.message.id, around.title) == ("m-3", "搜索中台项目群")
        assert (await problem(ask, "context", "m-none")).status == 404


@form
async def test_clicks_become_a_recent_search_which_can_be_removed(form: str, url: str, company: Company) -> None:
    # Each form is somebody of its own, so that neither finds the other's.
    user = ME if form == "sync" else ADMIN
    async with asking(form, url, lambda _: token(user)) as ask:
        answer = await ask("search", company.topic)
        hit = answer.hits[0]
        opened = Click(query_id=answer.query_id, action="open", vertical=hit.vertical, id=hit.id, position=0)
        await ask("clicks", [Click(query_id=answer.query_id, action="submit"), opened])

        async def recent() -> list[str]:
            return [one.text for one in (await ask("recent")).recent]

        async def is_there() -> bool:
            return await recent() == [company.topic]

        await kit.until(is_there, "the question to be a recent search")
        await ask("remove_recent", (await ask("recent")).recent[0].id)
        assert await recent() == []
        await ask("remove_recent")


@form
async def test_a_token_that_has_run_out_is_renewed_once_for_all(form: str, url: str, company: Company) -> None:
    reasons: list[Reason] = []

    def get_token(reason: Reason) -> str:
        reasons.append(reason)
        return token(ME, 600 if len(reasons) > 1 else -600)

    async with asking(form, url, get_token) as ask:
        answers = await asyncio.gather(*(ask("search", company.topic) for _ in range(4)))
    assert all(answer.hits for answer in answers)
    assert reasons == ["initial", "refused"]


@form
async def test_who_may_not_and_who_is_nobody(form: str, url: str, company: Company) -> None:
    async with asking(form, url, lambda _: token(DISABLED)) as ask:
        told = await problem(ask, "search", company.topic)
        assert (told.status, told.title) == (403, "Forbidden")
        assert told.request_id
    async with asking(form, url) as ask:
        assert (await problem(ask, "search", company.topic)).status == 401
    async with asking(form, url, lambda _: token(ME)) as ask:
        assert (await problem(ask, "search", Question(limit=51))).status == 422


async def refused(ask: Asker, q: str) -> Problem:
    """Ask until it is too often; until the directory is up to date nobody is answered, which counts as well."""
    while True:
        try:
            await ask("search", q)
        except Problem as told:
            if told.status != 503:
                return told


@form
async def test_too_many_requests_say_how_long_to_wait(
    form: str, world: Endpoints, with_tokens: Settings, company: Company
) -> None:
    limited = kit.changed(with_tokens, **{"rates.caller": "4 per day"})
    async with served(create(limited, world, catalogue=kit.CATALOGUE), GATEWAY_SECRET) as (url, api):
        await api.ready()
        async with asking(form, url, lambda _: token(ME)) as ask:
            told = await refused(ask, company.topic)
    assert told.status == 429
    assert told.retry_after_s
    assert str(told.retry_after_s) in told.detail


@form
async def test_a_service_that_has_stopped_is_a_problem_with_status_0(
    form: str, world: Endpoints, with_tokens: Settings, company: Company
) -> None:
    async with served(create(with_tokens, world, catalogue=kit.CATALOGUE), GATEWAY_SECRET) as (url, api):
        await api.ready()
        await api.answers(ME)
        async with asking(form, url, lambda _: token(ME)) as ask:
            await ask("search", company.topic)
    async with asking(form, url, lambda _: token(ME)) as ask:
        assert (await problem(ask, "search", company.topic)).status == 0


async def test_the_typescript_client_asks_the_real_api(url: str, company: Company, tmp_path: Path) -> None:
    if missing := nodekit.missing():
        pytest.skip(missing)
    module = nodekit.bundled(nodekit.ROOT / "clients/typescript/tests/real.ts", tmp_path / "real.mjs")
    tokens = [token(ME, -600), token(ME)]
    given = {"endpoint": url, "tokens": tokens, "topic": company.topic, "message": "m-3"}
    done = await asyncio.to_thread(nodekit.run, "node", str(module), json.dumps(given), folder=tmp_path)
    assert done.returncode == 0, done.stdout
    said = json.loads(done.stdout)
    found = [id for page in said["pages"] for id in page]
    assert len(found) == len(set(found)) == MANY + 1
    assert said["reasons"] == ["initial", "refused"]
    assert set(said["verticals"]) == set(kit.CATALOGUE.verticals)
    assert said["around"] == "m-3"
    assert said["missing"] == [404, "Not Found", True]
    assert isinstance(said["recent"], list)
    assert not any(token in done.stdout for token in tokens)
