"""The search of one conversation, and of one person's, by id: an id means the one whose it is, if it may be seen."""

from __future__ import annotations

import pytest
from apikit import Company


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("group", {}),
        ("channel", {}),
        ("direct", {"name": None}),
        ("group", {"name": None}),
        ("group", {"archived": True}),
        ("group", {"history": "since_join"}),
        ("channel", {"public": True}),
    ],
)
async def test_by_its_id_alone(acme: Company, kind: str, more: dict[str, object]) -> None:
    me, other = acme.user(), acme.user()
    members = () if more.get("public") else (me, other)
    room = acme.conversation(*members, kind=kind, **more)
    inside = {acme.message(room), acme.message(room, f"{acme.topic} 二")}
    acme.message(acme.conversation(me))
    acme.doc(me)
    await acme.arrive()
    assert await acme.finds(me, conversation=room) == inside
    assert await acme.finds(me, "", conversation=room) == inside
    assert await acme.finds(me, f"{acme.topic} in:{room}") == inside


async def test_one_that_may_not_be_seen_is_as_one_that_is_not_there(acme: Company, strict: Company) -> None:
    me, insider = acme.user(), acme.user()
    hidden, left, gone = acme.conversation(insider), acme.conversation(me), acme.conversation(me)
    elsewhere = strict.conversation(strict.user())
    for room in (hidden, left, gone):
        acme.message(room)
    acme.leave(f"conversation:{left}", me)
    acme.delete("conversation", gone)
    await acme.arrive()
    await strict.arrive()
    rooms = (hidden, left, gone, elsewhere, "c-no-such-conversation")
    for parameters in ({}, {"verticals": "messages"}, {"sort": "newest"}):
        told = await acme.answers_alike(
            me, *({"q": acme.topic, "conversation": room, "echo": room, **parameters} for room in rooms)
        )
        assert b'"hits":[]' in told
        await acme.answers_alike(me, *({"q": f"{acme.topic} in:{room}", "echo": room, **parameters} for room in rooms))


class TestAnIdIsNobodyElses:
    @pytest.mark.parametrize("as_", ["name", "employee_no", "email", "english_name", "aliases"])
    async def test_though_others_are_called_by_it(self, acme: Company, as_: str) -> None:
        me = acme.user()
        meant = acme.user("张三")
        called = {"email": f"{meant}@acme.example", "aliases": [meant]}.get(as_, meant)
        other = acme.user(**({"name": called} if as_ == "name" else {as_: called}))
        room = acme.conversation(me)
        by_the_one, by_the_other = acme.message(room, sender_id=meant), acme.message(room, sender_id=other)
        await acme.arrive()
        for asked in ({"q": f"{acme.topic} from:{meant}"}, {"from_": meant}, {"q": f"{acme.topic} 发送人:@{meant}"}):
            assert await acme.finds(me, **asked) == {by_the_one}
        assert await acme.finds(me, from_=other) == {by_the_other}
        assert await acme.finds(me, f"{acme.topic} -from:{meant}", verticals="messages") == {by_the_other}

    async def test_several_values_are_each_what_they_are(self, acme: Company) -> None:
        me = acme.user()
        meant, named = acme.user("甲某"), acme.user(f"{acme.topic}乙")
        called_so = acme.user(meant)
        room = acme.conversation(me)
        said = [acme.message(room, sender_id=sender) for sender in (meant, named, called_so)]
        await acme.arrive()
        assert await acme.finds(me, f'{acme.topic} from:{meant} from:"{acme.topic}乙"', verticals="messages") == {
            *said[:2]
        }

    async def test_nor_a_conversation_s(self, acme: Company) -> None:
        me = acme.user()
        room = acme.conversation(me)
        other = acme.conversation(me, name=room)
        inside = acme.message(room)
        acme.message(other)
        await acme.arrive()
        assert await acme.finds(me, conversation=room) == {inside}
        assert await acme.finds(me, f"{acme.topic} in:{room}") == {inside}

    async def test_but_one_that_may_not_be_seen_is_a_name_like_any_other(self, acme: Company) -> None:
        me = acme.user()
        hidden = acme.user(visible_to=[])
        called_so = acme.user(hidden)
        room = acme.conversation(me)
        acme.message(room, sender_id=hidden)
        found = acme.message(room, sender_id=called_so)
        await acme.arrive()
        assert await acme.finds(me, from_=hidden) == {found}

    async def test_however_many_are_called_by_it(self, acme: Company) -> None:
        me, meant = acme.user(), acme.user("丙某")
        room = acme.conversation(me)
        for _ in range(210):
            acme.user(meant)
        said = acme.message(room, sender_id=meant)
        await acme.arrive()
        assert await acme.finds(me, from_=meant) == {said}


async def test_dates_are_those_of_the_zone_that_is_asked_for(acme: Company) -> None:
    me = acme.user()
    room = acme.conversation(me)
    early, late = (acme.message(room, sent_at=f"2026-03-01T{hour}:30:00Z") for hour in (15, 23))
    await acme.arrive()
    for asked in ({"after": "2026-03-02"}, {"q": f"{acme.topic} after:2026-03-02"}):
        assert await acme.finds(me, **asked) == {late}
        assert await acme.finds(me, **asked, timezone="Europe/Berlin") == {late}
        assert await acme.finds(me, **asked, timezone="America/New_York") == set()
        assert await acme.finds(me, **asked, timezone="Pacific/Kiritimati") == {early, late}
    response = await acme.api.get(me, q=acme.topic, timezone="Mars/Olympus")
    assert response.status_code == 400
    assert response.json()["detail"].startswith("timezone: 'Mars/Olympus': there is no such time zone; ")
    body = {"q": acme.topic, "after": "2026-03-02", "timezone": "Pacific/Kiritimati"}
    assert len((await acme.api.post(me, body)).json()["hits"]) == 2
