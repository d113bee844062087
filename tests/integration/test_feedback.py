"""Clicks and recent searches over the real API: what is kept of whom, and that nothing of it holds up a search."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import apikit
import kit
import pytest
from apikit import GATEWAY_SECRET, Company
from feedbackkit import CLICKS, RECENT, Searcher, click, kept
from opensearchpy import AsyncOpenSearch
from opensearchpy.exceptions import ConnectionTimeout

from mappings import feedback as stored
from search.core.endpoints import Endpoints
from search.core.settings import Settings
from search.feedback import Feedback


@pytest.fixture
async def searchers(acme: Company, engine: AsyncOpenSearch) -> tuple[Searcher, Searcher]:
    """Two users who see the same doc and message."""
    one, other = acme.user(), acme.user()
    acme.doc(one, id=f"{acme.topic}-f", allow=["tenant:*"])
    conversation = acme.conversation(one, other)
    acme.message(conversation, id=f"{acme.topic}-m", sender_id=other)
    await acme.arrive()
    return Searcher(acme.api, engine, one), Searcher(acme.api, engine, other)


class TestClicks:
    async def test_what_was_done_is_kept_in_the_form_of_ubi(
        self, acme: Company, engine: AsyncOpenSearch, searchers: tuple[Searcher, Searcher]
    ) -> None:
        me, _ = searchers
        answer = await me.means(f"{acme.topic}")
        await me.tells(click(answer, "impression"), click(answer, "open", 1, position=7))
        events = {one["action_name"]: one for one in await me.events(3)}
        assert set(events) == {"submit", "impression", "open"}
        [query] = await kept(engine, stored.QUERIES, query_id=answer["query_id"])
        assert query["client_id"] == me.user
        assert query["application"] == events["open"]["application"] == "search"
        assert query["query_response_hit_ids"] == [hit["id"] for hit in answer["hits"]]
        attributes = events["impression"]["event_attributes"]
        assert attributes["object"] == {
            "object_id": answer["hits"][0]["id"],
            "object_id_type": answer["hits"][0]["vertical"],
        }
        assert attributes["position"] == {"ordinal": 1}
        assert events["open"]["event_attributes"]["position"] == {"ordinal": 7}
        assert "event_attributes" not in events["submit"]
        assert {one["query_id"] for one in events.values()} == {answer["query_id"]}

    async def test_the_question_stands_there_as_a_hash_alone(
        self, acme: Company, engine: AsyncOpenSearch, searchers: tuple[Searcher, Searcher]
    ) -> None:
        me, _ = searchers
        answer = await me.means(acme.topic)
        await me.tells(click(answer))
        events = await me.events(2)
        queries = await kept(engine, stored.QUERIES, client_id=me.user)
        assert len({one["user_query"] for one in (*queries, *events)}) == 1
        assert acme.topic not in queries[0]["user_query"]
        assert acme.topic not in str([{**one, "query_response_hit_ids": 0} for one in queries]).replace(me.user, "")

    async def test_where_the_tenant_turned_that_on_as_its_text(
        self, acme: Company, engine: AsyncOpenSearch, settings: Settings, world: Endpoints
    ) -> None:
        chosen = kit.changed(settings, **{"feedback.text_tenants": "acme"})
        user = acme.user()
        await acme.arrive()
        async with apikit.running(chosen, world, GATEWAY_SECRET) as api:
            await api.ready()
            me = Searcher(api, engine, user)
            await me.means(acme.topic)
            [event] = await me.events(1)
        assert event["user_query"] == acme.topic

    async def test_of_what_was_not_given_to_the_caller_nothing_is_kept(
        self, acme: Company, engine: AsyncOpenSearch, searchers: tuple[Searcher, Searcher]
    ) -> None:
        me, other = searchers
        mine, theirs = await me.asks(acme.topic), await other.asks(acme.topic)
        hit = mine["hits"][0]
        await me.tells(
            click(theirs),
            {"query_id": theirs["query_id"], "action": "submit"},
            click(mine, id="nothing-of-the-kind"),
            click(mine, vertical="contacts" if hit["vertical"] != "contacts" else "docs"),
            click(mine, query_id="01ARZ3NDEKTSV4RRFFQ69G5FAV"),
            click(mine),
        )
        # They are put together in one go, so that the last one tells that all have been looked at.
        [event] = await me.events(1)
        assert event["event_attributes"]["object"]["object_id"] == hit["id"]
        assert await kept(engine, stored.EVENTS, client_id=other.user) == []
        assert await other.texts() == []
        await me.comes_to(acme.topic)

    async def test_the_same_told_twice_counts_once(self, acme: Company, searchers: tuple[Searcher, Searcher]) -> None:
        me, _ = searchers
        answer = await me.asks(acme.topic)
        await me.tells(click(answer), click(answer))
        await me.tells(click(answer), click(answer, "dismiss"))
        assert sorted(one["action_name"] for one in await me.events(2)) == ["dismiss", "open"]

    async def test_who_may_not_call_and_what_is_malformed(
        self, acme: Company, searchers: tuple[Searcher, Searcher]
    ) -> None:
        me, _ = searchers
        good = {"query_id": "x", "action": "submit"}
        assert (await acme.api.post("nobody", good, CLICKS)).status_code == 403
        for body in (
            {},
            {"query_id": "x"},
            good | {"action": "buy"},
            good | {"action": "open"},
            good | {"more": 1},
            good | {"query_id": "x" * 101},
            [good] * 51,
            "submit",
            b"{",
        ):
            response = await acme.api.post(me.user, body, CLICKS)
            assert response.status_code == 422, body
        await me.tells(good)
        await me.tells(*[good] * 50)


class TestRecentSearches:
    async def test_a_question_becomes_one_when_it_was_meant(
        self, acme: Company, searchers: tuple[Searcher, Searcher]
    ) -> None:
        me, other = searchers
        await me.asks(acme.topic[:-2])
        await me.comes_to()
        await me.means(f" {acme.topic}  会议 ")
        await me.comes_to(f"{acme.topic} 会议")
        seen = await me.asks(acme.topic)
        await me.tells(click(seen, "impression"), click(seen, "dismiss"))
        await me.tells(click(await me.asks(f"{acme.topic} -x"), "click"))
        await me.comes_to(f"{acme.topic} -x", f"{acme.topic} 会议")
        assert await other.texts() == []

    async def test_again_moves_it_to_the_front(self, acme: Company, searchers: tuple[Searcher, Searcher]) -> None:
        me, _ = searchers
        for text in ("甲", "乙"):
            await me.means(text)
            await me.comes_to(*(["甲"] if text == "甲" else ["乙", "甲"]))
        before = {one["text"]: one for one in await me.recent()}
        await me.means("甲")
        await me.comes_to("甲", "乙")
        after = {one["text"]: one for one in await me.recent()}
        assert after["乙"] == before["乙"]
        assert after["甲"]["id"] == before["甲"]["id"]
        assert after["甲"]["at"] > before["甲"]["at"]

    async def test_the_latest_fifty_are_kept(self, acme: Company, searchers: tuple[Searcher, Searcher]) -> None:
        me, _ = searchers
        for number in range(53):
            await me.means(f"{number}")

        async def is_full() -> bool:
            return (await me.texts())[:1] == ["52"]

        await kit.until(is_full, "the last to come")
        assert await me.texts() == [f"{number}" for number in range(52, 2, -1)]

    async def test_what_was_asked_and_not_meant_yet_goes_with_them(
        self, acme: Company, engine: AsyncOpenSearch
    ) -> None:
        user = acme.user()
        await acme.arrive()
        await acme.search(user, "密码 hunter2")
        await acme.search(user, "年假")

        async def asked() -> set[str]:
            await engine.indices.refresh(index="feedback_asked.acme", params={"ignore_unavailable": "true"})
            body = {"query": {"term": {"client_id": user}}, "size": 100}
            found = await engine.search(index="feedback_asked.acme", body=body, params={"ignore_unavailable": "true"})
            return {hit["_source"]["text"] for hit in found["hits"]["hits"]}

        async def both() -> bool:
            return await asked() == {"密码 hunter2", "年假"}

        await kit.until(both, "the questions to be kept for a while")
        assert (await acme.api.delete(user, RECENT)).status_code == 204
        assert await asked() == set()

    async def test_one_is_removed_and_all_are_and_nobody_elses(
        self, acme: Company, searchers: tuple[Searcher, Searcher]
    ) -> None:
        me, other = searchers
        await me.means("甲")
        await me.comes_to("甲")
        await me.means("乙")
        await other.means("丙")
        await me.comes_to("乙", "甲")
        await other.comes_to("丙")
        second, first = await me.recent()
        for id in (first["id"], "not-there"):
            assert (await acme.api.delete(other.user, f"{RECENT}/{id}")).status_code == 204
        assert await me.texts() == ["乙", "甲"]
        assert (await acme.api.delete(me.user, f"{RECENT}/{second['id']}")).status_code == 204
        assert await me.texts() == ["甲"]
        assert (await acme.api.delete(me.user, RECENT)).status_code == 204
        assert await me.texts() == []
        assert await other.texts() == ["丙"]
        await me.means("丁")
        await me.comes_to("丁")

    async def test_an_unknown_user_has_none(self, acme: Company) -> None:
        await acme.arrive()
        assert (await acme.api.get("nobody", RECENT)).status_code == 403
        assert (await acme.api.delete("nobody", RECENT)).status_code == 403

    async def test_turned_off_no_text_is_kept_anywhere(
        self, acme: Company, engine: AsyncOpenSearch, settings: Settings, world: Endpoints
    ) -> None:
        user = acme.user()
        await acme.arrive()
        chosen = kit.changed(settings, **{"feedback.recent_searches": "off"})
        async with apikit.running(chosen, world, GATEWAY_SECRET) as api:
            await api.ready()
            me = Searcher(api, engine, user)
            await me.means(acme.topic)
            await me.events(1)
            assert await me.texts() == []
        assert await kept(engine, stored.ASKED, client_id=user) == []
        [searcher] = await kept(engine, stored.SEARCHERS, client_id=user)
        assert searcher["entries"] == []


class TestOftenOpened:
    async def test_what_was_opened_most_and_latest_goes_first(
        self, acme: Company, searchers: tuple[Searcher, Searcher]
    ) -> None:
        me, other = searchers
        feedback: Feedback = acme.api.app.state.services.feedback
        first = await me.asks(acme.topic)
        places = [(hit["vertical"], hit["id"]) for hit in first["hits"][:2]]
        # Both a click and an open of one answer are one time; what was only seen is none.
        await me.tells(click(first), click(first, "click"), click(first, "impression", 1))
        await me.tells(click(await me.asks(acme.topic), place=1))
        await me.events(4)

        async def counted(*expected: tuple[str, str]) -> bool:
            return list(await feedback.often_opened("acme", me.user)) == list(expected)

        await kit.until(lambda: counted(places[1], places[0]), "the latest to go first")
        await me.tells(click(await me.asks(acme.topic)))
        await kit.until(lambda: counted(places[0], places[1]), "the most opened to go first")
        assert await feedback.often_opened("acme", me.user, limit=1) == places[:1]
        assert await feedback.often_opened("acme", other.user) == []
        assert await feedback.often_opened("no-such-tenant", me.user) == []


class TestTrouble:
    @pytest.fixture
    async def alone(
        self, acme: Company, settings: Settings, world: Endpoints, engine: AsyncOpenSearch
    ) -> AsyncIterator[Searcher]:
        """A user at an API process of their own, whose feedback's client a test may break."""
        user = acme.user()
        await acme.arrive()
        async with apikit.running(settings, world, GATEWAY_SECRET) as api:
            await api.ready()
            yield Searcher(api, engine, user)

    @pytest.mark.parametrize("hangs", [True, False])
    async def test_an_engine_that_takes_no_feedback_holds_up_no_search(
        self, acme: Company, alone: Searcher, hangs: bool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        feedback: Feedback = alone.api.app.state.services.feedback
        client, tried = feedback._store._engine, asyncio.Event()

        async def broken(*_: Any, **__: Any) -> Any:
            tried.set()
            if hangs:
                await asyncio.Event().wait()
            raise ConnectionTimeout("TIMEOUT", "no answer", None)

        with monkeypatch.context() as patch:
            patch.setattr(client.transport, "perform_request", broken)
            await alone.means(acme.topic)
            await tried.wait()
            began = time.monotonic()
            for _ in range(3):
                await alone.means(acme.topic)
            assert time.monotonic() - began < 5
        if not hangs:
            await alone.means("后来")
            await kit.until(lambda: _has(alone, "后来"), "what came afterwards to be kept")


async def _has(searcher: Searcher, text: str) -> bool:
    return text in await searcher.texts()
