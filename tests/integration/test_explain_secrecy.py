"""What an explanation must not tell: anything of other tenants, or of a text that the admin could not find themself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import kit
import pytest
from apikit import ADMIN, EXPLAIN, Api, Company
from opensearchpy import AsyncOpenSearch

from search.core.streams.port import Broker
from search.explain.explainer import Inquiry

USER = "u-user"
SECRET, RUMOUR, COMMON = "收购白鹭湖", "裁员名单", "周会纪要"

pytestmark = pytest.mark.usefixtures("acme_with_an_admin")


def question(vertical: str, id: str, user: str, q: str | None = None, **more: Any) -> dict[str, Any]:
    return {"path": EXPLAIN, "vertical": vertical, "id": id, "user_": user, "q": q, **more}


class TestWhatIsNotThereInTheTenant:
    @pytest.mark.parametrize("q", [None, "x"])
    async def test_an_entity_of_another_tenant_is_one_that_does_not_exist(
        self, acme: Company, strict: Company, q: str | None
    ) -> None:
        user, stranger = acme.user(), strict.user()
        strict.role(kit.ALL_MODULES, stranger)
        room = strict.conversation(stranger, public=True)
        deleted = strict.doc(stranger, allow=["tenant:*"])
        places = {
            "docs": [strict.doc(stranger, allow=["tenant:*"]), deleted],
            "apps": [strict.app()],
            "messages": [strict.message(room)],
            "contacts": [stranger, room, strict.department()],
        }
        await acme.arrive()
        await strict.arrive()
        strict.delete("doc", deleted)
        await strict.arrive()
        for vertical, ids in places.items():
            told = await acme.answers_alike(
                ADMIN, *(question(vertical, id, user, q, echo=id) for id in (*ids, "no-such-id"))
            )
            assert b'"not_indexed"' in told

    async def test_a_user_of_another_tenant_is_one_whom_nobody_knows(self, acme: Company, strict: Company) -> None:
        stranger = strict.user()
        deleted = acme.user()
        acme.delete("user", deleted)
        doc = acme.doc("someone", allow=["tenant:*"])
        hidden = acme.doc("someone")
        await acme.arrive()
        await strict.arrive()
        for id in (doc, hidden):
            users = (stranger, deleted, "no-such-user")
            await acme.answers_alike(ADMIN, *(question("docs", id, user, "x", echo=user) for user in users))

    async def test_for_a_scoped_admin_what_lies_elsewhere_is_not_there_either(
        self, acme: Company, strict: Company
    ) -> None:
        mine, other = acme.department(), acme.department()
        scoped, user, outsider = acme.user(), acme.user(department_ids=[mine]), acme.user(department_ids=[other])
        acme.role(["admin.explain"], scoped, department_ids=[mine])
        # Even of what they may see: their own search would find it, but it is not theirs to explain.
        elsewhere = acme.doc(scoped, allow=["tenant:*"], department_ids=[other])
        deleted = acme.doc("someone", department_ids=[mine])
        doc = acme.doc("someone", allow=["tenant:*"], department_ids=[mine])
        foreign = strict.doc("someone", department_ids=[mine])
        await acme.arrive()
        await strict.arrive()
        acme.delete("doc", deleted)
        await acme.arrive()
        ids = (elsewhere, deleted, foreign, "no-such-id")
        await acme.answers_alike(scoped, *(question("docs", id, user, acme.topic, echo=id) for id in ids))
        users = (outsider, ADMIN, "no-such-user")
        await acme.answers_alike(scoped, *(question("docs", doc, who, acme.topic, echo=who) for who in users))
        room = acme.conversation(scoped, user, id=acme.name("x"), name=acme.topic)
        await acme.arrive()
        rooms = (room, "no-such-id")
        await acme.answers_alike(scoped, *(question("contacts", id, user, acme.topic, echo=id) for id in rooms))


class TestWhatIsHiddenFromTheAdmin:
    QUERIES = (
        SECRET,
        "白鹭湖",
        "完全不相干的问题",
        f'"{SECRET}"',
        f"-{SECRET} x",
        "from:欧阳锋",
        "type:doc has:file",
        "，。",
    )

    @pytest.mark.parametrize("seen", [True, False], ids=["the user may see it", "the user may not"])
    async def test_no_query_tells_its_text(self, acme: Company, seen: bool) -> None:
        """Nor its title, its name, its sender, its kind, or when it was said."""
        user, sender = acme.user(), acme.user("欧阳锋")
        whom = user if seen else acme.user()
        room = acme.conversation(whom, name=SECRET)
        places = [
            ("docs", acme.doc(sender, SECRET, allow=[f"user:{whom}"])),
            ("apps", acme.app(SECRET, allow=[f"user:{whom}"])),
            ("messages", acme.message(room, SECRET, sender_id=sender)),
            ("contacts", room),
            ("contacts", acme.user(SECRET, visible_to=[f"user:{whom}"])),
        ]
        await acme.arrive()
        for vertical, id in places:
            told = await acme.answers_alike(ADMIN, *(question(vertical, id, user, q) for q in self.QUERIES))
            assert (b'"visible"' if seen else b'"denied"') in told
            assert b'"not_told"' in told
            assert b"rank" not in told

    async def test_no_id_of_it_but_the_one_that_was_asked_about(self, acme: Company) -> None:
        user, owner, ally = acme.user(), acme.user(SECRET), acme.user()
        denied_group, folder = acme.name("g"), acme.name("s")
        acme.member(f"group:{denied_group}", user)
        department = acme.department()
        room, late = acme.conversation(ally, name=SECRET), acme.conversation(history="since_join", name=SECRET)
        acme.member(f"conversation:{late}", user, since="2026-04-01T00:00:00Z")
        hidden = {
            "docs": [
                acme.doc(owner, SECRET, allow=[f"user:{ally}"], folder_id=folder, department_ids=[department]),
                acme.doc(owner, SECRET, allow=["tenant:*"], deny=["tenant:*", f"group:{denied_group}"]),
                acme.doc(owner, SECRET, folder_id=folder),
            ],
            "apps": [acme.app(SECRET, allow=[f"user:{ally}"])],
            "messages": [acme.message(room, SECRET, sender_id=owner), acme.message(late, SECRET, sender_id=owner)],
            "contacts": [acme.user(SECRET, visible_to=[f"user:{ally}"], department_ids=[department])],
        }
        await acme.arrive()
        secrets = [owner, ally, denied_group, folder, department, room, late, SECRET, "2026-04", "欧阳锋"]
        for vertical, ids in hidden.items():
            for id in ids:
                for q in (None, SECRET):
                    answer = await acme.api.get(ADMIN, **question(vertical, id, user, q))
                    assert answer.json()["outcome"] == "denied"
                    assert [secret for secret in secrets if secret in answer.text] == []
                    assert all(step["facts"].keys() <= {"behind"} for step in answer.json()["steps"])

    async def test_what_they_may_see_but_not_search_for_is_hidden_too(self, strict: Company) -> None:
        """Or the explanation would be the search that their roles do not give them."""
        admin, user = strict.user(), strict.user()
        strict.role(["admin.explain", "search.apps"], admin)
        strict.role(kit.ALL_MODULES, user)
        doc = strict.doc(admin, SECRET, allow=["tenant:*"])
        await strict.arrive()
        told = await strict.answers_alike(admin, *(question("docs", doc, user, q) for q in (SECRET, "别的")))
        assert b'"not_told"' in told


class TestTwoCompanies:
    """They differ only in what the admin may not see; whatever the admin asks about, they are told the same bytes."""

    TENANTS = ("left", "right")
    QUERIES = (
        None,
        COMMON,
        SECRET,
        RUMOUR,
        f"{COMMON} {RUMOUR}",
        f'"{RUMOUR}"',
        f"{COMMON} from:欧阳锋",
        f"{COMMON} from:令狐冲",
        f"{COMMON} in:{SECRET}",
        f"{COMMON} -from:欧阳锋",
        "zhangsanfeg",
        "周会级要",
        "type:doc",
        "from:欧阳锋",
    )

    async def fill(self, company: Company, *, right: bool) -> list[tuple[str, str]]:
        """The same visible things everywhere; on the right, other secrets, and more of them."""
        text, other = (SECRET, RUMOUR) if right else (RUMOUR, SECRET)
        company.user("管理员", id=ADMIN)
        company.user("张三", id=USER)
        company.role([*kit.ALL_MODULES], id="default")
        company.role(["admin.explain"], ADMIN, id="r-admin")
        to_user, to_other = f"user:{USER}", "user:u-other"
        company.user("欧阳锋" if right else "令狐冲", id="u-hidden", visible_to=[to_user])
        company.user("张三丰", id="u-zhang")
        hall = company.conversation(ADMIN, USER, id="c-hall", name="大厅")
        room = company.conversation(USER, id="c-room", name=text)
        shared = company.doc("u-hidden", COMMON, body="所有人都看得到", id="f-shared", allow=["tenant:*"])
        said = company.message(hall, COMMON, sender_id="u-hidden", id="m-hall")
        hidden = company.doc("u-hidden" if right else USER, text, id="f-hidden", allow=[to_user])
        closed = company.doc("u-hidden", text, id="f-closed", allow=[to_other, *(["group:g"] if right else [])])
        whispered = company.message(room, text, id="m-room", sender_id="u-hidden" if right else USER)
        elsewhere = company.message("c-other", text, id="m-other")
        company.conversation("u-other", id="c-other", name=text)
        company.app(text, id="a-hidden", allow=[to_user])
        if right:
            await self.fill_the_user_s_list(company)
        else:
            company.doc(USER, other, id="f-only-left")
        return [
            ("docs", shared),
            ("docs", hidden),
            ("docs", closed),
            ("messages", said),
            ("messages", whispered),
            ("messages", elsewhere),
            ("apps", "a-hidden"),
            ("contacts", "u-hidden"),
            ("contacts", "u-zhang"),
            ("contacts", "c-room"),
            ("contacts", "c-other"),
            ("docs", "f-none"),
        ]

    @staticmethod
    async def fill_the_user_s_list(company: Company) -> None:
        """What only the user sees, and what in their own list goes before all that the admin sees too."""
        later = "2026-05-01T00:00:00Z"
        for number in range(5):
            company.doc(USER, COMMON, body=COMMON, id=f"f-mine-{number}", updated_at=later)
            company.message("c-room", COMMON, id=f"m-mine-{number}", sender_id="u-hidden", sent_at=later)
        company.user("张三疯", english_name="zhangsanfeg", id="u-typed", visible_to=[f"user:{USER}"])

    async def told(self, api: Api, tenant: str, by: str, place: tuple[str, str], user: str, q: str | None) -> bytes:
        response = await api.get(by, tenant=tenant, **question(*place, user, q))
        assert response.status_code == 200, response.text
        return response.content

    async def test_an_admin_is_told_the_same(self, api: Api, broker: Broker, engine: AsyncOpenSearch) -> None:
        for tenant in self.TENANTS:
            company = Company(api, broker, engine, tenant=tenant)
            places = await self.fill(company, right=tenant == "right")
            await company.arrive()
        outcomes = set()
        for place in places:
            for q in self.QUERIES:
                for user in (USER, ADMIN):
                    left, right = [await self.told(api, at, ADMIN, place, user, q) for at in self.TENANTS]
                    assert left == right, (place, q, user)
                    outcomes.add(self.outcome(left))
        assert {"found", "visible", "denied", "no_match", "not_indexed"} <= outcomes
        await self.the_operator_sees_the_difference(api)

    @staticmethod
    def outcome(told: bytes) -> str:
        found: Mapping[str, Any] = kit.orjson.loads(told)
        return str(found["outcome"])

    async def the_operator_sees_the_difference(self, api: Api) -> None:
        """So the companies do differ, in each of these ways."""
        explain = api.app.state.services.explain
        for place, q in (
            (("docs", "f-hidden"), SECRET),
            (("docs", "f-shared"), COMMON),
            (("docs", "f-shared"), f"{COMMON} from:欧阳锋"),
            (("messages", "m-hall"), COMMON),
            (("messages", "m-room"), RUMOUR),
            (("contacts", "u-zhang"), "zhangsanfeg"),
            (("contacts", "c-room"), SECRET),
        ):
            asked = Inquiry(*place, USER, q)
            left, right = [await explain.for_operator(at, asked, datetime.now(UTC)) for at in self.TENANTS]
            assert left.findings != right.findings, (place, q)
