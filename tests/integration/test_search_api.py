"""`/v1/search` as the contract has it: the answer's shape, parameters and operators, pages, markup, parts that fail."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import kit
import orjson
import pytest
from apikit import Api, Company, ids, told
from opensearchpy import AsyncOpenSearch
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from search.core.streams.port import Broker

ME, ZHANG, LI = "u-me", "u-zhang", "u-li"


@pytest.fixture(scope="module")
async def acme(api: Api, broker: Broker, engine: AsyncOpenSearch) -> Company:
    """A small company, told once for all tests here."""
    company = Company(api, broker, engine)
    company.role(kit.ALL_MODULES, id="default")
    company.user("陈晨", id=ME)
    company.user("张三", id=ZHANG, english_name="Sam", email="zhang.san@acme.example", title="算法工程师")
    company.user("李四", id=LI)
    company.conversation(ME, ZHANG, id="c-hall", name="搜索中台项目群")
    company.conversation(ME, LI, id="c-lunch", name="午饭群")
    company.conversation(ME, LI, id="c-direct", name=None, kind="direct")
    said = {
        "m-1": ("明天上午评审搜索中台方案", "c-hall", ZHANG, "2026-03-02T09:15:04.120Z", {}),
        "m-2": (
            "搜索中台方案的附件",
            "c-hall",
            LI,
            "2026-03-05T09:00:00Z",
            {"kind": "file", "attachments": [{"name": "方案.xlsx", "mime": "application/vnd.ms-excel", "size": 3}]},
        ),
        "m-3": (
            "搜索中台方案见 https://wiki.acme.example/p",
            "c-lunch",
            LI,
            "2026-03-09T09:00:00Z",
            {"links": ["x://y"]},
        ),
        "m-4": ("搜索中台方案的截图", "c-direct", ME, "2026-03-12T09:00:00Z", {"kind": "image"}),
    }
    for id, (text, room, sender, at, more) in said.items():
        company.message(room, text, id=id, sender_id=sender, sent_at=at, **more)
    company.doc(
        ZHANG, "搜索中台方案", id="f-1", body="第一节。搜索中台的目标。", allow=["tenant:*"], kind="wiki",
        updated_at="2026-03-06T00:00:00Z", url="https://docs.acme.example/f-1",
    )  # fmt: skip
    company.doc(LI, "周报", id="f-2", body="本周完成搜索中台方案的评审。", allow=["tenant:*"], kind="sheet")
    company.app("搜索中台", id="a-1", description="搜索中台方案的入口", tags=["搜索"])
    await company.arrive()
    return company


QUERY = "搜索中台方案"


class TestShape:
    async def test_an_answer_has_just_the_contract_s_members(self, acme: Company) -> None:
        answer = await acme.search(ME, "评审搜索中台方案", verticals="messages", from_="张三")
        took = answer.pop("took_ms")
        assert re.fullmatch("[0-9A-HJKMNP-TV-Z]{26}", answer.pop("query_id"))
        assert isinstance(took, int)
        assert answer == {
            "hits": [
                {
                    "vertical": "messages",
                    "id": "m-1",
                    "score": answer["hits"][0]["score"],
                    "title": "搜索中台项目群",
                    "snippet": answer["hits"][0]["snippet"],
                    "fields": {
                        "conversation_id": "c-hall",
                        "sender_id": ZHANG,
                        "sender_name": "张三",
                        "sent_at": "2026-03-02T09:15:04.120Z",
                        "kind": "text",
                    },
                }
            ],
            "sections": {"messages": {"total": 1, "relation": "eq"}},
            "query": {"text": "评审搜索中台方案", "filters": {"from": ["张三"]}, "corrected": None},
            "denied": [],
            "failed": [],
            "partial": False,
            "cursor": None,
        }
        assert "<em>" in answer["hits"][0]["snippet"]

    async def test_scores_fall_with_the_place_within_0_and_1(self, acme: Company) -> None:
        for sort in ("relevance", "newest", "oldest"):
            scores = [hit["score"] for hit in (await acme.search(ME, QUERY, sort=sort))["hits"]]
            assert len(scores) >= 6
            assert scores == sorted(scores, reverse=True)
            assert all(0 < score <= 1 for score in scores)

    async def test_every_vertical_has_its_section(self, acme: Company) -> None:
        answer = await acme.search(ME, QUERY)
        assert {name: section["relation"] for name, section in answer["sections"].items()} == dict.fromkeys(
            ("contacts", "docs", "apps", "messages"), "eq"
        )
        for name, section in answer["sections"].items():
            assert section["total"] == len(ids(answer, name))

    async def test_an_answer_is_json_that_nobody_keeps(self, acme: Company) -> None:
        response = await acme.api.get(ME, q=QUERY)
        assert response.headers["content-type"] == "application/json"
        assert response.headers["cache-control"] == "no-store"

    async def test_exact_names_and_titles_go_first(self, acme: Company) -> None:
        assert ids(await acme.search(ME, "搜索中台方案"))[0] == "f-1"
        assert ids(await acme.search(ME, "搜索中台"))[0] == "a-1"
        assert ids(await acme.search(ME, "张三"))[0] == ZHANG


class TestParameters:
    @pytest.mark.parametrize(
        ("params", "found"),
        [
            ({"from_": "张三"}, {"m-1", "f-1"}),
            ({"from_": "zhangsan"}, {"m-1", "f-1"}),
            ({"from_": ZHANG}, {"m-1", "f-1"}),
            ({"conversation": "午饭群"}, {"m-3"}),
            ({"conversation": "c-hall"}, {"m-1", "m-2"}),
            ({"type": "wiki"}, {"f-1"}),
            ({"type": "file"}, {"m-2"}),
            ({"type": "应用"}, {"a-1"}),
            ({"has": "file"}, {"m-2"}),
            ({"has": "link"}, {"m-3"}),
            ({"has": "image"}, {"m-4"}),
            ({"has": "nonsense"}, set()),
            ({"after": "2026-03-05", "verticals": "messages"}, {"m-2", "m-3", "m-4"}),
            ({"before": "2026-03-05", "verticals": "messages"}, {"m-1"}),
            ({"after": "2026-03-05", "before": "2026-03-12", "verticals": "messages"}, {"m-2", "m-3"}),
            ({"after": "2026-03-09T09:00:00Z", "verticals": "messages"}, {"m-3", "m-4"}),
            ({"before": "2026-03-09T09:00:00Z", "verticals": "messages"}, {"m-1", "m-2"}),
            ({"from_": "李四", "has": "file"}, {"m-2"}),
            ({"verticals": "docs, apps"}, {"f-1", "f-2", "a-1"}),
        ],
    )
    async def test_each_narrows(self, acme: Company, params: dict[str, Any], found: set[str]) -> None:
        assert await acme.finds(ME, QUERY, **params) == found

    @pytest.mark.parametrize(
        ("operators", "found"),
        [
            ("from:张三", {"m-1", "f-1"}),
            ("发送人：张三", {"m-1", "f-1"}),
            ("in:午饭群", {"m-3"}),
            ("群聊：搜索中台项目群", {"m-1", "m-2"}),
            ("type:wiki", {"f-1"}),
            ("类型：表格", {"f-2"}),
            ("has:file", {"m-2"}),
            ("包含：链接", {"m-3"}),
            ("after:2026-03-05 before:2026-03-12 type:message", {"m-2", "m-3"}),
            ("晚于：2026年3月5日 早于：2026年3月12日 类型：消息", {"m-2", "m-3"}),
            ("in:午饭群 in:搜索中台项目群", {"m-1", "m-2", "m-3"}),
            ("-in:午饭群 -from:陈晨 type:message", {"m-1", "m-2"}),
            ("-type:file -has:link type:message", {"m-1", "m-4"}),
            ("-附件 -截图 type:message", {"m-1", "m-3"}),
            ('"方案的" type:message', {"m-2", "m-4"}),
            ("“的附件”", {"m-2"}),
        ],
    )
    async def test_operators_in_the_query_box_do_the_same(self, acme: Company, operators: str, found: set[str]) -> None:
        assert await acme.finds(ME, f"{QUERY} {operators}") == found

    async def test_an_operator_alone_lists_what_it_says_newest_first(self, acme: Company) -> None:
        assert ids(await acme.search(ME, "from:李四", verticals="messages")) == ["m-3", "m-2"]

    async def test_a_parameter_narrows_whatever_the_box_says(self, acme: Company) -> None:
        """So that a box which is bound to a conversation stays there."""
        one, other = await acme.finds(ME, f"{QUERY} in:午饭群"), await acme.finds(ME, QUERY, conversation="c-direct")
        assert (one, other) == ({"m-3"}, {"m-4"})
        assert await acme.finds(ME, f"{QUERY} in:午饭群", conversation="c-direct") == set()
        assert await acme.finds(ME, f"{QUERY} in:午饭群", conversation="c-lunch") == one
        assert await acme.finds(ME, f"{QUERY} in:午饭群 in:c-direct", conversation="c-direct") == other
        early, late = "2026-03-01", "2026-03-04"
        both = await acme.finds(ME, f"{QUERY} after:{early}", after=late, verticals="messages")
        assert both == await acme.finds(ME, f"{QUERY} after:{late}", after=early, verticals="messages")
        assert both == await acme.finds(ME, QUERY, after=late, verticals="messages")

    async def test_what_is_in_force_is_told_for_chips(self, acme: Company) -> None:
        asked = await acme.search(ME, f'{QUERY} from:张三 -type:file "评审" -截图', has="file")
        assert asked["query"] == {
            "text": QUERY,
            "filters": {
                "from": ["张三"],
                "-type": ["file"],
                "has": ["file"],
                "phrases": ["评审"],
                "excluded": ["截图"],
            },
            "corrected": None,
        }

    @pytest.mark.parametrize(
        ("params", "status"),
        [
            ({"limit": 0}, 422),
            ({"limit": 51}, 422),
            ({"limit": "many"}, 422),
            ({"limit": 1}, 200),
            ({"limit": 50}, 200),
            ({"sort": "best"}, 422),
            ({"verticals": "messages,secrets"}, 400),
            ({"verticals": ","}, 200),
            ({"before": "soon"}, 400),
            ({"after": "2026-02-31"}, 400),
            ({"unknown": "x"}, 422),
            ({"from_": "x" * 201}, 422),
        ],
    )
    async def test_bounds(self, acme: Company, params: dict[str, Any], status: int) -> None:
        response = await acme.api.get(ME, q=QUERY, **params)
        assert response.status_code == status
        if status != 200:
            assert response.headers["content-type"] == "application/problem+json"
            assert response.json()["status"] == status
            assert response.json()["detail"]

    async def test_sorted_by_time(self, acme: Company) -> None:
        newest = ids(await acme.search(ME, QUERY, sort="newest", verticals="messages,docs"))
        assert newest == ["m-4", "m-3", "f-1", "m-2", "f-2", "m-1"]
        oldest = ids(await acme.search(ME, QUERY, sort="oldest", verticals="messages,docs"))
        assert oldest == ["f-2", "m-1", "m-2", "f-1", "m-3", "m-4"]

    async def test_post_asks_the_same_as_get(self, acme: Company) -> None:
        for params in (
            {"q": QUERY},
            {"q": QUERY, "from": "张三", "limit": 1},
            {"q": "in:午饭群", "sort": "oldest", "verticals": "messages"},
            {
                "q": QUERY,
                "conversation": "c-hall",
                "type": "file",
                "before": "2026-04-01",
                "after": "2026-01-01",
                "has": "file",
            },
        ):
            got, posted = await acme.api.get(ME, **params), await acme.api.post(ME, params)
            assert got.status_code == posted.status_code == 200
            assert told(got) == told(posted)


@pytest.fixture(scope="module")
async def many(api: Api, broker: Broker, engine: AsyncOpenSearch) -> Company:
    """A company in which one word finds 48 things in four verticals, many of them said at the same time."""
    company = Company(api, broker, engine, tenant="pages")
    company.role(kit.ALL_MODULES, id="default")
    company.user("陈晨", id=ME)
    room = company.conversation(ME, name="大群")
    for number in range(23):
        at = f"2026-03-02T09:{number % 7:02d}:00Z"
        company.message(room, f"{company.topic} 第{number}条", sent_at=at)
    for number in range(11):
        company.doc(ME, f"{company.topic} 文档{number}", body=company.topic * (number % 3))
        company.user(f"{company.topic} {'王李赵'[number % 3]}", status="disabled" if number % 4 == 0 else "active")
    for number in range(3):
        company.app(f"{company.topic} 应用{number}")
    await company.arrive()
    return company


class TestPages:
    @staticmethod
    async def pages(company: Company, **params: Any) -> AsyncIterator[list[tuple[str, str]]]:
        cursor = None
        while True:
            answer = await company.search(ME, cursor=cursor, **params)
            yield [(hit["vertical"], hit["id"]) for hit in answer["hits"]]
            if not (cursor := answer["cursor"]):
                return

    @pytest.mark.parametrize("sort", ["relevance", "newest", "oldest"])
    @pytest.mark.parametrize("limit", [1, 7, 20])
    async def test_they_hold_everything_just_once_in_the_order_of_one_big_page(
        self, many: Company, sort: str, limit: int
    ) -> None:
        [whole] = [page async for page in self.pages(many, sort=sort, limit=50)]
        assert len(set(whole)) == len(whole) == 48
        pages = [page async for page in self.pages(many, sort=sort, limit=limit)]
        assert all(len(page) == limit for page in pages[:-1])
        assert [hit for page in pages for hit in page] == whole

    async def test_totals_are_the_same_on_every_page(self, many: Company) -> None:
        first = await many.search(ME, limit=20)
        second = await many.search(ME, limit=20, cursor=first["cursor"])
        assert first["sections"] == second["sections"]
        assert sum(section["total"] for section in first["sections"].values()) == 48

    async def test_a_page_behind_the_last_is_empty(self, many: Company) -> None:
        pages = [page async for page in self.pages(many, limit=16)]
        assert [len(page) for page in pages] == [16, 16, 16]

    async def test_a_cursor_of_another_question_caller_or_time_is_400(self, many: Company) -> None:
        given = (await many.search(ME, limit=5))["cursor"]
        other = many.user("别人")
        await many.arrive()
        assert await many.status(ME, cursor=given) == 200
        for user, params in (
            (other, {}), (ME, {"verticals": "docs"}), (ME, {"sort": "newest"}),
            (ME, {"q": "别的"}), (ME, {"from_": ME}),
        ):  # fmt: skip
            response = await many.api.get(user, tenant="pages", **{"q": many.topic, "cursor": given, **params})
            assert response.status_code == 400, params
            assert "not one that this service gave for this question" in response.json()["detail"]

    @pytest.mark.parametrize(
        "cursor", ["x", "!!!!", "e30", "bnVsbA", "eyJkb2NzIjotMX0", "%F0%9F%98%80", "0" * 400, "/w", "A" * 8000]
    )
    async def test_one_that_this_service_has_not_given_is_400(self, many: Company, cursor: str) -> None:
        response = await many.api.get(ME, q=many.topic, tenant="pages", cursor=cursor)
        assert response.status_code == 400, response.text
        assert response.json()["detail"].startswith("cursor: ")

    async def test_too_long_a_cursor_is_422(self, many: Company) -> None:
        assert (await many.api.get(ME, tenant="pages", cursor="0" * 8001)).status_code == 422


class TestMarkup:
    EVIL = "<script>alert(1)</script><em>x</em>&amp;\"'"
    SAFE = "&lt;script&gt;alert(1)&lt;/script&gt;&lt;em&gt;x&lt;/em&gt;&amp;amp;&quot;&#x27;"

    @staticmethod
    def without_marks(text: str) -> str:
        return text.replace("<em>", "").replace("</em>", "")

    async def test_em_is_the_only_markup_whatever_the_texts_hold(self, acme: Company) -> None:
        word = "琉璃瓦"
        acme.user(f"{word}{self.EVIL}", title=f"{word}{self.EVIL}")
        acme.department(name=f"{word}{self.EVIL}")
        room = acme.conversation(ME, name=f"{word}{self.EVIL}")
        acme.message(room, f"{word}{self.EVIL}")
        acme.doc(ME, f"{word}{self.EVIL}", body=f"{word}{self.EVIL}")
        acme.app(f"{word}{self.EVIL}", description=f"{word}{self.EVIL}")
        await acme.arrive()
        answer = await acme.search(ME, word)
        assert len(answer["hits"]) == 6
        for hit in answer["hits"]:
            assert self.without_marks(hit["title"]) == f"{word}{self.SAFE}"
            shown = self.without_marks(hit["snippet"])
            assert "<" not in shown
            assert ">" not in shown
        for hit in answer["hits"]:
            if hit["vertical"] != "messages":
                assert hit["title"].startswith(f"<em>{word}</em>")

    async def test_what_is_marked_may_itself_need_escaping(self, acme: Company) -> None:
        acme.doc(ME, "珊瑚礁", body="amp lt gt a<b & c>d 珊瑚礁")
        await acme.arrive()
        for query in ("珊瑚礁 <b", '珊瑚礁 "a<b & c>d"', "珊瑚礁 amp lt gt"):
            [hit] = (await acme.search(ME, query, verticals="docs"))["hits"]
            assert self.without_marks(hit["snippet"]) == "amp lt gt a&lt;b &amp; c&gt;d 珊瑚礁"


class TestParts:
    """A vertical whose backend fails is named; the others still come."""

    @staticmethod
    @asynccontextmanager
    async def closed(engine: AsyncOpenSearch, index: str) -> AsyncIterator[None]:
        await engine.indices.close(index=index)
        try:
            yield
        finally:
            await engine.indices.open(index=index)
            await engine.cluster.health(index=index, params={"wait_for_status": "yellow"})

    @staticmethod
    def counted(vertical: str) -> tuple[float, float]:
        """How many answers were partial, and how many lacked this vertical."""
        partial = REGISTRY.get_sample_value("office_search_answers_total", {"outcome": "partial"})
        lacking = REGISTRY.get_sample_value("office_search_verticals_failed_total", {"vertical": vertical})
        return partial or 0.0, lacking or 0.0

    @pytest.mark.parametrize("vertical", ["contacts", "docs", "apps", "messages"])
    async def test_the_others_still_come(self, acme: Company, engine: AsyncOpenSearch, vertical: str) -> None:
        whole, before = await acme.search(ME, QUERY), self.counted(vertical)
        async with self.closed(engine, f"{vertical}-000001-acme"):
            answer = await acme.search(ME, QUERY)
        assert (answer["failed"], answer["partial"]) == ([vertical], True)
        assert self.counted(vertical) == (before[0] + 1, before[1] + 1)
        assert vertical not in answer["sections"]
        others = {hit["id"] for hit in whole["hits"] if hit["vertical"] != vertical}
        assert {hit["id"] for hit in answer["hits"]} == others

    async def test_messages_without_contacts_come_without_names(self, acme: Company, engine: AsyncOpenSearch) -> None:
        async with self.closed(engine, "contacts-000001-acme"):
            answer = await acme.search(ME, QUERY, verticals="messages")
        assert set(ids(answer)) == {"m-1", "m-2", "m-3", "m-4"}
        assert {hit["title"] for hit in answer["hits"]} == {""}

    async def test_all_of_them(self, acme: Company, engine: AsyncOpenSearch) -> None:
        async with self.closed(engine, "docs-000001-acme"):
            answer = await acme.search(ME, QUERY, verticals="docs")
        assert (answer["hits"], answer["failed"], answer["partial"]) == ([], ["docs"], True)

    async def test_whole_again_afterwards(self, acme: Company) -> None:
        answer = await acme.search(ME, QUERY)
        assert (answer["failed"], answer["partial"]) == ([], False)

    async def test_a_tenant_without_any_docs_has_no_failure(
        self, api: Api, broker: Broker, engine: AsyncOpenSearch
    ) -> None:
        company = Company(api, broker, engine, tenant="new")
        company.role(kit.ALL_MODULES, id="default")
        company.user("陈晨", id=ME)
        await company.arrive()
        answer = await company.search(ME, QUERY)
        assert (answer["failed"], answer["hits"]) == ([], [])
        assert set(answer["sections"]) == {"contacts", "docs", "apps", "messages"}


class TestLogs:
    @pytest.fixture
    def logged(self) -> Iterator[list[Any]]:
        with capture_logs() as lines:
            yield lines

    async def test_the_access_log_tells_who_asked_but_not_what(self, acme: Company, logged: list[Any]) -> None:
        await acme.search(ME, "机密收购案")
        await acme.api.post(ME, {"q": "机密收购案"})
        await acme.api.get(ME, q="机密收购案", limit=0)
        lines = [line for line in logged if line["event"] == "request"]
        assert [(line["path"], line["status"], line["user"]) for line in lines] == [
            ("/v1/search", 200, ME),
            ("/v1/search", 200, ME),
            ("/v1/search", 422, ME),
        ]
        text = orjson.dumps(logged, default=repr).decode()
        for piece in ("机密", "收购", "q=", "%E6%9C%BA"):
            assert piece not in text
