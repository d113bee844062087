"""Who somebody is, and what that admits them to: the contract's rules 1 to 3, each end to end."""

from __future__ import annotations

import apikit
import kit
import pytest
from apikit import Api, Company, hours


class TestRule1UnknownOrDisabledUsersGet403:
    async def test_a_user_of_whom_nothing_is_known(self, acme: Company) -> None:
        assert await acme.status("nobody-knows-me") == 403

    async def test_a_user_of_a_tenant_of_which_nothing_is_known(self, api: Api) -> None:
        assert (await api.get("u-1", q="x", tenant="no-such-tenant")).status_code == 403

    async def test_a_disabled_user(self, acme: Company) -> None:
        disabled = acme.user(status="disabled")
        await acme.arrive()
        assert await acme.status(disabled) == 403

    async def test_a_deleted_user(self, acme: Company) -> None:
        deleted = acme.user()
        acme.delete("user", deleted)
        await acme.arrive()
        assert await acme.status(deleted) == 403

    async def test_a_user_of_whom_only_a_membership_is_known(self, acme: Company) -> None:
        acme.conversation("ghost", public=True)
        await acme.arrive()
        assert await acme.status("ghost") == 403

    async def test_an_active_user_gets_an_answer(self, acme: Company) -> None:
        active = acme.user()
        await acme.arrive()
        assert await acme.status(active) == 200

    async def test_a_user_who_comes_back_gets_answers_again(self, acme: Company) -> None:
        user = acme.user()
        acme.delete("user", user)
        acme.user(id=user)
        await acme.arrive()
        assert await acme.status(user) == 200

    async def test_unknown_disabled_and_deleted_are_told_the_same(self, acme: Company) -> None:
        disabled, deleted = acme.user(status="disabled"), acme.user()
        acme.delete("user", deleted)
        await acme.arrive()
        answers = {(await acme.api.get(user, q="x")).content for user in (disabled, deleted, "nobody")}
        assert len(answers) == 1


class TestRule2NothingCrossesTenants:
    async def test_the_same_ids_in_another_tenant_are_other_things(self, acme: Company, strict: Company) -> None:
        strict.topic = acme.topic
        seen = {}
        for company in (acme, strict):
            at = company.tenant
            user = company.user(id="u-twin")
            company.role(kit.ALL_MODULES, user, id="twin")
            room = company.conversation(user, id="c-twin", name=f"{acme.topic} {at}")
            company.message(room, f"{acme.topic} {at}", id="m-twin")
            company.doc(user, f"{acme.topic} {at}", id="f-twin")
            company.app(f"{acme.topic} {at}", id="a-twin")
            await company.arrive()
            seen[at] = await company.search("u-twin")
        for at, answer in seen.items():
            assert set(apikit.ids(answer)) == {"m-twin", "c-twin", "f-twin", "a-twin"}
            assert all(hit["title"].endswith(at) for hit in answer["hits"])

    async def test_what_only_another_tenant_has_is_not_there(self, acme: Company, strict: Company) -> None:
        stranger, insider = acme.user(), strict.user()
        strict.role(kit.ALL_MODULES, insider)
        doc = strict.doc(insider, acme.topic, allow=["tenant:*"])
        await acme.arrive()
        await strict.arrive()
        assert await acme.finds(stranger) == set()
        assert await strict.finds(insider, acme.topic) == {doc}


class TestRule3Principals:
    async def test_everyone_in_the_tenant(self, acme: Company) -> None:
        user = acme.user()
        doc = acme.doc("someone", allow=["tenant:*"])
        await acme.arrive()
        assert await acme.finds(user) == {doc}

    async def test_the_user_alone(self, acme: Company) -> None:
        named, other = acme.user(), acme.user()
        doc = acme.doc("someone", allow=[f"user:{named}"])
        await acme.arrive()
        assert await acme.finds(named) == {doc}
        assert await acme.finds(other) == set()

    async def test_a_department_admits_its_whole_subtree_and_nobody_above(self, acme: Company) -> None:
        top = acme.department()
        middle = acme.department(top)
        bottom = acme.department(middle)
        above, inside, below = (acme.user(department_ids=[id]) for id in (top, middle, bottom))
        doc = acme.doc("someone", allow=[f"department:{middle}"])
        await acme.arrive()
        assert await acme.finds(above) == set()
        assert await acme.finds(inside) == {doc}
        assert await acme.finds(below) == {doc}

    async def test_a_user_is_in_every_one_of_their_departments(self, acme: Company) -> None:
        one, two = acme.department(), acme.department()
        user = acme.user(department_ids=[one, two])
        docs = {acme.doc("someone", allow=[f"department:{id}"]) for id in (one, two)}
        await acme.arrive()
        assert await acme.finds(user) == docs

    @pytest.mark.parametrize("known", [False, True], ids=["unknown", "deleted"])
    async def test_such_a_department_grants_nothing(self, acme: Company, known: bool) -> None:
        gone = acme.department() if known else acme.name("d")
        user = acme.user(department_ids=[gone])
        acme.doc("someone", allow=[f"department:{gone}"])
        if known:
            acme.delete("department", gone)
        await acme.arrive()
        assert await acme.finds(user) == set()

    async def test_above_a_deleted_department_nothing_is_reached(self, acme: Company) -> None:
        top = acme.department()
        middle = acme.department(top)
        bottom = acme.department(middle)
        user = acme.user(department_ids=[bottom])
        acme.doc("someone", allow=[f"department:{top}"])
        mine = acme.doc("someone", allow=[f"department:{bottom}"])
        acme.delete("department", middle)
        await acme.arrive()
        assert await acme.finds(user) == {mine}

    async def test_departments_that_are_each_other_s_parents(self, acme: Company) -> None:
        one, two = acme.name("d"), acme.name("d")
        acme.department(two, id=one)
        acme.department(one, id=two)
        user = acme.user(department_ids=[one])
        doc = acme.doc("someone", allow=[f"department:{two}"])
        await acme.arrive()
        assert await acme.finds(user) == {doc}

    @pytest.mark.parametrize("kind", ["group", "folder", "role", "conversation"])
    async def test_a_membership_in_a_scope_of_any_kind(self, acme: Company, kind: str) -> None:
        inside, outside = acme.user(), acme.user()
        scope = acme.name("s")
        if kind == "role":
            acme.role(id=scope)
        if kind == "conversation":
            acme.conversation(id=scope)
        acme.member(f"{kind}:{scope}", inside)
        doc = acme.doc("someone", allow=[f"{kind}:{scope}"])
        await acme.arrive()
        assert await acme.finds(inside) == {doc}
        assert await acme.finds(outside) == set()

    @pytest.mark.parametrize("kind", ["role", "conversation"])
    @pytest.mark.parametrize("known", [False, True], ids=["unknown", "deleted"])
    async def test_a_role_or_conversation_that_is_not_there_grants_nothing(
        self, acme: Company, kind: str, known: bool
    ) -> None:
        user = acme.user()
        scope = acme.name("s")
        if known:
            _ = acme.role(id=scope) if kind == "role" else acme.conversation(id=scope)
            acme.delete(kind, scope)
        acme.member(f"{kind}:{scope}", user)
        acme.doc("someone", allow=[f"{kind}:{scope}"])
        await acme.arrive()
        assert await acme.finds(user) == set()

    async def test_a_group_within_a_group_within_a_group(self, acme: Company) -> None:
        user = acme.user()
        inner, middle, outer = (f"group:{acme.name('g')}" for _ in range(3))
        acme.member(inner, user)
        acme.member(middle, inner)
        acme.member(outer, middle)
        doc = acme.doc("someone", allow=[outer])
        await acme.arrive()
        assert await acme.finds(user) == {doc}

    async def test_groups_that_are_inside_each_other(self, acme: Company) -> None:
        user = acme.user()
        one, two = f"group:{acme.name('g')}", f"group:{acme.name('g')}"
        acme.member(one, user)
        acme.member(one, two)
        acme.member(two, one)
        doc = acme.doc("someone", allow=[two])
        await acme.arrive()
        assert await acme.finds(user) == {doc}

    async def test_a_department_as_a_member_admits_its_subtree(self, acme: Company) -> None:
        top = acme.department()
        user = acme.user(department_ids=[acme.department(top)])
        group = f"group:{acme.name('g')}"
        acme.member(group, f"department:{top}")
        doc = acme.doc("someone", allow=[group])
        await acme.arrive()
        assert await acme.finds(user) == {doc}

    async def test_a_group_as_a_conversation_s_member(self, acme: Company) -> None:
        user = acme.user()
        group = f"group:{acme.name('g')}"
        acme.member(group, user)
        said = acme.message(acme.conversation(group))
        await acme.arrive()
        assert await acme.finds(user) == {said}

    async def test_a_membership_counts_only_between_since_and_until(self, acme: Company) -> None:
        user = acme.user()
        docs = {}
        for word, since, until in (
            ("now", hours(-1), hours(1)),
            ("past", hours(-2), hours(-1)),
            ("future", hours(1), hours(2)),
            ("from the beginning", None, hours(1)),
            ("for ever", hours(-1), None),
        ):
            folder = acme.name("s")
            acme.member(f"folder:{folder}", user, since=since, until=until)
            docs[word] = acme.doc("someone", folder_id=folder)
        await acme.arrive()
        assert await acme.finds(user) == {docs["now"], docs["from the beginning"], docs["for ever"]}

    async def test_a_doc_of_a_conversation_s_members(self, acme: Company) -> None:
        """The principal is the membership: that a conversation is public makes nobody its member."""
        member, reader = acme.user(), acme.user()
        room = acme.conversation(member, public=True)
        doc = acme.doc("someone", allow=[f"conversation:{room}"])
        await acme.arrive()
        assert await acme.finds(member) == {doc}
        assert await acme.finds(reader) == set()
