"""Whatever takes access away counts as soon as it is written: here no index is ever refreshed in between."""

from __future__ import annotations

from collections.abc import Callable

import kit
import pytest
from apikit import LONG_AGO, Api, Company
from opensearchpy import AsyncOpenSearch

from search.core.streams.port import Broker


@pytest.fixture(scope="module")
async def never_refreshed(api: Api, broker: Broker, engine: AsyncOpenSearch) -> None:
    """One of everything, so that every index is there; from now on only `arrive` refreshes them."""
    company = Company(api, broker, engine)
    company.role(kit.ALL_MODULES, id="default")
    user = company.user()
    company.message(company.conversation(user))
    company.doc(user)
    company.app()
    await company.arrive()
    await engine.indices.put_settings(index="*-000001-acme", body={"index": {"refresh_interval": "-1"}})


@pytest.fixture
def acme(never_refreshed: None, api: Api, broker: Broker, engine: AsyncOpenSearch) -> Company:
    return Company(api, broker, engine)


async def gone_at_once(
    acme: Company, user: str, revoke: Callable[[], object], left: frozenset[str] = frozenset()
) -> None:
    """What `revoke` says leaves `user` with `left`, in hits and totals, before any refresh and after it."""
    assert await acme.finds(user) > left
    revoke()
    await acme.arrive_unrefreshed()
    assert await acme.finds(user) == left
    await acme.arrive()
    assert await acme.finds(user) == left


async def gone_at_once_by(acme: Company, user: str, query: str, change: Callable[[], object]) -> None:
    """The same of what one query finds."""
    assert await acme.finds(user, query)
    change()
    await acme.arrive_unrefreshed()
    assert await acme.finds(user, query) == set()
    await acme.arrive()
    assert await acme.finds(user, query) == set()


async def is_stale(engine: AsyncOpenSearch, index: str, id: str) -> bool:
    """Whether a search still sees an older version than there is."""
    found = await engine.search(index=index, body={"query": {"ids": {"values": [id]}}, "version": True})
    now = await engine.get(index=index, id=id)
    return bool(found["hits"]["hits"][0]["_version"] < now["_version"])


class TestMemberships:
    @pytest.mark.parametrize("history", ["all", "since_join"])
    async def test_a_conversation_is_left(self, acme: Company, history: str) -> None:
        user = acme.user()
        room = acme.conversation(name=acme.topic, history=history)
        acme.member(f"conversation:{room}", user, since=LONG_AGO)
        acme.message(room)
        acme.doc("someone", allow=[f"conversation:{room}"])
        await acme.arrive()
        await gone_at_once(acme, user, lambda: acme.leave(f"conversation:{room}", user))

    @pytest.mark.parametrize("kind", ["folder", "group", "role"])
    async def test_another_scope_is_left(self, acme: Company, kind: str) -> None:
        user = acme.user()
        scope = f"{kind}:{acme.role() if kind == 'role' else acme.name('s')}"
        acme.member(scope, user)
        acme.doc("someone", allow=[scope])
        acme.app(allow=[scope])
        acme.user(acme.topic, visible_to=[scope])
        await acme.arrive()
        await gone_at_once(acme, user, lambda: acme.leave(scope, user))

    async def test_a_group_leaves_the_conversation(self, acme: Company) -> None:
        user, group = acme.user(), f"group:{acme.name('g')}"
        acme.member(group, user)
        room = acme.conversation(group, name=acme.topic)
        acme.message(room)
        await acme.arrive()
        await gone_at_once(acme, user, lambda: acme.leave(f"conversation:{room}", group))

    async def test_a_membership_gets_an_end_in_the_past(self, acme: Company) -> None:
        user = acme.user()
        room = acme.conversation(user)
        acme.message(room)
        await acme.arrive()
        await gone_at_once(acme, user, lambda: acme.member(f"conversation:{room}", user, until=LONG_AGO))

    async def test_a_late_joiner_s_time_is_corrected(self, acme: Company) -> None:
        user = acme.user()
        room = acme.conversation(user, history="since_join")
        acme.message(room, sent_at="2026-03-01T00:00:00Z")
        later = acme.message(room, sent_at="2026-03-03T00:00:00Z")
        await acme.arrive()
        scope = f"conversation:{room}"
        await gone_at_once(
            acme, user, lambda: acme.member(scope, user, since="2026-03-02T00:00:00Z"), frozenset({later})
        )


class TestConversations:
    async def test_made_private(self, acme: Company) -> None:
        user = acme.user()
        room = acme.conversation(public=True, name=acme.topic)
        acme.message(room)
        await acme.arrive()
        await gone_at_once(acme, user, lambda: acme.conversation(id=room, name=acme.topic))

    async def test_deleted(self, acme: Company) -> None:
        user = acme.user()
        room = acme.conversation(user, name=acme.topic)
        acme.message(room)
        acme.doc("someone", allow=[f"conversation:{room}"])
        await acme.arrive()
        await gone_at_once(acme, user, lambda: acme.delete("conversation", room))

    async def test_its_history_closed_to_late_joiners(self, acme: Company) -> None:
        user = acme.user()
        room = acme.conversation()
        acme.member(f"conversation:{room}", user, since="2026-03-02T00:00:00Z")
        acme.message(room, sent_at="2026-03-01T00:00:00Z")
        later = acme.message(room, sent_at="2026-03-03T00:00:00Z")
        await acme.arrive()
        await gone_at_once(acme, user, lambda: acme.conversation(id=room, history="since_join"), frozenset({later}))

    @pytest.mark.parametrize("typed", ["旧称白鹭", "jiuchengbailu", "jcbl"])
    async def test_renamed_it_is_not_meant_by_its_old_name(self, acme: Company, typed: str) -> None:
        user = acme.user()
        room = acme.conversation(user, name="旧称白鹭")
        acme.message(room)
        await acme.arrive()
        await gone_at_once_by(
            acme, user, f"{acme.topic} in:{typed}", lambda: acme.conversation(id=room, name="新称青山")
        )


class TestMessages:
    async def test_recalled(self, acme: Company, engine: AsyncOpenSearch) -> None:
        user = acme.user()
        room = acme.conversation(user)
        said, kept = acme.message(room), acme.message(room)
        await acme.arrive()
        acme.delete("message", said)
        await acme.arrive_unrefreshed()
        assert await is_stale(engine, "messages.acme", said)
        assert await acme.finds(user) == {kept}

    @pytest.mark.parametrize(
        ("old", "new", "query"),
        [
            ("奖金翻倍", "会议改期", "奖金翻倍"),
            ("奖金翻倍", "会议改期", '"奖金翻倍"'),
            ("工资三百万已到账", "工资已到账", "工资三百万"),
            ("工资三百万已到账", "工资已到账", "工资 三百万"),
            ("工资三百万已到账", "工资已到账，别声张", '工资 "三百万"'),
            ("工资三百万已到账", "工资，三万，百里", '"三百万"'),
            ("salary raised to 300", "salary raised", "salary raised to 300"),
            ("工资已到账", "工资已到账，机密", "工资 -机密"),
        ],
    )
    async def test_edited_it_is_not_found_by_its_old_text(
        self, acme: Company, engine: AsyncOpenSearch, old: str, new: str, query: str
    ) -> None:
        user = acme.user()
        room = acme.conversation(user, id=f"{acme.topic}-room")
        said = acme.message(room, old)
        await acme.arrive()
        assert await acme.finds(user, query, conversation=room) == {said}
        acme.message(room, new, id=said)
        await acme.arrive_unrefreshed()
        assert await is_stale(engine, "messages.acme", said)
        assert await acme.finds(user, query, conversation=room) == set()
        await acme.arrive()
        assert await acme.finds(user, query, conversation=room) == set()

    async def test_edited_it_shows_its_new_text_where_that_matches_too(self, acme: Company) -> None:
        user = acme.user()
        said = acme.message(acme.conversation(user, id=f"{acme.topic}-room"), f"{acme.topic} 旧")
        await acme.arrive()
        acme.message(f"{acme.topic}-room", f"{acme.topic} 新", id=said)
        await acme.arrive_unrefreshed()
        [hit] = (await acme.search(user))["hits"]
        assert hit["snippet"] == f"<em>{acme.topic}</em> 新"

    async def test_a_file_taken_out_is_not_found_by_has(self, acme: Company) -> None:
        user = acme.user()
        room = acme.conversation(user)
        said = acme.message(room, attachments=[{"name": "a.pdf"}])
        await acme.arrive()
        acme.message(room, id=said)
        await acme.arrive_unrefreshed()
        assert await acme.finds(user, f"{acme.topic} has:file") == set()
        assert await acme.finds(user) == {said}


class TestDocsAndApps:
    @pytest.mark.parametrize(
        "change", [{"allow": []}, {"allow": ["tenant:*"], "deny": ["tenant:*"]}], ids=["allow", "deny"]
    )
    @pytest.mark.parametrize("kind", ["doc", "app"])
    async def test_narrowed(
        self, acme: Company, engine: AsyncOpenSearch, kind: str, change: dict[str, list[str]]
    ) -> None:
        user = acme.user()
        thing = acme.doc("someone", allow=["tenant:*"]) if kind == "doc" else acme.app()
        await acme.arrive()
        if kind == "doc":
            acme.doc("someone", id=thing, **change)
        else:
            acme.app(id=thing, **change)
        await acme.arrive_unrefreshed()
        assert await is_stale(engine, f"{kind}s.acme", thing)
        assert await acme.finds(user) == set()

    async def test_moved_to_another_folder(self, acme: Company) -> None:
        user, folder = acme.user(), acme.name("s")
        acme.member(f"folder:{folder}", user)
        doc = acme.doc("someone", folder_id=folder)
        await acme.arrive()
        await gone_at_once(acme, user, lambda: acme.doc("someone", id=doc, folder_id="another"))

    async def test_given_to_another_owner(self, acme: Company) -> None:
        user = acme.user()
        doc = acme.doc(user)
        await acme.arrive()
        await gone_at_once(acme, user, lambda: acme.doc("someone", id=doc))

    async def test_deleted(self, acme: Company) -> None:
        user = acme.user()
        doc, app = acme.doc(user), acme.app()
        await acme.arrive()
        await gone_at_once(acme, user, lambda: acme.delete("doc", doc), frozenset({app}))
        acme.delete("app", app)
        await acme.arrive_unrefreshed()
        assert await acme.finds(user) == set()

    async def test_a_doc_leaves_the_departments_of_a_role(self, acme: Company) -> None:
        department = acme.department()
        user = acme.user()
        role = f"role:{acme.role([], user, department_ids=[department])}"
        doc = acme.doc("someone", allow=[role], department_ids=[department])
        await acme.arrive()
        await gone_at_once(acme, user, lambda: acme.doc("someone", id=doc, allow=[role]))

    async def test_a_renamed_doc_is_not_found_by_its_old_title(self, acme: Company) -> None:
        user = acme.user()
        doc = acme.doc(user, f"{acme.topic}")
        await acme.arrive()
        await gone_at_once(acme, user, lambda: acme.doc(user, "别的", id=doc))


class TestPeople:
    async def test_disabled_or_deleted_they_are_answered_no_more(self, acme: Company) -> None:
        disabled, deleted = acme.user(), acme.user()
        await acme.arrive()
        assert {await acme.status(user) for user in (disabled, deleted)} == {200}
        acme.user(id=disabled, status="disabled")
        acme.delete("user", deleted)
        await acme.arrive_unrefreshed()
        assert {await acme.status(user) for user in (disabled, deleted)} == {403}

    async def test_hidden_by_visible_to(self, acme: Company) -> None:
        user, other = acme.user(), acme.user(acme.topic)
        await acme.arrive()
        await gone_at_once(acme, user, lambda: acme.user(acme.topic, id=other, visible_to=[]))

    async def test_hidden_their_name_stands_over_nothing(self, acme: Company) -> None:
        user, other = acme.user(), acme.user("司马懿")
        acme.message(acme.conversation(user, other, kind="direct", name=None), sender_id=other)
        await acme.arrive()
        acme.user("司马懿", id=other, visible_to=[])
        await acme.arrive_unrefreshed()
        [hit] = (await acme.search(user))["hits"]
        assert (hit["title"], "sender_name" in hit["fields"]) == ("", False)
        assert await acme.finds(user, f"{acme.topic} from:司马懿") == set()

    async def test_renamed_they_are_called_by_their_new_name(self, acme: Company) -> None:
        user, other = acme.user(), acme.user("诸葛亮")
        acme.message(acme.conversation(user, other, kind="direct", name=None), sender_id=other)
        await acme.arrive()
        acme.user("诸葛孔明", id=other)
        await acme.arrive_unrefreshed()
        [hit] = (await acme.search(user))["hits"]
        assert (hit["title"], hit["fields"]["sender_name"]) == ("诸葛孔明", "诸葛孔明")

    async def test_one_found_by_pinyin_stays_found_when_only_the_title_changes(self, acme: Company) -> None:
        user, other = acme.user(), acme.user("皇甫嵩", english_name=acme.topic)
        await acme.arrive()
        acme.user("皇甫嵩", id=other, english_name=acme.topic, title="将军")
        await acme.arrive_unrefreshed()
        for query in ("huangfusong", "hfs", "皇甫", acme.topic):
            assert await acme.finds(user, query) == {other}

    async def test_moved_to_another_department(self, acme: Company) -> None:
        one, two = acme.department(), acme.department()
        user = acme.user(department_ids=[one])
        acme.doc("someone", allow=[f"department:{one}"])
        await acme.arrive()
        await gone_at_once(acme, user, lambda: acme.user(id=user, department_ids=[two]))

    async def test_their_department_moved_or_deleted(self, acme: Company) -> None:
        top = acme.department()
        below = acme.department(top)
        user = acme.user(department_ids=[below])
        acme.doc("someone", allow=[f"department:{top}"])
        mine = acme.doc("someone", allow=[f"department:{below}"])
        await acme.arrive()
        await gone_at_once(acme, user, lambda: acme.department(id=below), frozenset({mine}))
        acme.delete("department", below)
        await acme.arrive_unrefreshed()
        assert await acme.finds(user) == set()


class TestRoles:
    async def test_a_module_taken_away(self, api: Api, broker: Broker, engine: AsyncOpenSearch) -> None:
        strict = Company(api, broker, engine, tenant="strict")
        user = strict.user()
        role = strict.role(kit.ALL_MODULES, user)
        strict.doc(user)
        await strict.arrive()
        assert (await strict.search(user))["denied"] == []
        strict.role(["search.apps"], id=role)
        await strict.arrive_unrefreshed()
        answer = await strict.search(user)
        assert (answer["denied"], answer["hits"]) == (["contacts", "docs", "messages"], [])

    async def test_narrowed_to_departments(self, acme: Company) -> None:
        user = acme.user()
        role = acme.role([], user)
        acme.doc("someone", allow=[f"role:{role}"])
        await acme.arrive()
        await gone_at_once(acme, user, lambda: acme.role([], id=role, department_ids=["elsewhere"]))

    async def test_deleted(self, acme: Company) -> None:
        user = acme.user()
        role = acme.role([], user)
        acme.doc("someone", allow=[f"role:{role}"])
        await acme.arrive()
        await gone_at_once(acme, user, lambda: acme.delete("role", role))


async def test_a_revoked_hit_leaves_no_gap_on_its_page(acme: Company) -> None:
    user = acme.user()
    room = acme.conversation(user)
    said = [acme.message(room, sent_at=f"2026-03-02T09:00:{second:02d}Z") for second in range(12)]
    await acme.arrive()
    for id in said[6:]:
        acme.delete("message", id)
    await acme.arrive_unrefreshed()
    answer = await acme.search(user, limit=5, sort="newest")
    assert [hit["id"] for hit in answer["hits"]] == said[5:0:-1]
    last = await acme.search(user, limit=5, sort="newest", cursor=answer["cursor"])
    assert [hit["id"] for hit in last["hits"]] == said[:1]
