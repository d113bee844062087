"""What ends: old feedback, that of deleted users, clicks whose answer nobody notes; and what an app may not begin."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import apikit
import httpx
import jwt
import kit
import orjson
import pytest
from apikit import GATEWAY_SECRET, Api, Company
from feedbackkit import CLICKS, RECENT, Searcher, click, kept
from opensearchpy import AsyncOpenSearch

from mappings import feedback as stored
from search.access.identity import Caller
from search.access.identity.signed_app import sign
from search.access.sealing import Sealing
from search.core.endpoints import Endpoints
from search.core.errors import ProblemType
from search.core.settings import FeedbackSettings, Settings
from search.feedback import Click, Feedback, Noted

KEY = "0123456789abcdef" * 2
SECRETS = {name: f"the-secret-of-{name}-" * 2 for name in ("plain", "personal")}
OPENED = ("docs", "f-1")


class Clock:
    """A time that only a test moves."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now


async def nobody(tenant: str, users: object) -> frozenset[str]:
    return frozenset()


def processes(engine: AsyncOpenSearch, clock: Clock, count: int = 1) -> list[Feedback]:
    """Feedback of as many processes, none of which writes by itself."""
    sealing = Sealing()
    return [Feedback(engine, FeedbackSettings(), sealing, nobody, clock=clock) for _ in range(count)]


def noted(query_id: str, text: str, at: datetime, *, tenant: str, user: str = "u-1") -> Noted:
    return Noted(query_id, tenant, user, None, True, "search", text, at, [OPENED])


def opened(query_id: str) -> Click:
    return Click(query_id, "open", *OPENED)


class TestDisorder:
    async def test_a_click_waits_for_the_note_that_another_process_has(
        self, world: Endpoints, engine: AsyncOpenSearch
    ) -> None:
        clock = Clock()
        here, there = processes(engine, clock, 2)
        here.clicked(Caller("late", "u-1", "gateway"), [opened("q-1"), Click("q-1", "submit")])
        await here.writer.flush()
        assert await kept(engine, stored.EVENTS, "late") == []
        there.note(noted("q-1", "甲", clock.now, tenant="late"))
        await there.writer.flush()
        clock.now += timedelta(seconds=5)
        await here.writer.flush()
        assert len(await kept(engine, stored.EVENTS, "late")) == 2
        assert [one.text for one in await here.recent("late", "u-1")] == ["甲"]

    async def test_but_not_for_long(self, world: Endpoints, engine: AsyncOpenSearch) -> None:
        clock = Clock()
        [here] = processes(engine, clock)
        here.clicked(Caller("later", "u-1", "gateway"), [opened("q-1")])
        await here.writer.flush()
        clock.now += timedelta(seconds=11)
        await here.writer.flush()
        here.note(noted("q-1", "甲", clock.now, tenant="later"))
        await here.writer.flush()
        assert await kept(engine, stored.EVENTS, "later") == []

    async def test_what_was_opened_before_all_were_removed_does_not_come_back(
        self, world: Endpoints, engine: AsyncOpenSearch
    ) -> None:
        clock = Clock()
        here, there = processes(engine, clock, 2)
        here.note(noted("q-1", "甲", clock.now, tenant="cleared"))
        await here.writer.flush()
        there.clicked(Caller("cleared", "u-1", "gateway"), [opened("q-1")])
        clock.now += timedelta(milliseconds=1)
        await here.remove_recent("cleared", "u-1", None)
        await there.writer.flush()
        assert await here.recent("cleared", "u-1") == []

    async def test_a_text_that_is_none_costs_others_nothing(self, world: Endpoints, engine: AsyncOpenSearch) -> None:
        clock = Clock()
        [here] = processes(engine, clock)
        for number, text in enumerate(["甲", "\ud800"]):
            here.note(noted(f"q-{number}", text, clock.now, tenant="odd"))
        here.clicked(Caller("odd", "u-1", "gateway"), [opened("q-0"), opened("q-1")])
        await here.writer.flush()
        assert {one.text for one in await here.recent("odd", "u-1")} == {"甲", "?"}

    async def test_an_index_that_is_gone_is_made_again_with_its_mapping(
        self, world: Endpoints, engine: AsyncOpenSearch
    ) -> None:
        clock = Clock()
        [here] = processes(engine, clock)
        for number in range(2):
            here.note(noted(f"q-{number}", "甲", clock.now, tenant="gone"))
            await here.writer.flush()
            index = stored.index(stored.QUERIES, "gone")
            mapping = (await engine.indices.get_mapping(index=index))[index]["mappings"]
            assert mapping["properties"]["client_id"]["type"] == "keyword"
            await engine.indices.delete(index=index)


class TestRetention:
    async def test_each_is_kept_for_its_time(self, world: Endpoints, engine: AsyncOpenSearch) -> None:
        clock = Clock()
        [here] = processes(engine, clock)
        caller, began = Caller("old", "u-1", "gateway"), clock.now

        async def counts() -> Sequence[int]:
            await engine.indices.refresh(index="_all")
            await here.upkeep.once()
            kinds = (stored.QUERIES, stored.EVENTS, stored.ASKED)
            return [len(await kept(engine, kind, "old")) for kind in kinds]

        async def stored_texts() -> list[str]:
            [searcher] = await kept(engine, stored.SEARCHERS, "old")
            return [entry["text"] for entry in searcher["entries"]]

        for days, text in ((0, "甲"), (2, "乙")):
            clock.now = began + timedelta(days=days)
            here.note(noted(f"q-{days}", text, clock.now, tenant="old"))
            here.clicked(caller, [opened(f"q-{days}")])
            await here.writer.flush()
        assert await counts() == [2, 2, 1]
        clock.now += timedelta(hours=2)
        assert await counts() == [2, 2, 0]
        assert await stored_texts() == ["乙", "甲"]
        clock.now = began + timedelta(days=31)
        assert [one.text for one in await here.recent("old", "u-1")] == ["乙"]
        assert await counts() == [2, 2, 0]
        assert await stored_texts() == ["乙"]
        clock.now = began + timedelta(days=91)
        assert await here.often_opened("old", "u-1") == [OPENED]
        assert await counts() == [1, 1, 0]
        assert await stored_texts() == []


class TestDeletedUsers:
    async def test_all_of_theirs_goes_and_nothing_of_others(self, acme: Company, engine: AsyncOpenSearch) -> None:
        gone, disabled, stays = acme.user(), acme.user(), acme.user()
        acme.doc(gone, allow=["tenant:*"])
        await acme.arrive()
        users = [Searcher(acme.api, engine, user) for user in (gone, disabled, stays)]
        for searcher in users:
            answer = await searcher.means(acme.topic)
            await searcher.tells(click(answer))
            await searcher.events(2)
            await searcher.comes_to(acme.topic)
        feedback: Feedback = acme.api.app.state.services.feedback

        async def counts(user: str) -> list[int]:
            return [len(await kept(engine, kind, client_id=user)) for kind in stored.KINDS]

        before = [await counts(searcher.user) for searcher in users]
        assert before == [[1, 2, 1, 1]] * 3
        await feedback.upkeep.once()
        assert [await counts(searcher.user) for searcher in users] == before
        acme.delete("user", gone)
        acme.user(id=disabled, status="disabled")
        await acme.arrive()

        async def is_gone() -> bool:
            await feedback.upkeep.once()
            return await counts(gone) == [0] * 4

        await kit.until(is_gone, "all of the deleted user's to be removed")
        assert [await counts(searcher.user) for searcher in users[1:]] == before[1:]
        for user in (gone, disabled):
            assert (await acme.api.get(user, RECENT)).status_code == 403


class TestApps:
    @pytest.fixture
    async def app_api(self, acme: Company, world: Endpoints, settings: Settings, tmp_path: Path) -> AsyncIterator[Api]:
        file = tmp_path / "apps.json"
        scopes = {"plain": ["search"], "personal": ["search", "search.personal"]}
        file.write_text(json.dumps({name: {"secrets": [SECRETS[name]], "scopes": scopes[name]} for name in SECRETS}))
        chosen = {"identity.jwt.secret": KEY, "identity.jwt.audience": "search", "identity.apps.file": file}
        async with apikit.running(kit.changed(settings, **chosen), world, GATEWAY_SECRET) as api:
            await api.ready()
            yield api

    async def test_only_one_with_the_scope_has_recent_searches(
        self, acme: Company, app_api: Api, engine: AsyncOpenSearch
    ) -> None:
        me = Searcher(app_api, engine, acme.user())
        acme.doc(me.user, allow=["tenant:*"])
        await acme.arrive()
        http, feedback = app_api.http, app_api.app.state.services.feedback

        async def send(
            app: str, method: str, path: str, body: object = None, scope: str = "search search.personal"
        ) -> httpx.Response:
            content = b"" if body is None else orjson.dumps(body)
            claims = {"sub": me.user, "tenant": "acme", "aud": "search", "scope": scope, "client_id": app}
            token = jwt.encode(claims | {"exp": time.time() + 60}, KEY, algorithm="HS256")
            signed = sign(SECRETS[app], method, path, app=app, user=me.user, tenant="acme", body=content)
            headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"} | signed
            return await http.send(http.build_request(method, path, headers=headers, content=content))

        async def opens(app: str, scope: str = "search search.personal") -> None:
            answer: httpx.Response = await send(app, "POST", "/v1/search", {"q": f"{acme.topic} -{app}"}, scope)
            told = await send(app, "POST", CLICKS, click(answer.json()), scope)
            assert told.status_code == 204

        # Neither what its registration nor what its token does not name is given, whatever else `search` stands for.
        for app, scope in (("plain", "search search.personal"), ("personal", "search")):
            for method, path in (("GET", RECENT), ("DELETE", RECENT), ("DELETE", f"{RECENT}/x")):
                response = await send(app, method, path, None, scope)
                assert response.status_code == 403
                assert "search.personal" in response.json()["detail"]
                assert response.json()["type"] == ProblemType.SCOPE_MISSING.urn
            await opens(app, scope)
        await me.events(2)
        assert await me.texts() == []
        assert await feedback.often_opened("acme", me.user) == []
        await opens("personal")
        await me.comes_to(f"{acme.topic} -personal")
        assert len(await feedback.often_opened("acme", me.user)) <= 1
        response = await send("personal", "GET", RECENT)
        assert [one["text"] for one in response.json()["recent"]] == [f"{acme.topic} -personal"]
        assert (await send("personal", "DELETE", RECENT)).status_code == 204
        assert await me.texts() == []

    async def test_a_click_is_of_the_app_that_asked(self, acme: Company, engine: AsyncOpenSearch) -> None:
        clock = Clock()
        [here] = processes(engine, clock)
        here.note(noted("q-1", "甲", clock.now, tenant="apps"))
        here.clicked(Caller("apps", "u-1", "app", "notes", frozenset({"search.personal"})), [opened("q-1")])
        here.clicked(Caller("apps", "u-2", "gateway"), [opened("q-1")])
        await here.writer.flush()
        assert await kept(engine, stored.EVENTS, "apps") == []
