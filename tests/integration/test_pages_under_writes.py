"""Pages while the company goes on writing: nothing twice, nothing missing that stood there all the time."""

from __future__ import annotations

import itertools
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import kit
import pytest
from apikit import Api, Company, ids, unrefreshed
from opensearchpy import AsyncOpenSearch

from search.core.streams.port import Broker

ME = "u-me"
SAID = datetime(2026, 3, 2, tzinfo=UTC)
TENANT = "turning"


@pytest.fixture
async def company(api: Api, broker: Broker, engine: AsyncOpenSearch) -> Company:
    company = Company(api, broker, engine, tenant=TENANT)
    company.role(kit.ALL_MODULES, id="default")
    company.user("陈晨", id=ME)
    return company


class Writing:
    """Writes between pages: new things, edits of what was shown or not, and deletions; remembers what stood still."""

    def __init__(self, company: Company, seed: int) -> None:
        self.company = company
        self.chance = random.Random(seed)
        self.room = company.conversation(ME, name="大群")
        self.numbers = itertools.count()
        self.there: dict[str, str] = {}
        self.touched: set[str] = set()

    def text(self, long: int) -> str:
        return f"{self.company.topic} " + "方案 评审 预算 ".join(["", *("x" * self.chance.randrange(long),)] * 2)

    def at(self, minutes: int) -> str:
        return (SAID + timedelta(minutes=minutes)).isoformat()

    def begin(self) -> None:
        for _ in range(40):
            minutes = self.chance.randrange(20)
            self.there[self.company.message(self.room, self.text(30), sent_at=self.at(minutes))] = "message"
        for _ in range(20):
            self.there[self.company.doc(ME, self.text(9), body=self.text(99), updated_at=self.at(0))] = "doc"

    def go_on(self) -> None:
        for _ in range(self.chance.randrange(1, 6)):
            minutes = self.chance.choice([-100, 5, 100])
            self.company.message(self.room, self.company.topic, sent_at=self.at(minutes))
        self.company.doc(ME, self.company.topic)
        for id in self.chance.sample(sorted(self.there.keys() - self.touched), 2):
            self.touched.add(id)
            kind = self.there[id]
            if self.chance.random() < 0.5:
                self.company.delete(kind, id)
            elif kind == "doc":
                self.company.doc(ME, f"别的 {self.text(5)}", id=id, updated_at=self.at(200))
            else:
                self.company.message(self.room, self.text(5), id=id, sent_at=self.at(3))


@pytest.mark.parametrize("sort", ["relevance", "newest", "oldest"])
@pytest.mark.parametrize("seed", [1, 2])
async def test_nothing_comes_twice_and_what_stands_still_comes_once(company: Company, sort: str, seed: int) -> None:
    writing = Writing(company, seed)
    writing.begin()
    await company.arrive()
    shown: list[str] = []
    cursor: str | None = None
    while True:
        answer = await company.search(ME, sort=sort, limit=7, cursor=cursor)
        shown += ids(answer)
        if not (cursor := answer["cursor"]):
            break
        writing.go_on()
        await company.arrive()
    assert len(shown) == len(set(shown))
    assert writing.there.keys() - writing.touched <= set(shown)


async def test_new_messages_do_not_begin_the_second_page_of_the_newest(company: Company) -> None:
    writing = Writing(company, 3)
    said = [company.message(writing.room, sent_at=writing.at(-minutes)) for minutes in range(10)]
    await company.arrive()
    first = await company.search(ME, sort="newest", limit=4)
    for minutes in range(1, 30):
        company.message(writing.room, sent_at=writing.at(minutes))
    await company.arrive()
    second = await company.search(ME, sort="newest", limit=20, cursor=first["cursor"])
    assert ids(first) + ids(second) == said
    assert second["cursor"] is None


async def test_however_many_come_the_second_page_of_the_newest_goes_on(company: Company) -> None:
    writing = Writing(company, 7)
    said = [company.message(writing.room, sent_at=writing.at(-minutes)) for minutes in range(10)]
    await company.arrive()
    first = await company.search(ME, sort="newest", limit=4)
    for minutes in range(2_300):
        company.message(writing.room, sent_at=writing.at(1 + minutes))
    await company.arrive()
    second = await company.search(ME, sort="newest", limit=4, cursor=first["cursor"])
    third = await company.search(ME, sort="newest", limit=4, cursor=second["cursor"])
    assert ids(first) + ids(second) + ids(third) == said
    assert third["cursor"] is None
    assert second["sections"]["messages"]["total"] == 2_310


@pytest.mark.parametrize("sort", ["relevance", "newest", "oldest"])
async def test_what_failed_on_one_page_comes_on_a_later_one(
    company: Company, engine: AsyncOpenSearch, sort: str
) -> None:
    writing = Writing(company, 8)
    there = {company.message(writing.room, sent_at=writing.at(minutes)) for minutes in (-3, 2, 8)}
    there |= {company.doc(ME, updated_at=writing.at(minutes)) for minutes in range(10)}
    await company.arrive()
    index = f"messages-000001-{TENANT}"
    await engine.indices.close(index=index)
    try:
        answer = await company.search(ME, sort=sort, limit=4)
        assert answer["failed"] == ["messages"]
    finally:
        await engine.indices.open(index=index)
        await engine.cluster.health(index=index, params={"wait_for_status": "yellow"})
    shown = ids(answer)
    while cursor := answer["cursor"]:
        answer = await company.search(ME, sort=sort, limit=4, cursor=cursor)
        shown += ids(answer)
    assert len(shown) == len(there)
    assert set(shown) == there


async def test_many_recalled_at_once_leave_no_gap_and_no_trace(company: Company, engine: AsyncOpenSearch) -> None:
    writing = Writing(company, 4)
    said = [company.message(writing.room, sent_at=writing.at(-minutes)) for minutes in range(60)]
    await company.arrive()
    async with unrefreshed(engine, f"messages.{TENANT}"):
        for id in said[2:50]:
            company.delete("message", id)
        await company.arrive_unrefreshed()
        left = said[:2] + said[50:]
        first = await company.search(ME, sort="newest", limit=5)
        assert ids(first) == left[:5]
        second = await company.search(ME, sort="newest", limit=7, cursor=first["cursor"])
        assert ids(second) == left[5:]
        assert second["cursor"] is None
        exactly: dict[str, Any] = await company.search(ME, sort="newest", limit=len(left))
        assert ids(exactly) == left
        assert exactly["cursor"] is None, "there is a next page of what was recalled"


async def test_an_answer_ends_at_a_thousand_hits(company: Company) -> None:
    writing = Writing(company, 5)
    for minutes in range(1_020):
        company.message(writing.room, sent_at=writing.at(-minutes))
    await company.arrive()
    shown, cursor = [], None
    for _ in range(20):
        answer = await company.search(ME, limit=50, cursor=cursor)
        shown += ids(answer)
        cursor = answer["cursor"]
    assert len(shown) == len(set(shown)) == 1_000
    assert cursor is None


async def test_access_is_decided_anew_for_every_page(company: Company) -> None:
    writing = Writing(company, 6)
    for minutes in range(20):
        company.message(writing.room, sent_at=writing.at(-minutes))
    mine = company.doc(ME)
    await company.arrive()
    first = await company.search(ME, limit=5, sort="newest")
    company.leave(f"conversation:{writing.room}", ME)
    await company.arrive()
    second = await company.search(ME, limit=50, sort="newest", cursor=first["cursor"])
    assert set(ids(second)) <= {mine}
    assert second["sections"]["messages"]["total"] == 0
