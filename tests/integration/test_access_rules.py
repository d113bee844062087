"""Who may see what: the contract's rules 1 to 7, each end to end, from the events to the answer over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import apikit
import kit
import pytest
from apikit import LONG_AGO, Api, Company
from nats.aio.client import Client
from opensearchpy import AsyncOpenSearch

MESSAGES = "search.messages"
CONTACTS = "search.contacts"
DOCS = "search.docs"
APPS = "search.apps"


def hours(count: float) -> str:
    """A time so many hours from now."""
    return (datetime.now(UTC) + timedelta(hours=count)).isoformat()


@pytest.fixture(scope="module")
async def acme_with_everybody_s_role(api: Api, client: Client, engine: AsyncOpenSearch) -> None:
    company = Company(api, client, engine)
    company.role(kit.ALL_MODULES, id="default")
    await company.arrive()


@pytest.fixture
def acme(acme_with_everybody_s_role: None, api: Api, client: Client, engine: AsyncOpenSearch) -> Company:
    """A company in which everybody may search everything; each test speaks of its own topic."""
    return Company(api, client, engine)


@pytest.fixture
def strict(api: Api, client: Client, engine: AsyncOpenSearch) -> Company:
    """A company without a role for everybody."""
    return Company(api, client, engine, tenant="strict")


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


class TestRule4Messages:
    async def test_members_read_and_others_do_not(self, acme: Company) -> None:
        member, other = acme.user(), acme.user()
        said = acme.message(acme.conversation(member))
        await acme.arrive()
        assert await acme.finds(member) == {said}
        assert await acme.finds(other) == set()

    async def test_who_wrote_it_does_not_matter_once_they_have_left(self, acme: Company) -> None:
        writer = acme.user()
        room = acme.conversation(writer)
        acme.message(room, sender_id=writer)
        acme.leave(f"conversation:{room}", writer)
        await acme.arrive()
        assert await acme.finds(writer) == set()

    async def test_whoever_has_left_by_the_clock_sees_nothing(self, acme: Company) -> None:
        gone = acme.user()
        room = acme.conversation()
        acme.member(f"conversation:{room}", gone, since=LONG_AGO, until=hours(-1))
        acme.message(room)
        await acme.arrive()
        assert await acme.finds(gone) == set()

    async def test_everybody_reads_a_public_conversation_whole(self, acme: Company) -> None:
        """Also those who joined late, and those who left."""
        late, gone, stranger = acme.user(), acme.user(), acme.user()
        room = acme.conversation(public=True, history="since_join", name=acme.topic)
        acme.member(f"conversation:{room}", late, since=hours(-1))
        acme.member(f"conversation:{room}", gone, until=hours(-1))
        said = acme.message(room, sent_at=LONG_AGO)
        await acme.arrive()
        for user in (late, gone, stranger):
            assert await acme.finds(user) == {said, room}

    async def test_since_join_shows_nothing_said_before(self, acme: Company) -> None:
        user, old_hand = acme.user(), acme.user()
        room = acme.conversation(old_hand, history="since_join")
        acme.member(f"conversation:{room}", user, since="2026-03-02T09:00:00.000001Z")
        before = acme.message(room, sent_at="2026-03-02T09:00:00.000000Z")
        at = acme.message(room, sent_at="2026-03-02T09:00:00.000001Z")
        after = acme.message(room, sent_at="2026-03-02T17:00:01+08:00")
        await acme.arrive()
        assert await acme.finds(user) == {at, after}
        assert await acme.finds(old_hand) == {before, at, after}

    async def test_history_all_shows_what_was_said_before_joining(self, acme: Company) -> None:
        user = acme.user()
        room = acme.conversation(history="all")
        acme.member(f"conversation:{room}", user, since=hours(-1))
        said = acme.message(room, sent_at=LONG_AGO)
        await acme.arrive()
        assert await acme.finds(user) == {said}

    async def test_the_latest_time_along_a_way_counts_and_the_earliest_way_wins(self, acme: Company) -> None:
        user = acme.user()
        room = acme.conversation(history="since_join")
        early, late = f"group:{acme.name('g')}", f"group:{acme.name('g')}"
        acme.member(early, user, since="2026-01-01T00:00:00Z")
        acme.member(late, user, since="2026-05-01T00:00:00Z")
        acme.member(f"conversation:{room}", early, since="2026-03-01T00:00:00Z")
        acme.member(f"conversation:{room}", late, since="2026-02-01T00:00:00Z")
        acme.message(room, sent_at="2026-02-15T00:00:00Z")
        said = acme.message(room, sent_at="2026-03-15T00:00:00Z")
        await acme.arrive()
        assert await acme.finds(user) == {said}

    async def test_whoever_comes_back_reads_from_their_return_on(self, acme: Company) -> None:
        user = acme.user()
        room = acme.conversation(history="since_join")
        scope = f"conversation:{room}"
        acme.member(scope, user, since="2026-01-01T00:00:00Z")
        acme.leave(scope, user)
        acme.member(scope, user, since="2026-03-01T00:00:00Z")
        acme.message(room, sent_at="2026-02-01T00:00:00Z")
        said = acme.message(room, sent_at="2026-03-02T00:00:00Z")
        await acme.arrive()
        assert await acme.finds(user) == {said}

    @pytest.mark.parametrize("known", [False, True], ids=["unknown", "deleted"])
    async def test_nobody_reads_a_conversation_that_is_not_there(self, acme: Company, known: bool) -> None:
        user = acme.user()
        room = acme.conversation(public=True) if known else acme.name("c")
        acme.member(f"conversation:{room}", user)
        acme.message(room)
        if known:
            acme.delete("conversation", room)
        await acme.arrive()
        assert await acme.finds(user) == set()

    async def test_a_conversation_that_becomes_known_late_shows_its_messages(self, acme: Company) -> None:
        user = acme.user()
        room = acme.name("c")
        acme.member(f"conversation:{room}", user)
        said = acme.message(room)
        await acme.arrive()
        acme.conversation(id=room)
        await acme.arrive()
        assert await acme.finds(user) == {said}

    async def test_archived_conversations_and_their_messages_are_found_and_marked(self, acme: Company) -> None:
        user = acme.user()
        archived = acme.conversation(user, name=acme.topic, archived=True)
        alive = acme.conversation(user, name=acme.topic)
        marked = {archived: True, alive: False}
        marked |= {acme.message(archived): True, acme.message(alive): False}
        await acme.arrive()
        answer = await acme.search(user)
        assert {hit["id"]: hit["fields"].get("archived", False) for hit in answer["hits"]} == marked

    async def test_a_conversation_that_is_archived_later_marks_its_messages_at_once(self, acme: Company) -> None:
        user = acme.user()
        room = acme.conversation(user)
        acme.message(room)
        await acme.arrive()
        acme.conversation(id=room, archived=True)
        await acme.arrive()
        [hit] = (await acme.search(user))["hits"]
        assert hit["fields"]["archived"] is True

    async def test_more_conversations_with_their_own_time_than_a_query_has_clauses(self, acme: Company) -> None:
        user = acme.user()
        # The engine takes 1,024 clauses.
        rooms = [acme.conversation(history="since_join") for _ in range(1200)]
        for number, room in enumerate(rooms):
            acme.member(f"conversation:{room}", user, since=f"2026-03-01T{number // 60:02d}:{number % 60:02d}:00Z")
        acme.message(rooms[1100], sent_at="2026-03-01T18:19:59.999Z")
        said = acme.message(rooms[1100], sent_at="2026-03-01T18:20:00Z")
        await acme.arrive()
        assert await acme.finds(user) == {said}


@pytest.mark.parametrize("kind", ["doc", "app"])
class TestRule5DocsAndApps:
    @staticmethod
    def thing(acme: Company, kind: str, **more: object) -> str:
        return acme.doc("someone", **more) if kind == "doc" else acme.app(**more)

    async def test_allow_admits_and_nothing_else_does(self, acme: Company, kind: str) -> None:
        admitted, other = acme.user(), acme.user()
        thing = self.thing(acme, kind, allow=[f"user:{admitted}", "group:none"])
        await acme.arrive()
        assert await acme.finds(admitted) == {thing}
        assert await acme.finds(other) == set()

    async def test_deny_beats_allow(self, acme: Company, kind: str) -> None:
        denied, other = acme.user(), acme.user()
        group = f"group:{acme.name('g')}"
        acme.member(group, denied)
        thing = self.thing(acme, kind, allow=["tenant:*", f"user:{denied}"], deny=[group])
        await acme.arrive()
        assert await acme.finds(denied) == set()
        assert await acme.finds(other) == {thing}

    async def test_an_empty_allow_admits_nobody(self, acme: Company, kind: str) -> None:
        user = acme.user()
        self.thing(acme, kind, allow=[])
        await acme.arrive()
        assert await acme.finds(user) == set()

    async def test_five_hundred_principals(self, acme: Company, kind: str) -> None:
        admitted, other = acme.user(), acme.user()
        thing = self.thing(acme, kind, allow=[*(f"group:g{n}" for n in range(500)), f"user:{admitted}"])
        await acme.arrive()
        assert await acme.finds(admitted) == {thing}
        assert await acme.finds(other) == set()

    async def test_a_deleted_one_is_not_there(self, acme: Company, kind: str) -> None:
        user = acme.user()
        thing = self.thing(acme, kind, allow=["tenant:*"])
        acme.delete(kind, thing)
        await acme.arrive()
        assert await acme.finds(user) == set()


class TestRule5Docs:
    async def test_the_owner_sees_it_whatever_allow_and_deny_say(self, acme: Company) -> None:
        owner = acme.user()
        docs = {acme.doc(owner, allow=[]), acme.doc(owner, allow=["tenant:*"], deny=["tenant:*", f"user:{owner}"])}
        await acme.arrive()
        assert await acme.finds(owner) == docs

    async def test_its_folder_s_members_see_it(self, acme: Company) -> None:
        member, other = acme.user(), acme.user()
        folder = acme.name("s")
        acme.member(f"folder:{folder}", member)
        doc = acme.doc("someone", folder_id=folder)
        await acme.arrive()
        assert await acme.finds(member) == {doc}
        assert await acme.finds(other) == set()

    async def test_deny_keeps_out_its_folder_s_members_too(self, acme: Company) -> None:
        member = acme.user()
        folder = acme.name("s")
        acme.member(f"folder:{folder}", member)
        acme.doc("someone", folder_id=folder, deny=[f"user:{member}"])
        await acme.arrive()
        assert await acme.finds(member) == set()


class TestRule6Contacts:
    async def test_a_user_is_visible_to_the_tenant(self, acme: Company) -> None:
        user, other = acme.user(), acme.user(acme.topic)
        await acme.arrive()
        assert await acme.finds(user) == {other}

    async def test_visible_to_hides_from_all_others_but_not_from_themself(self, acme: Company) -> None:
        named, other = acme.user(), acme.user()
        hidden = acme.user(acme.topic, visible_to=[f"user:{named}"])
        shy = acme.user(acme.topic, visible_to=[])
        await acme.arrive()
        assert await acme.finds(named) == {hidden}
        assert await acme.finds(other) == set()
        assert await acme.finds(hidden) == {hidden}
        assert await acme.finds(shy) == {shy}

    @pytest.mark.parametrize("sort", ["relevance", "newest", "oldest"])
    async def test_disabled_users_are_found_after_the_active_ones_and_marked(self, acme: Company, sort: str) -> None:
        user = acme.user()
        disabled = acme.user(acme.topic, status="disabled")
        active = [acme.user(f"{acme.topic} 王"), acme.user(f"王小明明 {acme.topic}")]
        await acme.arrive()
        hits = (await acme.search(user, sort=sort))["hits"]
        assert {hit["id"] for hit in hits[:2]} == set(active)
        assert [(hit["id"], hit["fields"]["status"]) for hit in hits[2:]] == [(disabled, "disabled")]

    async def test_they_come_after_the_active_ones_also_when_all_people_are_listed(
        self, api: Api, client: Client, engine: AsyncOpenSearch
    ) -> None:
        few = Company(api, client, engine, tenant="few")
        few.role([CONTACTS], id="default")
        gone, user, also_gone, colleague = (few.user(status=state) for state in ("disabled", "active") * 2)
        await few.arrive()
        listed = apikit.ids(await few.search(user, "type:user"))
        assert (set(listed[:2]), set(listed[2:])) == ({user, colleague}, {gone, also_gone})

    async def test_a_conversation_is_visible_to_its_members_or_to_everyone_when_public(self, acme: Company) -> None:
        member, other = acme.user(), acme.user()
        private = acme.conversation(member, name=acme.topic)
        public = acme.conversation(name=acme.topic, public=True)
        await acme.arrive()
        assert await acme.finds(member) == {private, public}
        assert await acme.finds(other) == {public}

    async def test_a_department_is_visible_to_its_tenant(self, acme: Company) -> None:
        user = acme.user()
        department = acme.department(name=acme.topic)
        await acme.arrive()
        assert await acme.finds(user) == {department}

    async def test_the_kinds_are_told_apart(self, acme: Company) -> None:
        user = acme.user(acme.topic)
        expected = {
            user: "user",
            acme.department(name=acme.topic): "department",
            acme.conversation(user, name=acme.topic): "conversation",
        }
        await acme.arrive()
        hits = (await acme.search(user))["hits"]
        assert {hit["vertical"] for hit in hits} == {"contacts"}
        assert {hit["id"]: hit["fields"]["kind"] for hit in hits} == expected

    async def test_ids_of_different_kinds_may_be_the_same(self, acme: Company) -> None:
        user, same = acme.user(), acme.name("x")
        acme.user(acme.topic, id=same, visible_to=[])
        acme.department(name=acme.topic, id=same)
        acme.conversation(name=acme.topic, id=same)
        await acme.arrive()
        [hit] = (await acme.search(user))["hits"]
        assert (hit["id"], hit["fields"]["kind"]) == (same, "department")


class TestDirectConversations:
    async def test_each_side_reads_the_other_s_name_over_it(self, acme: Company) -> None:
        one, two = acme.user("张三"), acme.user("李四")
        acme.message(acme.conversation(one, two, kind="direct", name=None))
        await acme.arrive()
        assert [hit["title"] for hit in (await acme.search(one))["hits"]] == ["李四"]
        assert [hit["title"] for hit in (await acme.search(two))["hits"]] == ["张三"]

    async def test_it_has_no_name_of_its_own(self, acme: Company) -> None:
        """What a producer put there may be anyone's name; the other person's is looked up."""
        one, two = acme.user("张三"), acme.user("李四", visible_to=[])
        acme.message(acme.conversation(one, two, kind="direct", name="张三与李四"))
        await acme.arrive()
        assert [hit["title"] for hit in (await acme.search(one))["hits"]] == [""]

    async def test_the_name_of_an_invisible_person_is_not_told(self, acme: Company) -> None:
        one = acme.user("张三")
        hidden = acme.user("李四", visible_to=["group:hr"])
        room = acme.conversation(one, hidden, kind="direct", name=None)
        acme.message(room, sender_id=hidden)
        acme.message(acme.conversation(one, "gone", kind="direct", name=None), sender_id="gone")
        await acme.arrive()
        hits = (await acme.search(one))["hits"]
        assert [(hit["title"], hit["fields"].get("sender_name")) for hit in hits] == [("", None), ("", None)]

    async def test_a_third_party_finds_nothing_of_it(self, acme: Company) -> None:
        one, two, third = acme.user("张三"), acme.user("李四"), acme.user("王五")
        room = acme.conversation(one, two, kind="direct", name=None)
        acme.message(room)
        await acme.arrive()
        assert await acme.finds(third) == set()
        assert room not in await acme.finds(third, "type:direct")
        assert room in await acme.finds(one, "type:direct")


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

    async def test_operators_need_no_module_of_the_contacts(self, strict: Company) -> None:
        user = strict.user("孙悟空")
        strict.role([MESSAGES], user)
        said = strict.message(strict.conversation(user), sender_id=user)
        await strict.arrive()
        assert await strict.finds(user, f"from:孙悟空 {strict.topic}") == {said}


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


class TestWhatMayNotBeSeenAnswersLikeWhatIsNotThere:
    async def test_people_named_by_from(self, acme: Company) -> None:
        user = acme.user()
        hidden = acme.user("欧阳锋", visible_to=[])
        acme.message(acme.conversation(user), sender_id=hidden)
        acme.doc(hidden, allow=["tenant:*"])
        await acme.arrive()
        none = await acme.answers_alike(
            user,
            *({"q": acme.topic, "from": who, "echo": who} for who in ("欧阳锋", "欧阳甲", "ouyangfeng", hidden, "nil")),
        )
        assert b'"hits":[]' in none
        await acme.answers_alike(
            user, *({"q": f"from:{who} {acme.topic}", "echo": who} for who in ("欧阳锋", "欧阳甲", hidden, "nil"))
        )
        everything = await acme.finds(user)
        for who in ("欧阳锋", "欧阳甲"):
            assert await acme.finds(user, f"-from:{who} {acme.topic}") == everything

    async def test_conversations_named_by_in(self, acme: Company) -> None:
        user, member = acme.user(), acme.user()
        secret = acme.conversation(member, name="金融风控绝密群")
        acme.message(secret)
        acme.message(acme.conversation(user))
        await acme.arrive()
        for ask in ({"q": acme.topic, "conversation": "{}"}, {"q": "in:{} " + acme.topic}, {"q": "in:{}"}):
            await acme.answers_alike(
                user,
                *(
                    {**{name: text.format(which) for name, text in ask.items()}, "echo": which}
                    for which in ("金融风控绝密群", "金融风控甲乙群", secret, "nil")
                ),
            )
        assert len(await acme.finds(member, f"in:金融风控绝密群 {acme.topic}")) == 1

    async def test_an_invisible_namesake_changes_nothing(self, acme: Company) -> None:
        user = acme.user()
        seen, hidden = acme.user("令狐冲"), acme.user("令狐冲", visible_to=[])
        room = acme.conversation(user)
        said = acme.message(room, sender_id=seen)
        acme.message(room, sender_id=hidden)
        await acme.arrive()
        assert await acme.finds(user, f"from:令狐冲 {acme.topic}") == {said}

    async def test_two_companies_that_differ_only_in_what_is_hidden(self, acme: Company, strict: Company) -> None:
        """The same caller, the same visible things: the same answers, page by page, but for the ids of the tenants."""
        strict.topic = acme.topic
        for company, has_secrets in ((acme, False), (strict, True)):
            mark = company.topic
            user = company.user(id=f"{mark}-user")
            company.role(kit.ALL_MODULES, user, id=f"{mark}-role")
            room = company.conversation(user, id=f"{mark}-room", name="大厅")
            for number in range(6):
                company.message(room, f"{mark} 公开 {number}", id=f"{mark}-{number}")
                company.doc("someone", f"{mark} 方案 {number}", id=f"{mark}-{number}", allow=["tenant:*"])
            if has_secrets:
                for number in range(7):
                    company.message(company.conversation(), f"{mark} 公开 {number}")
                    company.doc("someone", f"{mark} 方案 {number}")
                    company.app(allow=[])
                    company.user(mark, visible_to=[])
                    company.conversation("someone", name=mark)
            await company.arrive()
        told = []
        for company in (acme, strict):
            params: dict[str, object] = {"q": company.topic, "limit": 4, "sort": "newest"}
            pages = []
            while True:
                response = await company.api.get(f"{acme.topic}-user", tenant=company.tenant, **params)
                pages.append(apikit.told(response))
                if not (cursor := response.json()["cursor"]):
                    break
                params["cursor"] = cursor
            told.append(pages)
        assert told[0] == told[1]
