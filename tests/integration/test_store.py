"""The app store over HTTP: found and browsed with counts, under the same rules as everything, and right at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import apikit
import kit
import pytest
from apikit import Company
from opensearchpy import AsyncOpenSearch

from search.core.streams.port import Broker

STORE = "/v1/apps"
URL, ASK = "https://apps.example/1", "https://ask.example/1"


async def store(company: Company, user: str, q: str | None = None, path: str = STORE, **params: Any) -> dict[str, Any]:
    asked = {"q": company.topic if q is None else q} if path == STORE else {}
    response = await company.api.get(user, path, tenant=company.tenant, **asked, **params)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def ids(answer: Mapping[str, Any]) -> list[str]:
    return [app["id"] for app in answer["apps"]]


def counts(answer: Mapping[str, Any], facet: str) -> dict[str, int]:
    return {one["value"]: one["count"] for one in answer["facets"][facet]}


async def test_an_app_as_the_contract_has_it(acme: Company) -> None:
    me = acme.user()
    app = acme.app(
        f"{acme.topic} 报销助手",
        description="拍照识别发票 <b>",
        category="财务",
        tags=["报销"],
        developer="财务部",
        icon_url="https://apps.example/1.png",
        url=URL,
        request_url=ASK,
    )
    await acme.arrive()
    answer = await store(acme, me)
    [found] = answer["apps"]
    assert found["title"] == f"<em>{acme.topic}</em> 报销助手"
    assert found["snippet"] == "拍照识别发票 &lt;b&gt;"
    assert found == {
        "id": app,
        "title": found["title"],
        "snippet": found["snippet"],
        "access": "open",
        "fields": {
            "kind": "web",
            "category": "财务",
            "tags": ["报销"],
            "developer": "财务部",
            "published_at": "2026-03-02T09:15:04.120Z",
            "icon_url": "https://apps.example/1.png",
            "url": URL,
        },
        "use": {},
        "rating": None,
        "reason": None,
    }
    assert answer["total"] == {"value": 1, "relation": "eq"}
    assert answer["facets"] == {
        "category": [{"value": "财务", "count": 1}],
        "kind": [{"value": "web", "count": 1}],
        "developer": [{"value": "财务部", "count": 1}],
    }
    assert answer["query"] == {"text": acme.topic, "filters": {}, "corrected": None}
    assert answer["cursor"] is None


async def test_each_facet_is_counted_under_the_choices_of_the_others(acme: Company) -> None:
    me, other = acme.user(), acme.user()
    for category, kind in (("财务", "web"), ("财务", "bot"), ("人事", "bot")):
        acme.app(category=category, kind=kind)
    acme.app(category="财务", kind="bot", allow=[f"user:{other}"])
    acme.app(category="绝密", kind="service_account", allow=[f"user:{other}"])
    await acme.arrive()
    everything = await store(acme, me)
    assert counts(everything, "category") == {"财务": 2, "人事": 1}
    assert counts(everything, "kind") == {"bot": 2, "web": 1}
    chosen = await store(acme, me, category="财务")
    assert chosen["total"]["value"] == len(chosen["apps"]) == 2
    assert counts(chosen, "category") == {"财务": 2, "人事": 1}
    assert counts(chosen, "kind") == {"bot": 1, "web": 1}
    assert chosen["query"]["filters"] == {"category": ["财务"]}
    both = await store(acme, me, category="财务", kind="bot")
    assert (len(both["apps"]), counts(both, "category"), counts(both, "kind")) == (
        1,
        {"财务": 1, "人事": 1},
        {"bot": 1, "web": 1},
    )
    assert counts(await store(acme, other), "category") == {"财务": 3, "人事": 1, "绝密": 1}


async def test_whoever_may_only_discover_an_app_is_told_where_to_ask_and_nowhere_where_it_opens(acme: Company) -> None:
    me, there = acme.user(), acme.user()
    id = acme.app(allow=[f"user:{there}"], discoverable=["tenant:*"], url=URL, request_url=ASK)
    hidden = acme.app(allow=["tenant:*"], deny=[f"user:{me}"], discoverable=["tenant:*"], url=URL)
    await acme.arrive()
    for user, access in ((me, "request"), (there, "open")):
        page = await store(acme, user, path=f"{STORE}/{id}")
        answers = [
            (await store(acme, user))["apps"],
            [page["app"]],
            (await acme.search(user))["hits"],
            (await acme.api.get(user, "/v1/suggest", tenant=acme.tenant, q=acme.topic)).json()["suggestions"],
        ]
        for shown in answers:
            [one] = [each for each in shown if each["id"] == id]
            assert one.get("access", one["fields"].get("access", "open")) == access
            assert one["fields"].get("url") == (None if access == "request" else URL)
            assert one["fields"].get("request_url") == (ASK if access == "request" else None)
    assert hidden not in ids(await store(acme, me))


async def test_exact_names_go_first_and_the_front_has_an_order(acme: Company) -> None:
    me = acme.user()
    part = acme.app(f"{acme.topic} 助手", published_at="2026-03-04T00:00:00Z")
    said = acme.app("别的", description=acme.topic, published_at="2026-03-05T00:00:00Z")
    exact = acme.app(published_at="2026-03-03T00:00:00Z")
    await acme.arrive()
    assert ids(await store(acme, me)) == [exact, part, said]
    for sort in ("new", "popular", "trending"):
        assert ids(await store(acme, me, sort=sort)) == [said, part, exact], sort


async def test_pages_show_each_app_once_and_a_cursor_is_for_its_question_alone(acme: Company) -> None:
    me, other = acme.user(), acme.user()
    apps = {acme.app(f"{acme.topic} {number}") for number in range(5)}
    await acme.arrive()
    found, cursor = [], None
    for _ in range(3):
        answer = await store(acme, me, limit=2, cursor=cursor)
        assert answer["total"]["value"] == 5
        found += ids(answer)
        cursor = answer["cursor"]
    assert (sorted(found), cursor) == (sorted(apps), None)
    first = await store(acme, me, limit=2)
    for user, path, more in (
        (other, STORE, {}),
        (me, STORE, {"category": "办公"}),
        (me, STORE, {"sort": "new"}),
        (me, "/v1/search", {"verticals": "apps"}),
    ):
        refused = await acme.api.get(user, path, tenant=acme.tenant, q=acme.topic, cursor=first["cursor"], **more)
        assert refused.status_code == 400, refused.text


async def test_what_people_want_done_finds_what_does_it(acme: Company) -> None:
    me = acme.user()
    room = acme.conversation(me)
    acme.message(room, "打车回家")
    cars = acme.app("小黄车", category=acme.topic, tags=["网约车"])
    leave = acme.app("不倒翁", category=acme.topic, description="年假、事假都在这里")
    await acme.arrive()
    assert ids(await store(acme, me, "打车", category=acme.topic)) == [cars]
    assert ids(await store(acme, me, "怎么请假", category=acme.topic)) == [leave]
    assert (await acme.search(me, "打车"))["hits"][0]["id"] == cars
    suggested = (await acme.api.get(me, "/v1/suggest", tenant=acme.tenant, q="打车")).json()["suggestions"]
    assert (suggested[0]["id"], suggested[0]["why"]) == (cars, "synonym")


async def test_what_is_merely_near_leads_one_word_and_follows_texts_that_hold_several(acme: Company) -> None:
    me = acme.user()
    said = acme.message(acme.conversation(me), "发布日志")
    near = acme.app("小蓝屏", tags=["监控", "研发"], allow=[f"user:{me}"])
    await acme.arrive()
    assert [hit["id"] for hit in (await acme.search(me, "日志"))["hits"]] == [near, said]
    assert [hit["id"] for hit in (await acme.search(me, "发布日志"))["hits"]] == [said, near]


async def test_an_app_withdrawn_renamed_or_moved_is_right_at_once(acme: Company, engine: AsyncOpenSearch) -> None:
    me = acme.user()
    gone, renamed, moved, narrowed, kept = (acme.app(category="财务", url=URL) for _ in range(5))
    await acme.arrive()
    async with apikit.unrefreshed(engine, f"apps.{acme.tenant}"):
        acme.delete("app", gone)
        acme.app("另一个名字", id=renamed, category="财务")
        acme.app(id=moved, category="人事")
        acme.app(id=narrowed, category="财务", allow=[], discoverable=[f"user:{me}"], url=URL)
        await acme.arrive_unrefreshed()
        answer = await store(acme, me, category="财务")
        assert sorted(ids(answer)) == sorted([narrowed, kept])
        assert answer["total"]["value"] == 2
        [one] = [app for app in answer["apps"] if app["id"] == narrowed]
        assert (one["access"], one["fields"].get("url")) == ("request", None)
        assert ids(await store(acme, me, "", category="财务", limit=50)).count(gone) == 0
        page = await acme.api.get(me, f"{STORE}/{gone}", tenant=acme.tenant)
        assert page.status_code == 404


async def test_an_app_s_page_and_what_is_like_it(acme: Company) -> None:
    me, other = acme.user(), acme.user()
    app = acme.app("发票夹", category=acme.topic, tags=["发票"], description="收电子发票，一键推给报销")
    near = acme.app("报销", category=acme.topic, tags=["发票"], description="拍照识别发票")
    far = acme.app("会议室", category=acme.topic, description="按人数找会议室")
    hidden = acme.app("发票夹二", category=acme.topic, tags=["发票"], allow=[f"user:{other}"])
    await acme.arrive()
    page = await store(acme, me, path=f"{STORE}/{app}")
    assert (page["app"]["title"], page["description"]) == ("发票夹", "收电子发票，一键推给报销")
    alike = await store(acme, me, path=f"{STORE}/{app}/similar")
    assert ids(alike)[:2] == [near, far]
    assert hidden not in ids(alike)
    assert alike["apps"][0]["reason"] == {"kind": "similar_to", "text": "和「发票夹」相似", "app_id": app}
    for id in (hidden, "a-no-such-app"):
        for path in (f"{STORE}/{id}", f"{STORE}/{id}/similar"):
            missing = await acme.api.get(me, path, tenant=acme.tenant)
            assert (missing.status_code, missing.json()["detail"]) == (
                404,
                "There is no such app, or you may not find it.",
            )


async def test_one_s_own_apps_the_latest_first(acme: Company, broker: Broker) -> None:
    me, other = acme.user(), acme.user()
    opened, installed, removed, theirs, hidden = (acme.app() for _ in range(5))

    uses: list[bytes] = []

    def use(user: str, app: str, action: str, minute: int) -> None:
        at = f"2026-03-02T09:{minute:02}:00Z"
        data = {"user_id": user, "app_id": app, "action": action, "at": at}
        subject = f"{user}-{app}-{action}-{minute}"
        uses.append(kit.event("usage", data, tenant=acme.tenant, verb="recorded", subject=subject))

    use(me, opened, "open", 1)
    use(me, installed, "install", 2)
    use(me, opened, "open", 3)
    use(me, removed, "install", 4)
    use(me, removed, "uninstall", 5)
    use(me, hidden, "open", 6)
    use(other, theirs, "open", 7)
    acme.app(id=hidden, allow=[])
    await kit.send(broker, uses)
    await acme.arrive()
    assert ids(await store(acme, me, "", mine=True)) == [opened, installed]
    assert ids(await store(acme, me, mine=True, limit=1)) == [opened]
    assert ids(await store(acme, other, "", mine=True)) == [theirs]


async def test_the_store_needs_a_module_of_its_own(strict: Company) -> None:
    searcher, visitor, scoped = strict.user(), strict.user(), strict.user()
    strict.role(["search.apps"], searcher)
    strict.role(["discover.apps"], visitor)
    department = strict.department()
    strict.role(["discover.apps"], scoped, department_ids=[department])
    anywhere, inside = strict.app(), strict.app(department_ids=[department])
    await strict.arrive_for(visitor)
    for path in (STORE, f"{STORE}/{anywhere}", f"{STORE}/{anywhere}/similar"):
        refused = await strict.api.get(searcher, path, tenant=strict.tenant)
        assert (refused.status_code, "discover.apps" in refused.json()["detail"]) == (403, True)
    assert set(ids(await store(strict, visitor))) == {anywhere, inside}
    assert ids(await store(strict, scoped)) == [inside]
    assert (await strict.api.get(scoped, f"{STORE}/{anywhere}", tenant=strict.tenant)).status_code == 404


@pytest.mark.parametrize("q", ["。。。", "from:某人", "in:某群"])
async def test_what_no_app_can_meet_finds_none(acme: Company, q: str) -> None:
    me = acme.user()
    acme.app()
    await acme.arrive()
    answer = await store(acme, me, q)
    assert (answer["apps"], answer["total"]["value"]) == ([], 0)


async def test_no_parameter_but_its_own(acme: Company) -> None:
    me = acme.user()
    await acme.arrive()
    for wrong in ({"sort": "best"}, {"limit": 51}, {"verticals": "apps"}, {"category": "x" * 201}):
        assert (await acme.api.get(me, STORE, tenant=acme.tenant, **wrong)).status_code == 422


assert "discover.apps" in kit.ALL_MODULES
