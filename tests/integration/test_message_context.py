"""The surroundings of a message: in order, under the message's own rules, and nothing to be told of the rest."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import apikit
import kit
import pytest
from apikit import LONG_AGO, Api, Company
from opensearchpy import AsyncOpenSearch

BEGIN = datetime(2026, 3, 2, 9, tzinfo=UTC)


def at(minute: float) -> str:
    return (BEGIN + timedelta(minutes=minute)).isoformat().replace("+00:00", "Z")


async def asked(company: Company, user: str, id: str, **params: Any) -> Any:
    return await company.api.get(user, f"/v1/messages/{id}/context", tenant=company.tenant, **params)


async def around(company: Company, user: str, id: str, **params: Any) -> dict[str, Any]:
    response = await asked(company, user, id, **params)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def ids(answer: dict[str, Any]) -> tuple[list[str], str, list[str]]:
    """What stands before, the message, what stands after."""
    return [one["id"] for one in answer["before"]], answer["message"]["id"], [one["id"] for one in answer["after"]]


def more(answer: dict[str, Any]) -> tuple[bool, bool]:
    return answer["has_more_before"], answer["has_more_after"]


async def missing(company: Company, user: str, *messages: str) -> bytes:
    """What `user` is told of each of these: 404, byte for byte the same."""
    answers = [await asked(company, user, id) for id in (*messages, "m-no-such-message")]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1, answers
    content: bytes = answers[0].content
    return content


def talk(acme: Company, room: str, count: int, **more: Any) -> list[str]:
    """So many messages, a minute apart."""
    return [acme.message(room, f"第{number}句", sent_at=at(number), **more) for number in range(count)]


@pytest.fixture
async def unrefreshed(acme: Company, engine: AsyncOpenSearch) -> AsyncIterator[None]:
    async with apikit.unrefreshed(engine, f"messages.{acme.tenant}"):
        yield


class TestOrder:
    async def test_those_around_it_oldest_first_five_of_each_unless_asked_otherwise(self, acme: Company) -> None:
        me = acme.user()
        said = talk(acme, acme.conversation(me), 30)
        await acme.arrive()
        answer = await around(acme, me, said[15])
        assert ids(answer) == (said[10:15], said[15], said[16:21])
        assert more(answer) == (True, True)
        answer = await around(acme, me, said[15], before=2, after=0)
        assert ids(answer) == (said[13:15], said[15], [])
        assert more(answer) == (True, True)

    @pytest.mark.parametrize(("place", "counts"), [(0, (0, 5)), (1, (1, 5)), (5, (5, 5)), (28, (5, 1)), (29, (5, 0))])
    async def test_the_ends_of_a_conversation_are_told(
        self, acme: Company, place: int, counts: tuple[int, int]
    ) -> None:
        me = acme.user()
        said = talk(acme, acme.conversation(me), 30)
        await acme.arrive()
        answer = await around(acme, me, said[place])
        assert (len(answer["before"]), len(answer["after"])) == counts
        assert more(answer) == (place > 5, place < 24)

    async def test_the_most_is_twenty_of_each(self, acme: Company) -> None:
        me = acme.user()
        said = talk(acme, acme.conversation(me), 60)
        await acme.arrive()
        assert ids(await around(acme, me, said[30], before=20, after=20)) == (said[10:30], said[30], said[31:51])
        for wrong in ({"before": 21}, {"after": 21}, {"before": -1}, {"after": "x"}, {"limit": 3}):
            assert (await asked(acme, me, said[30], **wrong)).status_code == 422

    async def test_what_was_said_at_one_time_goes_by_id(self, acme: Company) -> None:
        me = acme.user()
        room = acme.conversation(me)
        same = sorted(acme.message(room, id=f"{acme.topic}-{number:02}", sent_at=at(1)) for number in range(80))
        first, last = acme.message(room, sent_at=at(0)), acme.message(room, sent_at=at(2))
        await acme.arrive()
        assert ids(await around(acme, me, same[40], before=20, after=20)) == (same[20:40], same[40], same[41:61])
        assert ids(await around(acme, me, same[1])) == ([first, same[0]], same[1], same[2:7])
        assert ids(await around(acme, me, last)) == (same[-5:], last, [])
        assert more(await around(acme, me, same[0], before=1)) == (False, True)

    async def test_other_conversations_are_others(self, acme: Company) -> None:
        me = acme.user()
        one, other = acme.conversation(me), acme.conversation(me)
        said = talk(acme, one, 3)
        talk(acme, other, 3)
        await acme.arrive()
        answer = await around(acme, me, said[1])
        assert ids(answer) == ([said[0]], said[1], [said[2]])
        assert more(answer) == (False, False)


class TestShown:
    async def test_texts_are_whole_and_plain_and_fields_are_those_of_hits(self, acme: Company) -> None:
        me = acme.user("陈晨")
        room = acme.conversation(me, name="平台 <周会>", archived=True)
        long = "长" * 5000
        message = acme.message(room, f"{acme.topic} 一 & <b>\n二", sender_id=me, sent_at=at(0))
        file = acme.message(room, long, sender_id="stranger", sent_at=at(1), attachments=[{"name": "a.pdf"}])
        await acme.arrive()
        answer = await around(acme, me, message)
        [hit] = (await acme.search(me))["hits"]
        assert answer["message"]["snippet"] == f"{acme.topic} 一 &amp; &lt;b&gt;\n二"
        assert answer["message"]["fields"] == hit["fields"]
        assert hit["fields"]["sender_name"] == "陈晨"
        assert hit["fields"]["archived"] is True
        assert answer["title"] == hit["title"] == "平台 &lt;周会&gt;"
        [after] = answer["after"]
        assert after["id"] == file
        assert after["snippet"] == long[:4000] + "…"
        assert "sender_name" not in after["fields"]
        assert after["fields"]["attachments"] == [{"name": "a.pdf"}]

    async def test_a_direct_conversation_is_called_by_its_other_side(self, acme: Company) -> None:
        me, friend = acme.user("陈晨"), acme.user("李然")
        room = acme.conversation(me, friend, kind="direct", name=None)
        said = acme.message(room, sender_id=friend)
        await acme.arrive()
        assert (await around(acme, me, said))["title"] == "李然"
        assert (await around(acme, friend, said))["title"] == "陈晨"

    async def test_a_hidden_sender_has_no_name(self, acme: Company) -> None:
        me, hidden = acme.user(), acme.user("王芳", visible_to=[])
        said = acme.message(acme.conversation(me), sender_id=hidden)
        await acme.arrive()
        assert "sender_name" not in (await around(acme, me, said))["message"]["fields"]

    async def test_no_zone_of_anybody_s_changes_it(self, acme: Company) -> None:
        me = acme.user()
        room = acme.conversation(me)
        times = ["2026-03-02T01:00:00+08:00", "2026-03-01T17:30:00Z", "2026-03-01T10:00:00-08:00"]
        said = [acme.message(room, sent_at=time) for time in times]
        await acme.arrive()
        answer = await around(acme, me, said[1])
        assert ids(answer) == ([said[0]], said[1], [said[2]])
        assert answer["message"]["fields"]["sent_at"] == times[1]


class TestAccess:
    async def test_what_was_said_before_one_joined_is_not_there(self, acme: Company) -> None:
        late, old = acme.user(), acme.user()
        room = acme.conversation(history="since_join")
        acme.member(f"conversation:{room}", late, since=at(10))
        acme.member(f"conversation:{room}", old, since=LONG_AGO)
        said = talk(acme, room, 20)
        await acme.arrive()
        answer = await around(acme, late, said[12])
        assert ids(answer) == (said[10:12], said[12], said[13:18])
        assert more(answer) == (False, True)
        assert more(await around(acme, late, said[10], before=0)) == (False, True)
        await missing(acme, late, said[9])
        assert ids(await around(acme, old, said[12])) == (said[7:12], said[12], said[13:18])

    async def test_whoever_left_sees_nothing_and_at_once(self, acme: Company, unrefreshed: None) -> None:
        me = acme.user()
        room = acme.conversation(me)
        said = talk(acme, room, 3)
        await acme.arrive()
        assert ids(await around(acme, me, said[1]))[1] == said[1]
        acme.leave(f"conversation:{room}", me)
        await acme.arrive_unrefreshed()
        await missing(acme, me, *said)

    async def test_a_public_conversation_is_read_whole_until_it_is_shut(self, acme: Company, unrefreshed: None) -> None:
        me = acme.user()
        room = acme.conversation(public=True, history="since_join")
        said = talk(acme, room, 3)
        await acme.arrive()
        assert ids(await around(acme, me, said[1])) == ([said[0]], said[1], [said[2]])
        acme.conversation(id=room)
        await acme.arrive_unrefreshed()
        await missing(acme, me, *said)

    async def test_recalled_neighbours_are_gone_before_any_refresh(self, acme: Company, unrefreshed: None) -> None:
        me = acme.user()
        said = talk(acme, acme.conversation(me), 60)
        await acme.arrive()
        for gone in (*said[:28], *said[29:30], *said[31:55]):
            acme.delete("message", gone)
        await acme.arrive_unrefreshed()
        answer = await around(acme, me, said[30])
        assert ids(answer) == ([said[28]], said[30], said[55:])
        assert more(answer) == (False, False)
        assert more(await around(acme, me, said[30], before=0, after=4)) == (True, True)
        await missing(acme, me, said[29])

    async def test_hidden_is_as_missing_byte_for_byte(self, acme: Company, strict: Company) -> None:
        me, insider = acme.user(), acme.user()
        hidden = acme.message(acme.conversation(insider))
        mine = acme.conversation(me)
        recalled, orphan = acme.message(mine), acme.message("c-unknown-to-all")
        acme.delete("message", recalled)
        theirs = strict.user()
        strict.role(kit.ALL_MODULES, theirs)
        elsewhere = strict.message(strict.conversation(theirs))
        await acme.arrive()
        await strict.arrive()
        assert ids(await around(strict, theirs, elsewhere))[1] == elsewhere
        malformed = ("m:1", "*", "_all", "搜索", "x" * 129, "x" * 600, "a b", "a,b", f"messages.{strict.tenant}")
        told = await missing(acme, me, hidden, recalled, orphan, elsewhere, *malformed)
        assert b"no such message" in told
        wider = [(await asked(acme, me, id, before=20, after=0)).content for id in (hidden, recalled, "m-none")]
        assert {*wider} == {told}

    async def test_the_same_ids_in_another_tenant_are_other_messages(self, acme: Company, strict: Company) -> None:
        answers = []
        for company in (acme, strict):
            user = company.user(id="u-around")
            company.role(kit.ALL_MODULES, user, id="around")
            room = company.conversation(user, id="c-around", name=company.tenant)
            for number in range(3 if company is acme else 2):
                company.message(room, company.tenant, id=f"m-around-{number}", sent_at=at(number))
            await company.arrive()
        for company in (acme, strict):
            answer = await around(company, "u-around", "m-around-1")
            answers.append(ids(answer))
            assert answer["title"] == company.tenant
            assert {one["snippet"] for one in (*answer["before"], answer["message"])} == {company.tenant}
        assert answers[0][2] == ["m-around-2"]
        assert answers[1][2] == []

    async def test_it_needs_the_module_and_a_scoped_one_gives_no_message(self, strict: Company) -> None:
        team = strict.department()
        without, scoped, whole = (strict.user(department_ids=[team]) for _ in range(3))
        strict.role(["search.contacts"], without)
        strict.role(["search.messages"], scoped, department_ids=[team])
        strict.role(["search.messages"], whole)
        said = strict.message(strict.conversation(without, scoped, whole))
        await strict.arrive()
        assert ids(await around(strict, whole, said))[1] == said
        refusals: Sequence[Any] = [await asked(strict, without, id) for id in (said, "m-no-such-message", "m:1")]
        assert {(one.status_code, one.content) for one in refusals} == {(403, refusals[0].content)}
        await missing(strict, scoped, said)

    async def test_a_stranger_is_refused_whatever_the_id(self, acme: Company, api: Api) -> None:
        assert (await asked(acme, "nobody-knows-me", "m-1")).status_code == 403
        assert (await api.http.get("/v1/messages/m-1/context")).status_code == 401
