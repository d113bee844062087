"""What a caller in thousands of conversations pays more than one in twenty: at most three times."""

from __future__ import annotations

import json
import statistics
import time

import kit
import pytest
from apikit import Api, Company
from opensearchpy import AsyncOpenSearch

from search.core.streams.port import Broker

MANY, FEW = 5000, 20
MESSAGES = 4000
ROUNDS = 30
WORDS = ("预算", "方案", "评审", "客户", "排期", "上线", "合同", "周报", "接口", "培训")


@pytest.fixture(scope="module")
async def acme(api: Api, broker: Broker, engine: AsyncOpenSearch) -> Company:
    """One caller in 5,000 conversations, one in 20 of these; a quarter `since_join`, each with a time of its own."""
    company = Company(api, broker, engine)
    company.role(kit.ALL_MODULES, id="default")
    for user in ("u-many", "u-few"):
        company.user("某人", id=user)
    for number in range(MANY):
        room = company.conversation(
            id=f"c-{number}", name=f"第{number}群", history="since_join" if number % 4 == 0 else "all"
        )
        since = f"2026-01-{number % 28 + 1:02d}T{number % 24:02d}:{number % 60:02d}:00.{number:06d}Z"
        for user in ("u-many", *(["u-few"] if number < FEW else [])):
            company.member(f"conversation:{room}", user, since=since)
        if number < MESSAGES:
            text = f"{WORDS[number % 10]}{WORDS[number // 10 % 10]}{WORDS[number // 100 % 10]} {number}"
            company.message(room, text, sent_at=f"2026-02-{number % 28 + 1:02d}T08:00:00Z")
    # A search of the few has as much to find, so that only the number of conversations differs.
    for number in range(400):
        company.message(f"c-{number % FEW}", f"{WORDS[number % 10]}{WORDS[number // 10 % 10]} 二 {number}")
        company.doc("someone", f"{WORDS[number % 10]}{number}", body=WORDS[number // 10 % 10], allow=["tenant:*"])
        company.app(f"{WORDS[number % 10]}{number}")
    await company.arrive()
    return company


async def milliseconds(acme: Company, user: str, query: str) -> float:
    began = time.perf_counter()
    answer = await acme.search(user, query)
    took = (time.perf_counter() - began) * 1000
    assert answer["hits"]
    return took


async def test_5000_conversations_cost_no_more_than_three_times_20(
    acme: Company, record_property: pytest.RecordProperty
) -> None:
    """Medians of searches side by side, each with another query, in one warm run."""
    for word in WORDS:  # a cold JVM is three times slower
        for user in ("u-few", "u-many"):
            await milliseconds(acme, user, word)
    few, many = [], []
    for turn in range(ROUNDS):
        query = f"{WORDS[turn % 10]}{WORDS[turn // 10 % 10]}"
        few.append(await milliseconds(acme, "u-few", query))
        many.append(await milliseconds(acme, "u-many", query))
    figures = {"few_ms": statistics.median(few), "many_ms": statistics.median(many)}
    figures["ratio"] = figures["many_ms"] / figures["few_ms"]
    record_property("search_cost", json.dumps(figures))
    print(figures)
    assert figures["ratio"] <= 3, figures


async def test_it_costs_no_more_right_after_a_membership_changed(acme: Company) -> None:
    """What is kept of a caller is then made anew, and nothing else is."""
    few, many = [], []
    for turn in range(10):
        for user in ("u-few", "u-many"):
            acme.member(f"folder:s-{turn}", user)
        await acme.arrive()
        few.append(await milliseconds(acme, "u-few", WORDS[turn]))
        many.append(await milliseconds(acme, "u-many", WORDS[turn]))
    print(f"after a change: few {statistics.median(few):.1f} ms, many {statistics.median(many):.1f} ms")
    assert statistics.median(many) <= 10 * statistics.median(few)
