"""Deciding without the engine whether a document still meets a query."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import kit
import pytest
from kit import VERTICALS
from querykit import asked

from search.query.build import query_body
from search.query.matcher import matches, minimum
from search.query.names_meant import NameInDepartments

MESSAGES, CONTACTS, DOCS = (VERTICALS[name] for name in ("messages", "contacts", "docs"))
SAID = kit.message(
    "m-1",
    "明天上午评审搜索中台方案",
    conversation_id="c-7",
    sender_id="u-12",
    attachments=[{"name": "方案v2.xlsx"}],
)
PERSON = kit.user("u-1", "单思琪", english_name="Sandy", title="算法工程师", email="ssq@acme.example")
SENT_AT = 1_772_442_904_120_000


def message(**wanted: Any) -> bool:
    return matches(MESSAGES, {"original": SAID}, query_body(asked(**wanted), MESSAGES))


def person(text: str, state: Mapping[str, Any] = PERSON) -> bool:
    return matches(CONTACTS, {"original": state, "entity": "user"}, query_body(asked(text=text), CONTACTS))


@pytest.mark.parametrize(
    ("wanted", "met"),
    [
        ({}, True),
        ({"text": "评审"}, True),
        ({"text": "评审 方案"}, True),
        ({"text": "預算"}, False),
        ({"text": "方案V2"}, True),
        ({"text": "搜索", "phrases": ["上午评审"]}, True),
        ({"text": "搜索", "phrases": ["上午方案"]}, False),
        ({"phrases": ["方案方案"]}, False),
        ({"text": "搜索", "excluded": ["中台"]}, False),
        ({"text": "搜索", "excluded": ["台中"]}, True),
        ({"senders": frozenset({"u-12", "u-1"})}, True),
        ({"senders": frozenset()}, False),
        ({"not_senders": frozenset({"u-12"})}, False),
        ({"conversations": frozenset({"c-7"})}, True),
        ({"conversations": frozenset({"c-8"})}, False),
        ({"kinds": frozenset({"text"})}, True),
        ({"not_kinds": frozenset({"text"})}, False),
        ({"features": frozenset({"file"})}, True),
        ({"features": frozenset({"file", "link"})}, False),
        ({"not_features": frozenset({"file"})}, False),
        ({"after": SENT_AT}, True),
        ({"after": SENT_AT + 1}, False),
        ({"before": SENT_AT}, False),
        ({"after": SENT_AT, "before": SENT_AT + 1}, True),
    ],
)
def test_a_message(wanted: dict[str, Any], met: bool) -> None:
    assert message(**wanted) is met


@pytest.mark.parametrize(
    "text", ["单思琪", "思琪", "shansiqi", "ssq", "siqi", "shan思", "sandy", "算法工程师", "SSQ@acme.example"]
)
def test_a_person_by_every_name(text: str) -> None:
    assert person(text)


@pytest.mark.parametrize("text", ["张三", "zhangsan", "siq1", "shan四"])
def test_not_by_another(text: str) -> None:
    assert not person(text)


def test_a_phrase_does_not_run_from_one_text_into_the_next() -> None:
    assert message(phrases=["中台方案"])
    assert not message(phrases=["方案方案"])


def test_a_clause_that_only_the_engine_can_decide_is_refused() -> None:
    with pytest.raises(NotImplementedError):
        matches(MESSAGES, {"original": SAID}, {"script": {"script": "true"}})


@pytest.mark.parametrize(
    ("least", "counts"),
    [
        ("2", {1: 2, 5: 2}),
        ("-1", {4: 3}),
        ("100%", {1: 1, 7: 7}),
        ("75%", {1: 0, 2: 1, 3: 2, 4: 3}),
        ("-25%", {3: 3, 4: 3, 7: 6}),
        ("2<-25% 6<65% 12<50%", {1: 1, 2: 2, 3: 3, 4: 3, 6: 5, 7: 4, 12: 7, 13: 6}),
    ],
)
def test_minimum_should_match_counts_as_the_engine_does(least: str, counts: dict[int, int]) -> None:
    assert {count: minimum(least, count) for count in counts} == counts


@pytest.mark.parametrize("vertical", VERTICALS.values(), ids=list(VERTICALS))
def test_every_clause_of_every_query_can_be_decided(vertical: Any) -> None:
    """Not whether it is met, but that nothing in it is beyond us: the document is empty."""
    samples = {
        "messages": kit.message("m", "", conversation_id="c", sender_id="u"),
        "contacts": kit.user("u", ""),
        "docs": kit.doc("f", "", owner_id="u"),
        "apps": kit.app("a", ""),
    }
    wanted = asked(
        text="张三 zhangsan zhang三 JIRA-1234 搜索中台方案的评审会议纪要",
        phrases=["一", "a b"],
        excluded=["二"],
        senders=frozenset({"u"}),
        conversations=frozenset({"c"}),
        kinds=frozenset({"x"}),
        features=frozenset({"file"}),
        after=0,
        before=1,
        name_in_departments=NameInDepartments("张三", frozenset({"d-1"})),
    )
    body = query_body(wanted, vertical)
    state = {"original": samples[vertical.name], "entity": "user"}
    for clause in [*body["bool"].get("filter", ()), *body["bool"].get("must_not", ())]:
        matches(vertical, state, clause)
