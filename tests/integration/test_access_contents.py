"""Who may see which messages, docs, apps and contacts: the contract's rules 4 to 6, each end to end."""

from __future__ import annotations

import apikit
import kit
import pytest
from apikit import LONG_AGO, Api, Company, hours
from opensearchpy import AsyncOpenSearch

from search.core.streams.port import Broker

CONTACTS = "search.contacts"


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
        self, api: Api, broker: Broker, engine: AsyncOpenSearch
    ) -> None:
        few = Company(api, broker, engine, tenant="few")
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
                # Each at a time of its own: among equals the order is the engine's, which may place them otherwise.
                said, written = (f"2026-03-{day:02}T09:15:04Z" for day in (10 + number, 20 + number))
                company.message(room, f"{mark} 公开 {number}", id=f"{mark}-{number}", sent_at=said)
                company.doc(
                    "someone", f"{mark} 方案 {number}", id=f"{mark}-{number}", allow=["tenant:*"], updated_at=written
                )
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
