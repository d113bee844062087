"""What roles give whom: the contract's rule 7, from the events to the answer over HTTP."""

from __future__ import annotations

import apikit
from apikit import Company, hours

MESSAGES = "search.messages"
CONTACTS = "search.contacts"
DOCS = "search.docs"
APPS = "search.apps"


class TestRule7Modules:
    async def test_a_vertical_without_its_module_is_named_in_denied(self, strict: Company) -> None:
        user = strict.user(strict.topic)
        strict.role([DOCS, CONTACTS], user)
        doc = strict.doc(user)
        strict.app()
        strict.message(strict.conversation(user))
        await strict.arrive()
        answer = await strict.search(user)
        assert answer["denied"] == ["apps", "messages"]
        assert set(answer["sections"]) == {"contacts", "docs"}
        assert set(apikit.ids(answer)) == {user, doc}

    async def test_asked_for_by_name_alone_it_is_403(self, strict: Company) -> None:
        user = strict.user()
        strict.role([DOCS], user)
        await strict.arrive()
        assert await strict.status(user, verticals="messages") == 403
        assert await strict.status(user, verticals="docs") == 200
        answer = await strict.search(user, verticals="docs,messages")
        assert (answer["denied"], set(answer["sections"])) == (["messages"], {"docs"})

    async def test_a_user_without_any_role_is_answered_with_nothing(self, strict: Company) -> None:
        user = strict.user(strict.topic)
        strict.doc(user)
        await strict.arrive()
        answer = await strict.search(user)
        assert (answer["hits"], answer["sections"]) == ([], {})
        assert set(answer["denied"]) == {"contacts", "docs", "apps", "messages"}

    async def test_the_role_default_is_everyone_s(self, acme: Company) -> None:
        user = acme.user(acme.topic)
        doc = acme.doc("someone", allow=["role:default"])
        await acme.arrive()
        assert await acme.finds(user) == {user, doc}

    async def test_a_role_that_is_deleted_or_left_gives_no_module(self, strict: Company) -> None:
        user = strict.user()
        left, deleted, kept = strict.role([DOCS], user), strict.role([APPS], user), strict.role([CONTACTS], user)
        await strict.arrive()
        assert (await strict.search(user))["denied"] == ["messages"]
        strict.leave(f"role:{left}", user)
        strict.delete("role", deleted)
        await strict.arrive()
        assert (await strict.search(user))["denied"] == ["docs", "apps", "messages"]
        strict.role([], id=kept)
        await strict.arrive()
        assert (await strict.search(user))["denied"] == ["contacts", "docs", "apps", "messages"]

    async def test_a_membership_in_a_role_ends_by_the_clock(self, strict: Company) -> None:
        user = strict.user()
        role = strict.role([DOCS])
        strict.member(f"role:{role}", user, until=hours(-1))
        await strict.arrive()
        assert await strict.status(user, verticals="docs") == 403

    async def test_names_in_operators_need_the_module_of_the_contacts_and_ids_do_not(self, strict: Company) -> None:
        user = strict.user("孙悟空")
        strict.role([MESSAGES], user)
        room = strict.conversation(user, name="花果山")
        said = strict.message(room, sender_id=user)
        await strict.arrive()
        assert await strict.finds(user, f"from:{user} {strict.topic}") == {said}
        assert await strict.finds(user, f"in:{room} {strict.topic}") == {said}
        assert await strict.finds(user, f"from:孙悟空 {strict.topic}") == set()
        assert await strict.finds(user, f"in:花果山 {strict.topic}") == set()
        strict.role([CONTACTS], user)
        await strict.arrive()
        assert await strict.finds(user, f"from:孙悟空 {strict.topic}") == {said}
        assert await strict.finds(user, f"in:花果山 {strict.topic}") == {said}


class TestScopedRoles:
    """A role with departments counts only for entities whose own departments all lie in their subtrees."""

    async def test_its_modules_reach_only_entities_within(self, strict: Company) -> None:
        top = strict.department()
        below, elsewhere = strict.department(top), strict.department()
        user = strict.user()
        strict.role([DOCS, APPS, CONTACTS], user, department_ids=[top])
        everyone = {"allow": ["tenant:*"]}
        inside = {
            strict.doc("someone", department_ids=[top], **everyone),
            strict.doc("someone", department_ids=[top, below], **everyone),
            strict.app(department_ids=[below], **everyone),
            strict.user(strict.topic, department_ids=[below]),
        }
        strict.doc("someone", department_ids=[elsewhere], **everyone)
        strict.doc("someone", department_ids=[below, elsewhere], **everyone)
        strict.doc("someone", department_ids=[], **everyone)
        strict.doc("someone", **everyone)
        strict.doc(user)
        strict.app(**everyone)
        strict.user(strict.topic, department_ids=[elsewhere, top])
        strict.user(strict.topic)
        strict.department(top, name=strict.topic)
        strict.conversation(user, name=strict.topic, public=True)
        await strict.arrive()
        assert await strict.finds(user) == inside

    async def test_it_gives_no_messages_but_does_not_deny_them(self, strict: Company) -> None:
        department = strict.department()
        user = strict.user(department_ids=[department])
        strict.role([MESSAGES], user, department_ids=[department])
        strict.message(strict.conversation(user, public=True))
        await strict.arrive()
        answer = await strict.search(user)
        assert "messages" not in answer["denied"]
        assert answer["sections"] == {"messages": {"total": 0, "relation": "eq"}}
        assert await strict.status(user, verticals="messages") == 200

    async def test_a_role_for_everywhere_beside_it_lifts_the_bounds(self, strict: Company) -> None:
        department = strict.department()
        user = strict.user()
        strict.role([DOCS], user, department_ids=[department])
        strict.role([DOCS], user)
        doc = strict.doc("someone", allow=["tenant:*"])
        await strict.arrive()
        assert await strict.finds(user) == {doc}

    async def test_two_of_them_do_not_add_up_over_one_entity(self, strict: Company) -> None:
        one, two = strict.department(), strict.department()
        user = strict.user()
        for id in (one, two):
            strict.role([DOCS], user, department_ids=[id])
        mine = {strict.doc("someone", department_ids=[id], allow=["tenant:*"]) for id in (one, two)}
        strict.doc("someone", department_ids=[one, two], allow=["tenant:*"])
        await strict.arrive()
        assert await strict.finds(user) == mine

    async def test_without_any_known_department_it_reaches_nothing(self, strict: Company) -> None:
        user = strict.user()
        strict.role([DOCS], user, department_ids=["no-such-department"])
        strict.doc("someone", department_ids=["no-such-department"], allow=["tenant:*"])
        strict.doc("someone", allow=["tenant:*"])
        strict.role([DOCS], user, department_ids=[])
        await strict.arrive()
        assert await strict.finds(user) == set()
        assert (await strict.search(user))["denied"] == ["contacts", "apps", "messages"]

    async def test_as_a_principal_it_admits_only_to_entities_within(self, acme: Company) -> None:
        top = acme.department()
        below, elsewhere = acme.department(top), acme.department()
        user = acme.user()
        role = f"role:{acme.role([], user, department_ids=[top])}"
        inside = {
            acme.doc("someone", allow=[role], department_ids=[below]),
            acme.app(allow=[role], department_ids=[top]),
            acme.user(acme.topic, visible_to=[role], department_ids=[below]),
        }
        for departments in ([elsewhere], [below, elsewhere], []):
            acme.doc("someone", allow=[role], department_ids=departments)
            acme.user(acme.topic, visible_to=[role], department_ids=departments)
        acme.app(allow=[role])
        await acme.arrive()
        assert await acme.finds(user) == inside

    async def test_denied_as_a_principal_it_denies_only_within(self, acme: Company) -> None:
        inside, outside = acme.department(), acme.department()
        user = acme.user()
        role = f"role:{acme.role([], user, department_ids=[inside])}"
        acme.doc("someone", allow=["tenant:*"], deny=[role], department_ids=[inside])
        seen = {
            acme.doc("someone", allow=["tenant:*"], deny=[role], department_ids=[outside]),
            acme.doc("someone", allow=["tenant:*"], deny=[role]),
        }
        await acme.arrive()
        assert await acme.finds(user) == seen

    async def test_its_bounds_follow_the_departments(self, acme: Company) -> None:
        top, moved = acme.department(), acme.department()
        user = acme.user()
        role = f"role:{acme.role([], user, department_ids=[top])}"
        doc = acme.doc("someone", allow=[role], department_ids=[moved])
        await acme.arrive()
        assert await acme.finds(user) == set()
        acme.department(top, id=moved)
        await acme.arrive()
        assert await acme.finds(user) == {doc}
