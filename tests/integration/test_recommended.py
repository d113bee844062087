"""Recommended apps over the real API: what is shown to whom and why, and what never is."""

from __future__ import annotations

from dataclasses import replace

import kit
import pytest
from apikit import Api, Company
from feedbackkit import CLICKS, kept
from opensearchpy import AsyncOpenSearch
from usagekit import PATH, Store, days

from mappings import feedback as stored
from search.core.streams.port import Broker
from search.recommend.kept import FiguresKept


@pytest.fixture(scope="module")
async def fresh(api: Api, engine: AsyncOpenSearch) -> Api:
    """The API, which looks at the figures for every answer."""
    services = api.app.state.services
    recommend = replace(services.recommend, figures=FiguresKept(engine, look_s=0))
    api.app.state.services = replace(services, recommend=recommend)
    return api


@pytest.fixture(scope="module")
async def office(fresh: Api, broker: Broker, engine: AsyncOpenSearch) -> Store:
    """Sales use what sales need, the rest something else; each app has users enough but for `quiet` and `new`."""
    store = Store(fresh, broker, engine, "office")
    company = store.company
    company.role(kit.ALL_MODULES, id="default")
    company.department(id="sales", name="销售部")
    company.department(id="rest", name="其他")
    sales = [company.user(id=f"s{number}", department_ids=["sales"]) for number in range(40)]
    rest = [company.user(id=f"r{number}", department_ids=["rest"]) for number in range(40)]
    company.user(id="newcomer", department_ids=["sales"])
    company.user(id="nobody-s", department_ids=[])
    company.role(["discover.apps"], id="hr")
    for id in ("crm", "visits", "deals", "wiki", "code", "lunch"):
        store.app(id)
    store.app("quiet", description="拜访客户", category="visits", tags=["拜访客户"])
    store.app("new", published_at=days(1))
    store.app("secret", allow=["user:s0"])
    store.uses(sales[:30], "crm")
    store.uses(sales[5:30], "visits")
    store.uses(sales[:20], "deals")
    store.uses(rest[:30], "wiki", "code")
    store.uses([*sales[:15], *rest[:15]], "lunch")
    store.uses(rest[:9], "quiet")
    store.uses(["s0"], "secret")
    await store.train()
    return store


async def test_what_goes_with_what_somebody_uses_is_shown_with_its_reason(office: Store) -> None:
    shown = await office.shown("s2")
    assert next(iter(shown)) == "visits"
    reason = shown["visits"]["reason"]
    assert reason["kind"] in ("used_together", "department_use")
    assert reason["text"]
    assert shown["visits"]["use"] == {"department": 20, "tenant": 20}
    assert shown["visits"]["access"] == "open"
    assert shown["visits"]["fields"]["category"] == "visits"


async def test_nothing_is_shown_that_the_caller_uses_or_may_not_see(office: Store) -> None:
    for user, used in (("s2", {"crm", "deals", "lunch"}), ("r3", {"wiki", "code", "lunch", "quiet"})):
        shown = await office.shown(user, limit=50)
        assert not used & shown.keys()
        assert "secret" not in shown


async def test_a_newcomer_gets_what_their_department_uses(office: Store) -> None:
    shown = list(await office.shown("newcomer"))
    assert set(shown[:3]) <= {"crm", "visits", "deals", "lunch"}
    reasons = {one["reason"]["kind"] for one in (await office.shown("newcomer")).values()}
    assert reasons <= {"department_use", "popular", "new"}
    of_none = await office.shown("nobody-s")
    assert {one["reason"]["kind"] for one in of_none.values()} <= {"popular", "new"}
    assert {"crm", "wiki", "new"} <= of_none.keys()


async def test_a_new_app_is_shown_to_those_who_may_see_it(office: Store) -> None:
    shown = await office.shown("s2")
    assert shown["new"]["reason"] == {"kind": "new", "text": "新上架", "app_id": None}
    assert shown["new"]["use"] == {}


async def test_of_what_few_use_no_number_is_told_and_no_reason_made(office: Store) -> None:
    for user in ("s2", "s31", "newcomer", "r35"):
        one = (await office.shown(user, limit=50)).get("quiet")
        assert one is None or (one["use"] == {} and one["reason"]["kind"] == "similar_to")


async def test_reasons_are_told_in_the_language_that_is_asked_for(office: Store) -> None:
    api, request = office.company.api, office.company.api.http.build_request
    english = request("GET", PATH, headers={"Accept-Language": "en-GB"})
    body = (await api.send(english, "s2", "office")).json()
    assert all(one["reason"]["text"].isascii() for one in body["apps"] if one["reason"]["app_id"] is None)
    assert {one["id"] for one in body["apps"]} == set(await office.shown("s2"))


async def test_what_was_dismissed_is_shown_no_more(office: Store) -> None:
    answer = await office.recommended("s33")
    first = answer["apps"][0]["id"]
    event = {"query_id": answer["query_id"], "action": "dismiss", "vertical": "apps", "id": first}
    response = await office.company.api.post("s33", event, CLICKS, tenant="office")
    assert response.status_code == 204

    async def noted() -> bool:
        return len(await kept(office.engine, stored.EVENTS, "office", client_id="s33")) == 1

    await kit.until(noted, "the dismissal to be kept")
    assert first not in await office.shown("s33", limit=50)
    assert first in await office.shown("s34", limit=50)


async def test_what_was_shown_often_and_left_goes_behind(office: Store) -> None:
    for _ in range(5):
        answer = await office.recommended("s36")
        first = answer["apps"][0]["id"]
        event = {"query_id": answer["query_id"], "action": "impression", "vertical": "apps", "id": first}
        await office.company.api.post("s36", event, CLICKS, tenant="office")

    async def noted() -> bool:
        return len(await kept(office.engine, stored.EVENTS, "office", client_id="s36")) == 5

    await kit.until(noted, "the impressions to be kept")
    assert next(iter(await office.shown("s36"))) != first


async def test_what_is_taken_up_now_is_shown_no_more(office: Store) -> None:
    assert "wiki" in await office.shown("s37", limit=50)
    office.uses(["s37"], "wiki", action="install", ago=0)
    await office.arrive()
    assert "wiki" not in await office.shown("s37", limit=50)


async def test_what_is_withdrawn_or_renamed_is_right_at_once(office: Store) -> None:
    company = office.company
    office.app("gone")
    office.app("named")
    for id in ("gone", "named"):
        company.tell("app", kit.app(id, id, published_at=days(1), category=id))
    await company.arrive()
    assert {"gone", "named"} <= (await office.shown("s38", limit=50)).keys()
    company.tell("app", kit.app("gone", "gone", allow=[], published_at=days(1), category="gone"))
    company.tell("app", kit.app("named", "新名字", published_at=days(1), category="named"))
    await company.arrive()
    shown = await office.shown("s38", limit=50)
    assert "gone" not in shown
    assert shown["named"]["title"] == "新名字"
    company.delete("app", "named")
    await company.arrive()


@pytest.mark.parametrize("limit", [0, 51, "x"])
async def test_a_limit_that_makes_no_sense_is_refused(office: Store, limit: object) -> None:
    response = await office.company.api.get("s2", PATH, tenant="office", limit=limit)
    assert response.status_code == 422


async def test_who_may_not_use_the_store_is_told_so(fresh: Api, broker: Broker, engine: AsyncOpenSearch) -> None:
    company = Company(fresh, broker, engine, "closed")
    company.role(["search.apps"], id="default")
    user = company.user()
    company.app(published_at=days(1))
    await company.arrive()
    response = await fresh.get(user, PATH, tenant="closed")
    assert response.status_code == 403
    assert "discover.apps" in response.json()["detail"]
    assert (await fresh.get("nobody", PATH, tenant="closed")).status_code == 403


async def test_a_company_without_figures_gets_what_is_new(fresh: Api, broker: Broker, engine: AsyncOpenSearch) -> None:
    store = Store(fresh, broker, engine, "young")
    store.company.role(kit.ALL_MODULES, id="default")
    user = store.company.user()
    store.app("old")
    store.app("new", published_at=days(3))
    await store.company.arrive()
    assert {id: one["reason"]["kind"] for id, one in (await store.shown(user)).items()} == {"new": "new"}


async def test_a_small_company_is_told_of_no_use(fresh: Api, broker: Broker, engine: AsyncOpenSearch) -> None:
    store = Store(fresh, broker, engine, "small")
    store.company.role(kit.ALL_MODULES, id="default")
    people = [store.company.user() for _ in range(20)]
    store.app("used")
    store.app("new", published_at=days(1))
    store.uses(people[:19], "used")
    await store.train()
    shown = await store.shown(people[19])
    assert {id: (one["use"], one["reason"]["kind"]) for id, one in shown.items()} == {"new": ({}, "new")}


async def test_where_a_caller_s_use_cannot_be_read_nothing_is_guessed(office: Store) -> None:
    found = await office.engine.indices.get_alias(name="usage.office")
    [index] = found
    await office.engine.indices.close(index=index)
    try:
        response = await office.company.api.get("s2", PATH, tenant="office")
        assert response.status_code == 503
    finally:
        await office.engine.indices.open(index=index)
        await office.engine.cluster.health(index=index, wait_for_status="yellow")


async def test_two_companies_that_differ_in_what_is_hidden_answer_alike(
    fresh: Api, broker: Broker, engine: AsyncOpenSearch
) -> None:
    """Byte for byte: hidden apps, however new, alike or many, change no app, reason, number or order."""
    answers = []
    published = {age: days(age) for age in (1, 300)}
    for tenant in ("seen", "veiled"):
        store = Store(fresh, broker, engine, tenant)
        store.company.role(kit.ALL_MODULES, id="default")
        people = [store.company.user(id=f"p{number}") for number in range(60)]
        for number in range(8):
            store.app(f"a{number}", description="差旅 报销 发票 审批", published_at=published[300], category="c")
        store.app("new", published_at=published[1], category="c")
        for number, person in enumerate(people[:50]):
            store.uses([person], f"a{number % 4}", f"a{(number + 1) % 4}", f"a{(number + 2) % 4}", ago=4)
        if tenant == "veiled":
            for number in range(60):
                more = {"allow": ["user:nobody"], "published_at": published[1], "category": "c"}
                store.app(f"b{number}", description="差旅 报销 发票 审批", **more)
        await store.train()
        found = [(await store.recommended(user, limit=20)) for user in ("p1", "p55")]
        answers.append([one["apps"] for one in found])
    assert answers[0] == answers[1]
    assert len(answers[0][0]) > 4
