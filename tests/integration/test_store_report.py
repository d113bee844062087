"""What people opened after asking lifts apps, and admins are told how the store is doing; of groups alone."""

from __future__ import annotations

import asyncio
from typing import Any

import kit
import pytest
from apikit import Api, Company
from feedbackkit import CLICKS, kept
from opensearchpy import AsyncOpenSearch

from mappings import feedback as stored
from search.recommend.rule import LEAST_OTHERS, LEAST_USERS
from search.store.asking import EVERY_MS, AskedKept

STORE, REPORT = "/v1/apps", "/v1/admin/apps"
AT_ONCE = 8


async def asked(company: Company, user: str, q: str, path: str = STORE) -> dict[str, Any]:
    response = await company.api.get(user, path, tenant=company.tenant, q=q)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def opens(company: Company, user: str, q: str, app: str, action: str = "open") -> None:
    """A user asks the store and does something with an app that the answer holds."""
    answer = await asked(company, user, q)
    event = {"query_id": answer["query_id"], "action": action, "vertical": "apps", "id": app}
    told = await company.api.post(user, event, CLICKS, tenant=company.tenant)
    assert told.status_code == 204


async def each(users: list[str], company: Company, q: str, app: str, action: str = "open") -> None:
    for start in range(0, len(users), AT_ONCE):
        await asyncio.gather(*(opens(company, user, q, app, action) for user in users[start : start + AT_ONCE]))


@pytest.fixture(scope="module")
def counting(api: Api) -> AskedKept:
    found: AskedKept = api.app.state.services.asked
    return found


@pytest.fixture
async def company(strict: Company) -> Company:
    """Users enough for a group, and an admin."""
    strict.role(kit.ALL_MODULES, id="default")
    strict.user(id="u-admin")
    strict.role(["admin.status"], "u-admin")
    return strict


async def test_what_enough_people_opened_is_found_by_the_question_and_reported(
    company: Company, counting: AskedKept, engine: AsyncOpenSearch
) -> None:
    people = [company.user() for _ in range(LEAST_USERS + LEAST_OTHERS)]
    named, liked, few = company.app(), company.app(f"{company.topic} 其他"), company.app(f"{company.topic} 再来")
    hidden = company.app("藏", description=company.topic, allow=[f"user:{people[0]}"])
    await company.arrive_for(people[0])
    question = f"{company.topic} 其"
    groups = people[:LEAST_USERS], people[:LEAST_OTHERS]
    await each(groups[0], company, question, liked)
    await each(groups[1], company, question, few)
    await each(people[-LEAST_USERS:], company, company.topic, named, "impression")
    expected = len(groups[0]) + len(groups[1]) + LEAST_USERS

    async def written() -> bool:
        return len(await kept(engine, stored.EVENTS, company.tenant)) >= expected

    await kit.until(written, f"{expected} events", 60)
    assert await counting.make(company.tenant)
    assert not await counting.make(company.tenant), "within a week nothing is told anew"
    made = await counting.of(company.tenant)
    assert list(made.opened.values()) == [[liked]]
    assert made.apps[liked].opened == made.apps[liked].asked == 10
    assert few not in made.apps
    assert made.apps[named].shown == 10

    for q in (question, f"  {question.upper()} "):
        assert (await asked(company, people[-1], q))["apps"][0]["id"] == liked
    suggested = (await asked(company, people[-1], question, "/v1/suggest"))["suggestions"]
    assert (suggested[0]["id"], suggested[0]["why"]) == (liked, "often_opened")

    report = (await company.api.get("u-admin", REPORT, tenant=company.tenant)).json()
    by_id = {one["id"]: one for one in report["apps"]}
    assert hidden not in by_id
    assert (by_id[liked]["opened"], by_id[liked]["asked"], by_id[liked]["unopened"]) == (10, 10, False)
    assert (by_id[few]["opened"], by_id[few]["unopened"]) == (0, True)
    assert by_id[named]["shown"] == 10
    assert report["made_at"] is not None
    # No question of this tenant's is kept as text.
    assert {one["text"] for one in report["unserved"]} <= {None}


async def test_after_a_week_it_is_put_together_anew(
    company: Company, counting: AskedKept, engine: AsyncOpenSearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    me = company.user()
    company.app()
    await company.arrive_for(me)
    await asked(company, me, company.topic)
    await kit.until(lambda: _there(engine, company.tenant), "a note of the answer")
    await counting.make(company.tenant)
    later = counting._clock() + EVERY_MS / 1000 + 1
    monkeypatch.setattr(counting, "_clock", lambda: later)
    assert await counting.make(company.tenant)


async def _there(engine: AsyncOpenSearch, tenant: str) -> bool:
    return bool(await kept(engine, stored.QUERIES, tenant))


async def test_the_report_needs_its_module_and_keeps_to_its_departments(company: Company) -> None:
    me, scoped = company.user(), company.user()
    department = company.department()
    company.role(["admin.status"], scoped, department_ids=[department])
    inside, outside = company.app(department_ids=[department]), company.app()
    await company.arrive_for(me)
    refused = await company.api.get(me, REPORT, tenant=company.tenant)
    assert (refused.status_code, "admin.status" in refused.json()["detail"]) == (403, True)
    report = (await company.api.get(scoped, REPORT, tenant=company.tenant)).json()
    assert [one["id"] for one in report["apps"]] == [inside]
    everything = (await company.api.get("u-admin", REPORT, tenant=company.tenant)).json()
    assert {inside, outside} <= {one["id"] for one in everything["apps"]}
