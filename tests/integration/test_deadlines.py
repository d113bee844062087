"""One vertical's backend fails, hangs or answers nonsense: the others are in time, and it is named."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, cast

import orjson
import pytest
from apikit import Api, Company, ids
from opensearchpy import AsyncOpenSearch
from opensearchpy.exceptions import ConnectionTimeout, SerializationError, TransportError

from search.access.reader import Reader
from search.core.streams.port import Broker

ME, LI = "u-me", "u-li"
DEADLINE_S = 1.5


class Faulty:
    """The real engine, but for what is asked of one vertical."""

    def __init__(self, engine: AsyncOpenSearch, index: str, fault: str) -> None:
        self._engine = engine
        self._index = index
        self._fault = fault

    async def msearch(self, *, body: bytes, **more: Any) -> Any:
        lines = [orjson.loads(line) for line in body.splitlines()]
        there = [position for position, head in enumerate(lines[::2]) if head["index"] == self._index]
        if not there:
            return await self._engine.msearch(body=body, **more)
        await self._break(**more)
        answer = await self._engine.msearch(body=body, **more)
        for position in there:
            answer["responses"][position] = NONSENSE[self._fault]
        return answer

    async def mget(self, *, body: Any, **more: Any) -> Any:
        if any(one["_index"] == self._index for one in body["docs"]):
            await self._break(**more)
            if self._fault == "reads nonsense":
                return {"docs": [None]}
        return await self._engine.mget(body=body, **more)

    async def _break(self, request_timeout: float) -> None:
        match self._fault:
            case "hangs":
                # As the client does, which closes the connection then.
                await asyncio.sleep(request_timeout)
                raise ConnectionTimeout("TIMEOUT", "late", Exception("late"))
            case "is no JSON":
                raise SerializationError("<html>")
            case "is broken whole":
                raise TransportError(502, "bad gateway")


NONSENSE: dict[str, Any] = {
    "says null": None,
    "says a number": 7,
    "says nothing": {},
    "has no hits": {"_shards": {"total": 1, "successful": 1, "failed": 0}},
    "has hits of another kind": {
        "_shards": {"total": 1, "successful": 1, "failed": 0},
        "hits": {"hits": [{"_id": "x"}], "total": {"value": 1, "relation": "eq"}},
    },
    "has no total": {
        "_shards": {"total": 1, "successful": 1, "failed": 0},
        "hits": {"hits": [], "total": {"much": True}},
    },
    "counts in words": {
        "_shards": {"total": 1, "successful": 1, "failed": 0},
        "hits": {"hits": [], "total": {"value": "5", "relation": "eq"}},
    },
    "has an error that is none": {"error": "boom"},
    "has an error without a name": {"error": {}},
    "has hits that are not sorted": {
        "_shards": {"total": 1, "successful": 1, "failed": 0},
        "hits": {
            "hits": [{"_id": "x", "_seq_no": 1, "_primary_term": 1, "sort": None}],
            "total": {"value": 1, "relation": "eq"},
        },
    },
    "has hits that are nobody": {
        "_shards": {"total": 1, "successful": 1, "failed": 0},
        "hits": {
            "hits": [{"_id": None, "_seq_no": 1, "_primary_term": 1, "sort": [1, 1, 1, 1]}],
            "total": {"value": 1, "relation": "eq"},
        },
    },
    "fails": {"error": {"type": "circuit_breaking_exception", "reason": "full"}, "status": 429},
    "lacks a shard": {"_shards": {"total": 1, "successful": 0, "failed": 1}, "hits": {"hits": []}},
}
FAULTS = ["hangs", "is no JSON", *NONSENSE]


@pytest.fixture(scope="module")
async def company(acme_with_everybody_s_role: None, api: Api, broker: Broker, engine: AsyncOpenSearch) -> Company:
    acme = Company(api, broker, engine)
    acme.user("陈晨", id=ME)
    acme.user(f"{acme.topic} 李四", id=LI)
    acme.message(acme.conversation(ME, LI, name="大群"), sender_id=LI)
    acme.doc(ME)
    acme.app()
    await acme.arrive()
    return acme


@pytest.fixture
def broken(api: Api, engine: AsyncOpenSearch) -> Iterator[Any]:
    """Breaks a vertical of the running service."""
    services = api.app.state.services

    def breaks(vertical: str, fault: str) -> None:
        faulty = cast(AsyncOpenSearch, Faulty(engine, f"{vertical}.acme", fault))
        reader = Reader(faulty, round(DEADLINE_S * 1000), known=services.known)
        api.app.state.services = replace(
            services,
            search=replace(services.search, reader=reader),
            suggest=replace(services.suggest, reader=reader),
        )

    yield breaks
    api.app.state.services = services


async def in_time(company: Company, q: str | None = None, **params: Any) -> dict[str, Any]:
    began = time.monotonic()
    answer = await company.search(ME, q, **params)
    # What is found has to be read as well; an answer whose every part comes takes some 30 ms.
    assert time.monotonic() - began < DEADLINE_S
    return answer


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("vertical", ["docs", "contacts", "messages"])
async def test_it_is_named_and_the_others_are_there(company: Company, broken: Any, vertical: str, fault: str) -> None:
    whole = await company.search(ME)
    broken(vertical, fault)
    answer = await in_time(company)
    assert answer["failed"] == [vertical]
    assert answer["partial"] is True
    assert set(ids(answer)) == {hit["id"] for hit in whole["hits"] if hit["vertical"] != vertical}
    assert vertical not in answer["sections"]


@pytest.mark.parametrize("fault", FAULTS)
async def test_words_that_may_name_a_department_do_not_wait_for_the_departments(
    company: Company, broken: Any, fault: str
) -> None:
    broken("contacts", fault)
    answer = await in_time(company, f"{company.topic} {company.topic}")
    assert answer["failed"] == ["contacts"]
    assert {hit["vertical"] for hit in answer["hits"]} == {"messages", "docs", "apps"}


@pytest.mark.parametrize("fault", ["hangs", "is no JSON", "reads nonsense"])
async def test_names_that_do_not_come_are_left_out(company: Company, broken: Any, fault: str) -> None:
    """Contacts are not searched here; they only name the sender and the conversation."""
    broken("contacts", fault)
    answer = await company.search(ME, verticals="messages")
    assert [hit["title"] for hit in answer["hits"]] == [""]
    assert (answer["failed"], answer["partial"]) == ([], False)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("vertical", ["docs", "contacts"])
async def test_suggestions_of_the_others_come_in_time(company: Company, broken: Any, vertical: str, fault: str) -> None:
    whole = (await company.api.get(ME, "/v1/suggest", q=company.topic)).json()
    assert {one["vertical"] for one in whole["suggestions"]} == {"docs", "contacts", "apps"}
    broken(vertical, fault)
    began = time.monotonic()
    answer = (await company.api.get(ME, "/v1/suggest", q=company.topic)).json()
    assert time.monotonic() - began < DEADLINE_S
    assert (answer["failed"], answer["partial"]) == ([vertical], True)
    told = [one["id"] for one in answer["suggestions"]]
    assert told == [one["id"] for one in whole["suggestions"] if one["vertical"] != vertical]


@pytest.mark.parametrize("q", ["", "from:", "from:李", "李四"])
@pytest.mark.parametrize("vertical", ["messages", "docs", "contacts"])
async def test_whatever_hangs_nobody_who_types_waits_long_or_is_refused(
    company: Company, broken: Any, vertical: str, q: str
) -> None:
    broken(vertical, "hangs")
    company.api.app.state.services.suggest.closeness.__init__(company.api.app.state.services.search.directory)
    began = time.monotonic()
    response = await company.api.get(ME, "/v1/suggest", q=q)
    assert time.monotonic() - began < DEADLINE_S + 0.3
    assert response.status_code == 200, response.text
    if vertical == "messages":
        assert response.json()["failed"] == [], "suggestions search no messages"


async def test_an_engine_that_is_away_is_503_at_once(company: Company, broken: Any) -> None:
    broken("docs", "is broken whole")
    began = time.monotonic()
    response = await company.api.get(ME, q=company.topic)
    assert response.status_code == 503
    assert response.headers["Retry-After"]
    assert time.monotonic() - began < DEADLINE_S
