"""Why a user does or does not find something, end to end: each reason of the contract's, told to who may ask."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import kit
import pytest
from apikit import ADMIN, EXPLAIN, LONG_AGO, Api, Company, hours, unrefreshed
from opensearchpy import AsyncOpenSearch

from search.core.streams.port import Broker
from search.explain import matching

pytestmark = pytest.mark.usefixtures("acme_with_an_admin")


async def asked(company: Company, vertical: str, id: str, user: str, q: str = "", by: str = ADMIN) -> dict[str, Any]:
    """An explanation that is given."""
    params = {"vertical": vertical, "id": id, "user_": user, "q": q or None}
    response = await company.api.get(by, EXPLAIN, tenant=company.tenant, **params)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    assert (answer["vertical"], answer["id"], answer["user"]) == (vertical, id, user)
    return answer


async def status(company: Company, by: str, **params: Any) -> int:
    question = {"vertical": "docs", "id": "f-1", "user_": "u-1"} | params
    return (await company.api.get(by, EXPLAIN, tenant=company.tenant, **question)).status_code


def said(answer: Mapping[str, Any]) -> tuple[str, str, dict[str, Any]]:
    return answer["outcome"], answer["reason"]["code"], answer["reason"]["facts"]


class TestFound:
    async def test_at_its_rank_within_the_vertical_and_of_all(self, acme: Company) -> None:
        user = acme.user()
        acme.app(acme.topic)
        exact = acme.doc("someone", acme.topic, allow=["tenant:*"])
        other = acme.doc("someone", "别的", body=f"这里也说到 {acme.topic}", allow=["tenant:*"])
        await acme.arrive()
        merged = [hit["id"] for hit in (await acme.search(user))["hits"]]
        for id, rank in ((exact, 1), (other, 2)):
            facts = {"rank": rank, "rank_of_all": merged.index(id) + 1}
            assert said(await asked(acme, "docs", id, user, acme.topic)) == ("found", "found", facts)

    async def test_the_same_with_the_query_in_the_body(self, acme: Company) -> None:
        user, doc = acme.user(), acme.doc("someone", acme.topic, allow=["tenant:*"])
        await acme.arrive()
        params = {"vertical": "docs", "id": doc, "user": user, "q": acme.topic}
        posted = await acme.api.post(ADMIN, params, EXPLAIN, tenant=acme.tenant)
        assert posted.json() == await asked(acme, "docs", doc, user, acme.topic)
        assert (await acme.api.post(user, params, EXPLAIN, tenant=acme.tenant)).status_code == 403

    async def test_without_a_query_that_nothing_keeps_it_away(self, acme: Company) -> None:
        user = acme.user()
        doc = acme.doc("someone", allow=["tenant:*"])
        await acme.arrive()
        answer = await asked(acme, "docs", doc, user)
        assert said(answer) == ("visible", "searchable", {})
        assert answer["entity"] == "doc"
        assert [(step["step"], step["state"]) for step in answer["steps"]] == [
            (step, "passed") for step in ("user", "index", "module", "access", "search")
        ]

    async def test_in_every_vertical_and_of_every_kind(self, acme: Company) -> None:
        user = acme.user()
        room = acme.conversation(user, ADMIN, name=acme.topic)
        places = [
            ("messages", acme.message(room), "message"),
            ("apps", acme.app(), "app"),
            ("docs", acme.doc("someone", allow=["tenant:*"]), "doc"),
            ("contacts", acme.department(name=acme.topic), "department"),
            ("contacts", acme.user(acme.topic), "user"),
            ("contacts", room, "conversation"),
        ]
        await acme.arrive()
        for vertical, id, entity in places:
            answer = await asked(acme, vertical, id, user, acme.topic)
            assert (answer["outcome"], answer["entity"]) == ("found", entity)

    async def test_contacts_of_one_id_are_told_apart_by_their_kind(self, acme: Company) -> None:
        user, same = acme.user(), acme.name("x")
        acme.user(acme.topic, id=same)
        acme.conversation(user, name=f"{acme.topic} 大家一起来", id=same)
        await acme.arrive()
        assert await status(acme, ADMIN, vertical="contacts", id=same, user_=user) == 400
        person = await asked(acme, "contacts", f"user:{same}", user, acme.topic)
        assert said(person) == ("found", "found", {"rank": 1, "rank_of_all": 1})
        room = await asked(acme, "contacts", f"conversation:{same}", user, acme.topic)
        assert (said(room), room["entity"]) == (("visible", "access", {}), "conversation")
        assert said(await asked(acme, "contacts", f"department:{same}", user))[0] == "not_indexed"

    async def test_beyond_the_first_hits(self, acme: Company, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(matching, "DEEPEST", 6)
        monkeypatch.setattr(matching, "PAGE", 2)
        user = acme.user()
        for number in range(7):
            acme.doc("someone", acme.topic, body=f"{number}", allow=["tenant:*"])
        last = acme.doc("someone", "别的", body=f"很长很长的一篇文章，最后才说到 {acme.topic}", allow=["tenant:*"])
        await acme.arrive()
        assert said(await asked(acme, "docs", last, user, acme.topic)) == ("beyond", "beyond", {})


class TestNotThere:
    async def test_one_that_was_never_indexed_and_how_far_the_indexers_are(self, acme: Company) -> None:
        user = acme.user()
        await acme.arrive()
        answer = await asked(acme, "docs", "no-such-doc", user)
        assert said(answer) == ("not_indexed", "not_indexed", {"behind": 0})
        assert "entity" not in answer

    async def test_of_a_vertical_of_which_the_tenant_has_nothing(
        self, api: Api, broker: Broker, engine: AsyncOpenSearch
    ) -> None:
        company = Company(api, broker, engine, tenant="new")
        company.user(id=ADMIN)
        company.role(["admin.explain", *kit.ALL_MODULES], ADMIN)
        await company.arrive()
        assert said(await asked(company, "apps", "a-1", ADMIN))[0] == "not_indexed"

    @pytest.mark.parametrize("vertical", ["docs", "apps", "messages", "contacts"])
    async def test_one_that_was_deleted(self, acme: Company, vertical: str) -> None:
        user = acme.user()
        room = acme.conversation(user)
        entity, id = {
            "docs": lambda: ("doc", acme.doc("someone")),
            "apps": lambda: ("app", acme.app()),
            "messages": lambda: ("message", acme.message(room)),
            "contacts": lambda: ("user", acme.user()),
        }[vertical]()
        await acme.arrive()
        acme.delete(entity, id)
        await acme.arrive()
        answer = await asked(acme, vertical, id, user, acme.topic)
        assert said(answer)[:2] == ("deleted", "deleted")
        assert answer["entity"] == entity


class TestTheUser:
    async def test_unknown_or_deleted(self, acme: Company) -> None:
        deleted = acme.user()
        acme.delete("user", deleted)
        doc = acme.doc("someone", allow=["tenant:*"])
        await acme.arrive()
        for user in ("nobody-knows-me", deleted):
            answer = await asked(acme, "docs", doc, user, acme.topic)
            assert said(answer)[:2] == ("denied", "user_unknown")
            assert [step["step"] for step in answer["steps"]] == ["user", "index"]

    async def test_disabled(self, acme: Company) -> None:
        user = acme.user(status="disabled")
        doc = acme.doc("someone", allow=["tenant:*"])
        await acme.arrive()
        assert said(await asked(acme, "docs", doc, user))[:2] == ("denied", "user_disabled")


class TestModules:
    @pytest.fixture
    def strict(self, strict: Company) -> Company:
        strict.user(id=ADMIN)
        strict.role(["admin.explain", *kit.ALL_MODULES], ADMIN, id="admins")
        return strict

    async def test_that_no_role_has(self, strict: Company) -> None:
        user = strict.user()
        strict.role(["search.apps"], user)
        doc = strict.doc(user, allow=["tenant:*"])
        await strict.arrive()
        answer = await asked(strict, "docs", doc, user, strict.topic)
        assert said(answer) == ("denied", "no_module", {})
        assert [(step["step"], step["state"]) for step in answer["steps"][2:]] == [
            ("module", "failed"),
            ("access", "passed"),
            ("text", "passed"),
        ]

    async def test_within_departments_that_it_is_not_in(self, strict: Company) -> None:
        mine, other = strict.department(), strict.department()
        user = strict.user()
        strict.role(["search.docs", "search.messages"], user, department_ids=[mine])
        inside, outside = (
            strict.doc("someone", allow=["tenant:*"], department_ids=[department]) for department in (mine, other)
        )
        message = strict.message(strict.conversation(user))
        await strict.arrive()
        assert said(await asked(strict, "docs", inside, user))[0] == "visible"
        assert said(await asked(strict, "docs", outside, user))[:2] == ("denied", "module_elsewhere")
        assert said(await asked(strict, "messages", message, user))[:2] == ("denied", "module_elsewhere")

    async def test_of_a_role_that_the_user_has_left(self, strict: Company) -> None:
        left, soon = strict.user(), strict.user()
        role = strict.role(["search.docs"], left)
        strict.leave(f"role:{role}", left)
        strict.member(f"role:{role}", soon, since=hours(1))
        doc = strict.doc("someone", allow=["tenant:*"])
        await strict.arrive()
        assert said(await asked(strict, "docs", doc, left))[:2] == ("denied", "membership_ended")
        assert said(await asked(strict, "docs", doc, soon))[:2] == ("denied", "membership_not_begun")


class TestMessages:
    async def denied(self, acme: Company, message: str, user: str) -> tuple[str, dict[str, Any]]:
        outcome, code, facts = said(await asked(acme, "messages", message, user))
        assert outcome == "denied"
        return code, facts

    async def test_of_a_conversation_that_one_is_not_in_has_left_or_will_join(self, acme: Company) -> None:
        never, removed, past, soon = (acme.user() for _ in range(4))
        room = acme.conversation(ADMIN, removed)
        scope = f"conversation:{room}"
        acme.leave(scope, removed)
        acme.member(scope, past, since=LONG_AGO, until=hours(-1))
        acme.member(scope, soon, since=hours(1))
        message = acme.message(room)
        await acme.arrive()
        told = {"conversation": room}
        assert await self.denied(acme, message, never) == ("not_a_member", told)
        assert await self.denied(acme, message, removed) == ("membership_ended", told)
        assert await self.denied(acme, message, past) == ("membership_ended", told)
        assert await self.denied(acme, message, soon) == ("membership_not_begun", told)

    async def test_through_a_group_that_one_has_left(self, acme: Company) -> None:
        user, group = acme.user(), f"group:{acme.name('g')}"
        acme.member(group, user)
        acme.leave(group, user)
        room = acme.conversation(ADMIN, group)
        message = acme.message(room)
        await acme.arrive()
        assert (await self.denied(acme, message, user))[0] == "membership_ended"

    async def test_said_before_one_joined(self, acme: Company) -> None:
        user = acme.user()
        room = acme.conversation(ADMIN, history="since_join")
        acme.member(f"conversation:{room}", user, since="2026-03-03T00:00:00Z")
        message = acme.message(room, sent_at="2026-03-02T00:00:00Z")
        await acme.arrive()
        facts = {"conversation": room, "since": "2026-03-03T00:00:00+00:00"}
        assert await self.denied(acme, message, user) == ("before_joining", facts)

    @pytest.mark.parametrize("known", [False, True], ids=["unknown", "deleted"])
    async def test_of_a_conversation_that_is_not_there(self, acme: Company, known: bool) -> None:
        user = acme.user()
        room = acme.conversation(ADMIN, user) if known else acme.name("c")
        message = acme.message(room)
        if known:
            acme.delete("conversation", room)
        await acme.arrive()
        # Not even the admin finds it, so which conversation it is they are not told.
        assert await self.denied(acme, message, user) == ("conversation_unknown", {})


class TestDocsAppsAndContacts:
    async def test_each_rule_by_its_name(self, acme: Company) -> None:
        user = acme.user()
        mine, other = acme.department(), acme.department()
        folder, group = acme.name("s"), f"group:{acme.name('g')}"
        role = f"role:{acme.role([], user, department_ids=[mine])}"
        acme.member(group, user)
        acme.member(f"folder:{folder}", ADMIN)
        to_admin = f"user:{ADMIN}"
        expected = {
            ("docs", acme.doc(ADMIN)): ("owner_only", {}),
            ("docs", acme.doc(ADMIN, allow=[to_admin])): ("not_allowed", {}),
            ("docs", acme.doc(ADMIN, folder_id=folder)): ("not_in_folder", {}),
            ("docs", acme.doc(ADMIN, allow=["tenant:*"], deny=[group, to_admin])): ("denied", {"principals": [group]}),
            ("docs", acme.doc(ADMIN, allow=[role], department_ids=[other])): ("role_elsewhere", {}),
            ("apps", acme.app(allow=[])): ("nobody_allowed", {}),
            ("apps", acme.app(allow=[to_admin])): ("not_allowed", {}),
            ("contacts", acme.user(visible_to=[to_admin])): ("not_visible_to", {}),
            ("contacts", acme.conversation(ADMIN)): ("not_a_member", {}),
        }
        await acme.arrive()
        found = {place: said(await asked(acme, *place, user)) for place in expected}
        assert found == {place: ("denied", *why) for place, why in expected.items()}

    async def test_a_group_that_one_has_left_by_its_name(self, acme: Company) -> None:
        user, group = acme.user(), f"group:{acme.name('g')}"
        acme.member(group, user, until=hours(-1))
        doc = acme.doc("someone", allow=[group, f"user:{ADMIN}"])
        await acme.arrive()
        expected = ("denied", "membership_ended", {"principals": [group]})
        assert said(await asked(acme, "docs", doc, user)) == expected

    async def test_explained_as_it_is_now_before_any_refresh(self, acme: Company, engine: AsyncOpenSearch) -> None:
        user = acme.user()
        doc = acme.doc(ADMIN, allow=["tenant:*"])
        await acme.arrive()
        async with unrefreshed(engine, "docs-000001-acme"):
            acme.doc(ADMIN, id=doc, allow=[])
            await acme.arrive_unrefreshed()
            assert said(await asked(acme, "docs", doc, user, acme.topic))[:2] == ("denied", "owner_only")


class TestTheText:
    async def test_words_and_conditions_that_it_lacks(self, acme: Company) -> None:
        user, sender = acme.user(), acme.user("欧阳锋")
        message = acme.message(acme.conversation(user, ADMIN), f"{acme.topic} 明天上午评审", sender_id=sender)
        await acme.arrive()

        async def lacks(q: str) -> dict[str, Any]:
            outcome, _, facts = said(await asked(acme, "messages", message, user, q))
            assert outcome == "no_match"
            return facts

        assert await lacks("季度预算") == {"words": ["季度", "预算"]}
        assert await lacks(f"{acme.topic} 季度预算报告") == {"words": ["季度", "预算", "报告"]}
        assert await lacks(f'{acme.topic} has:file -评审 "下午评审"') == {"conditions": ["has", '"下午评审"', "-评审"]}
        assert await lacks(f"{acme.topic} from:令狐冲") == {"conditions": ["from"]}
        assert said(await asked(acme, "messages", message, user, f"{acme.topic} from:欧阳锋"))[0] == "found"
        nothing = await asked(acme, "messages", message, user, "，。！")
        assert said(nothing) == ("no_match", "nothing_asked", {})

    async def test_told_also_where_the_user_may_not_see_it(self, acme: Company) -> None:
        """The admin may: they learn what a search of their own would tell."""
        user = acme.user()
        doc = acme.doc(ADMIN, f"{acme.topic} 明天上午评审")
        await acme.arrive()
        for q, text in ((acme.topic, "matches"), ("季度预算", "lacking")):
            answer = await asked(acme, "docs", doc, user, q)
            assert said(answer)[:2] == ("denied", "owner_only")
            assert answer["steps"][-1]["code"] == text

    async def test_a_name_but_for_a_typo(self, acme: Company) -> None:
        user, name = acme.user(), f"{acme.topic}s"
        person = acme.user(name)
        await acme.arrive()
        typo = f"{acme.topic}z"
        assert said(await asked(acme, "contacts", person, user, typo))[0] == "found"
        acme.user(typo)
        await acme.arrive()
        assert said(await asked(acme, "contacts", person, user, typo))[:2] == ("no_match", "only_misspelt")

    async def test_written_but_not_yet_searchable(self, acme: Company, engine: AsyncOpenSearch) -> None:
        user = acme.user()
        doc = acme.doc("someone", "旧", allow=["tenant:*"])
        await acme.arrive()
        async with unrefreshed(engine, "docs-000001-acme"):
            acme.doc("someone", acme.topic, id=doc, allow=["tenant:*"])
            fresh = acme.doc("someone", acme.topic, allow=["tenant:*"])
            await acme.arrive_unrefreshed()
            for id in (doc, fresh):
                for q in (acme.topic, ""):
                    answer = await asked(acme, "docs", id, user, q)
                    assert said(answer) == ("not_searchable_yet", "not_searchable_yet", {})
            assert said(await asked(acme, "docs", doc, user, "季度预算"))[0] == "no_match"
        await engine.indices.refresh(index="docs-000001-acme")
        assert said(await asked(acme, "docs", doc, user, acme.topic))[0] == "found"

    async def test_indexed_by_other_terms_than_it_would_be_now(self, acme: Company, engine: AsyncOpenSearch) -> None:
        """As after an upgrade of the analysis that nobody has reindexed for."""
        user = acme.user()
        doc = acme.doc("someone", allow=["tenant:*"])
        await acme.arrive()
        stored = await engine.get(index="docs.acme", id=doc)
        # The analysed fields are not stored, so that what is written back has none.
        body = {name: value for name, value in stored["_source"].items() if name != "exact"}
        version = {"version": stored["_version"] + 1, "version_type": "external", "refresh": "true"}
        await engine.index(index="docs-000001-acme", id=doc, body=body, params=version)
        answer = await asked(acme, "docs", doc, user, acme.topic)
        assert said(answer) == ("indexed_otherwise", "indexed_otherwise", {})


class TestWhoMayAsk:
    async def test_nobody_without_the_module(self, acme: Company) -> None:
        user = acme.user()
        acme.role(["admin.status", "admin.reindex"], user)
        await acme.arrive()
        assert await status(acme, user) == 403
        assert await status(acme, ADMIN) == 200

    async def test_no_admin_who_is_unknown_or_disabled(self, acme: Company) -> None:
        disabled = acme.user(status="disabled")
        acme.role(["admin.explain"], disabled)
        await acme.arrive()
        assert await status(acme, disabled) == await status(acme, "nobody") == 403

    async def test_nobody_without_credentials(self, acme: Company) -> None:
        params = {"vertical": "docs", "id": "f-1", "user": "u-1"}
        assert (await acme.api.http.get(EXPLAIN, params=params)).status_code == 401
        assert (await acme.api.http.get(EXPLAIN)).status_code == 401

    async def test_not_once_the_module_is_taken_away(self, acme: Company) -> None:
        user = acme.user()
        role = acme.role(["admin.explain"], user)
        await acme.arrive()
        assert await status(acme, user) == 200
        acme.leave(f"role:{role}", user)
        await acme.arrive()
        assert await status(acme, user) == 403

    @pytest.mark.parametrize(
        ("params", "answer"),
        [
            ({"vertical": "secrets"}, 400),
            ({"vertical": None}, 422),
            ({"id": None}, 422),
            ({"user_": None}, 422),
            ({"id": "x y"}, 422),
            ({"id": "a|b"}, 422),
            ({"user_": "user:u-1"}, 422),
            ({"user_": "x" * 129}, 422),
            ({"q": "x" * 1001}, 422),
            ({"tenant_": "strict"}, 422),
        ],
    )
    async def test_what_makes_no_sense_is_refused(self, acme: Company, params: dict[str, Any], answer: int) -> None:
        assert await status(acme, ADMIN, **params) == answer


class TestWithinDepartments:
    """A scoped admin explains what lies in their departments, to people who do; the rest is not there for them."""

    async def test_both_the_entity_and_the_user_must_lie_within(self, acme: Company) -> None:
        mine, other = acme.department(), acme.department()
        below = acme.department(mine)
        scoped = acme.user(department_ids=[other])
        acme.role(["admin.explain"], scoped, department_ids=[mine])
        inside, outside, both = (
            acme.user(department_ids=departments) for departments in ([below], [other], [mine, other])
        )
        everyone = {"allow": ["tenant:*"]}
        doc, elsewhere, nowhere = (
            acme.doc("someone", department_ids=departments, **everyone) for departments in ([mine], [other], [])
        )
        gone = acme.doc("someone", department_ids=[mine])
        room = acme.conversation(inside, scoped)
        await acme.arrive()
        acme.delete("doc", gone)
        await acme.arrive()

        async def outcome(vertical: str, id: str, user: str) -> tuple[str, str]:
            return said(await asked(acme, vertical, id, user, acme.topic, by=scoped))[:2]

        assert await outcome("docs", doc, inside) == ("found", "found")
        assert await outcome("contacts", inside, inside) == ("no_match", "lacking")
        for user in (outside, both, scoped):
            assert await outcome("docs", doc, user) == ("denied", "user_unknown")
        for id in (elsewhere, nowhere, gone):
            assert await outcome("docs", id, inside) == ("not_indexed", "not_indexed")
        for id in (outside, mine, room):
            assert await outcome("contacts", id, inside) == ("not_indexed", "not_indexed")

    async def test_messages_they_may_not_ask_about(self, acme: Company) -> None:
        department = acme.department()
        scoped = acme.user(department_ids=[department])
        acme.role(["admin.explain"], scoped, department_ids=[department])
        message = acme.message(acme.conversation(scoped))
        await acme.arrive()
        assert await status(acme, scoped, vertical="messages", id=message, user_=scoped) == 403
        acme.role(["admin.explain"], scoped)
        await acme.arrive()
        assert await status(acme, scoped, vertical="messages", id=message, user_=scoped) == 200


async def test_it_is_documented_with_its_problems(api: Api) -> None:
    described = (await api.http.get("/openapi.json")).json()
    call = described["paths"][EXPLAIN]["get"]
    assert {parameter["name"] for parameter in call["parameters"]} == {"vertical", "id", "user", "q"}
    assert {parameter["in"] for parameter in call["parameters"]} == {"query"}
    assert {"200", "400", "401", "403", "422", "503"} <= call["responses"].keys()
    body = described["components"]["schemas"]["ExplanationBody"]
    assert {"outcome", "reason", "steps"} <= set(body["required"])
