"""The demo's places: each shows what its caller may see of one entity now, and tells nothing of the rest."""

from __future__ import annotations

from collections.abc import AsyncIterator

import apikit
import httpx
import pytest
from apikit import GATEWAY_SECRET, Api, Company
from opensearchpy import AsyncOpenSearch

from search.core.endpoints import Endpoints
from search.core.settings import Settings
from search.demo import places

MISSING = "There is nothing of this kind and id, or you may not see it."


@pytest.fixture(scope="module")
async def api(indexers: None, world: Endpoints, settings: Settings) -> AsyncIterator[Api]:
    """The application with the demo's places."""
    async with apikit.running(settings, world, GATEWAY_SECRET, more=[places.router]) as api:
        await api.ready()
        yield api


async def asked(company: Company, user: str, vertical: str, id: str) -> httpx.Response:
    return await company.api.get(user, f"/demo/entity/{vertical}/{id}", tenant=company.tenant)


async def opened(company: Company, user: str, vertical: str, id: str) -> dict[str, object]:
    response = await asked(company, user, vertical, id)
    assert response.status_code == 200, response.text
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["x-caller"]
    found: dict[str, object] = response.json()
    return found


async def missing(company: Company, user: str, vertical: str, *ids: str) -> None:
    """404 for each, byte for byte as for what there is not."""
    answers = [await asked(company, user, vertical, id) for id in (*ids, "none-such")]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1, answers
    assert answers[0].json()["detail"] == MISSING
    assert answers[0].json()["type"] == "urn:office-search:problem:not-found"


class TestShown:
    async def test_a_doc_whole_with_its_owner_s_name_and_the_fields_of_its_hit(self, acme: Company) -> None:
        me, owner = acme.user("陈晨"), acme.user("李 <然>")
        body = "一 & <b>\n" * 3000
        doc = acme.doc(owner, f"{acme.topic} <方案>", body=body, allow=["tenant:*"], url="https://docs.example/1")
        await acme.arrive()
        found = await opened(acme, me, "docs", doc)
        [hit] = (await acme.search(me, verticals="docs"))["hits"]
        assert found == {
            "vertical": "docs",
            "entity": "doc",
            "id": doc,
            "title": f"{acme.topic} &lt;方案&gt;",
            "text": "一 &amp; &lt;b&gt;\n" * 3000,
            "by": "李 <然>",
            "fields": hit["fields"],
        }

    async def test_what_is_very_long_is_cut(self, acme: Company) -> None:
        me = acme.user()
        doc = acme.doc(me, body="x" * 100_001)
        await acme.arrive()
        assert (await opened(acme, me, "docs", doc))["text"] == "x" * 100_000 + "…"

    async def test_an_app_and_a_person_with_their_fields(self, acme: Company) -> None:
        me, friend = acme.user(), acme.user("张三", title="工程师", avatar_url="https://pictures.example/1.png")
        app = acme.app("报销", description="报销与差旅", allow=["tenant:*"], icon_url="https://pictures.example/2.png")
        await acme.arrive()
        found = await opened(acme, me, "apps", app)
        assert (found["title"], found["text"], found["by"]) == ("报销", "报销与差旅", None)
        assert found["fields"]["icon_url"] == "https://pictures.example/2.png"  # type: ignore[index]
        for id in (friend, f"user:{friend}"):
            found = await opened(acme, me, "contacts", id)
            assert (found["entity"], found["id"], found["title"], found["by"]) == ("user", friend, "张三", None)
            assert found["fields"]["avatar_url"] == "https://pictures.example/1.png"  # type: ignore[index]
        await missing(acme, me, "contacts", f"department:{friend}", f"ghost:{friend}", f"user:user:{friend}")

    async def test_a_direct_conversation_is_called_by_its_other_side(self, acme: Company) -> None:
        me, friend = acme.user("陈晨"), acme.user("李然")
        room = acme.conversation(me, friend, kind="direct", name=None)
        said = acme.message(room, "明天评审", sender_id=friend)
        await acme.arrive()
        assert (await opened(acme, me, "contacts", f"conversation:{room}"))["title"] == "李然"
        found = await opened(acme, me, "messages", said)
        assert (found["title"], found["text"], found["by"]) == ("李然", "明天评审", "李然")


class TestAccess:
    async def test_who_may_see_a_doc_opens_it_and_nobody_else_does(self, acme: Company) -> None:
        owner, colleague, outsider, denied = (acme.user() for _ in range(4))
        group = f"group:{acme.name('g')}"
        for user in (colleague, denied):
            acme.member(group, user)
        doc = acme.doc(owner, allow=[group], deny=[f"user:{denied}"])
        own = acme.doc(owner, allow=[])
        await acme.arrive()
        for user in (owner, colleague):
            assert (await opened(acme, user, "docs", doc))["title"] == acme.topic
        for user in (outsider, denied):
            await missing(acme, user, "docs", doc, own)
        assert (await opened(acme, owner, "docs", own))["id"] == own
        await missing(acme, colleague, "docs", own)

    async def test_what_is_taken_away_is_gone_at_once(self, acme: Company, engine: AsyncOpenSearch) -> None:
        me, owner = acme.user(), acme.user("李然")
        doc = acme.doc(owner, allow=[f"user:{me}"])
        room = acme.conversation(me)
        await acme.arrive()
        assert (await opened(acme, me, "docs", doc))["by"] == "李然"
        assert (await opened(acme, me, "contacts", room))["id"] == room
        async with apikit.unrefreshed(engine, f"docs.{acme.tenant}"):
            acme.doc(owner, id=doc, allow=[])
            acme.leave(f"conversation:{room}", me)
            await acme.arrive_unrefreshed()
            await missing(acme, me, "docs", doc)
            await missing(acme, me, "contacts", room, f"conversation:{room}")

    async def test_an_owner_whom_one_may_not_see_has_no_name(self, acme: Company) -> None:
        me, owner = acme.user(), acme.user("王芳", visible_to=[])
        doc = acme.doc(owner, allow=["tenant:*"])
        await acme.arrive()
        assert (await opened(acme, me, "docs", doc))["by"] is None
        await missing(acme, me, "contacts", owner, f"user:{owner}")

    async def test_of_several_of_one_id_only_those_that_one_sees_are_told(self, acme: Company) -> None:
        me, insider = acme.user(), acme.user()
        twin = acme.user(id=acme.name("twin"))
        acme.department(id=twin)
        room = acme.conversation(insider, id=twin)
        await acme.arrive()
        for user, told in ((me, ("user", "department")), (insider, ("user", "department", "conversation"))):
            answer = await asked(acme, user, "contacts", twin)
            assert answer.status_code == 400
            kinds = ", ".join(f"{kind}:{twin}" for kind in told)
            assert answer.json()["detail"] == f"id: there are several of this id; name one of them: {kinds}."
        await missing(acme, me, "contacts", f"conversation:{room}")

    async def test_without_the_module_every_id_is_refused_alike(self, strict: Company) -> None:
        team = strict.department()
        without, scoped = strict.user(department_ids=[team]), strict.user(department_ids=[team])
        strict.role(["search.contacts"], without)
        strict.role(["search.docs"], scoped, department_ids=[team])
        inside = strict.doc(without, allow=["tenant:*"], department_ids=[team])
        outside = strict.doc(without, allow=["tenant:*"])
        await strict.arrive()
        refusals = [await asked(strict, without, "docs", id) for id in (inside, "none-such", "x" * 600)]
        assert {(one.status_code, one.content) for one in refusals} == {(403, refusals[0].content)}
        assert refusals[0].json()["type"] == "urn:office-search:problem:module-missing"
        assert (await opened(strict, scoped, "docs", inside))["id"] == inside
        await missing(strict, scoped, "docs", outside)

    async def test_other_tenants_and_impossible_ids_are_nothing(self, acme: Company, strict: Company) -> None:
        me, theirs = acme.user(), strict.user()
        elsewhere = strict.doc(theirs, allow=["tenant:*"])
        await acme.arrive()
        await strict.arrive()
        await missing(acme, me, "docs", elsewhere, "*", "搜索", "x" * 600, "a b", "a,b", f"docs.{strict.tenant}", ":")
        await missing(acme, me, "ghosts", "f-1")
        await missing(acme, me, "usage", "f-1")

    async def test_strangers_are_refused(self, acme: Company) -> None:
        assert (await asked(acme, "nobody-knows-me", "docs", "f-1")).status_code == 403
        assert (await acme.api.http.get("/demo/entity/docs/f-1")).status_code == 401


async def test_the_api_itself_has_no_such_places(api: Api, settings: Settings, world: Endpoints) -> None:
    assert not [path for path in (await api.http.get("/openapi.json")).json()["paths"] if path.startswith("/demo")]
    async with apikit.running(settings, world, GATEWAY_SECRET) as plain:
        assert (await plain.get("u-1", "/demo/entity/docs/f-1")).json()["detail"] == "Not Found"
