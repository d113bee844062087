"""Query bodies: golden JSON, one file a question, so that a change of ranking or matching shows in the diff.

Run as a program, this file writes the golden bodies anew.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit import VERTICALS
from querykit import asked

from analyzers import Lexicon
from mappings.vertical import Vertical
from search.query.build import LATER_WRITTEN, query_body, sort_order
from search.query.filters import concerns
from search.query.names_meant import NameInDepartments
from search.query.resolved import MOST_TERMS, ResolvedQuery

GOLDEN = Path(__file__).parents[1] / "golden" / "query"
MESSAGES, CONTACTS, DOCS, APPS = (VERTICALS[name] for name in ("messages", "contacts", "docs", "apps"))

QUESTIONS = {
    "nothing": asked(),
    "words": asked(text="搜索中台方案"),
    "latin": asked(text="JIRA-1234 release notes"),
    "a name": asked(text="张三"),
    "pinyin": asked(text="zhangsan"),
    "half a name": asked(text="zhang三"),
    "a name in a department": asked(
        text="市场部 张三", name_in_departments=NameInDepartments("张三", frozenset({"d-2", "d-1"}))
    ),
    "a phrase alone": asked(phrases=["周三 评审"]),
    "phrases and exclusions": asked(text="预算", phrases=["第三季度"], excluded=["草稿", "Q2"]),
    "senders": asked(text="预算", senders=frozenset({"u-2", "u-1"})),
    "a sender nobody knows": asked(text="预算", senders=frozenset()),
    "conditions alone": asked(conversations=frozenset({"c-7"}), after=1_000, before=2_000),
    "every condition": asked(
        text="预算",
        senders=frozenset({"u-1"}),
        not_senders=frozenset({"u-2"}),
        conversations=frozenset({"c-1"}),
        not_conversations=frozenset({"c-2"}),
        kinds=frozenset({"file", "text"}),
        not_kinds=frozenset({"card"}),
        features=frozenset({"link", "file"}),
        not_features=frozenset({"image"}),
        after=1_000,
        before=2_000,
        sort="oldest",
    ),
    "newest": asked(text="预算", sort="newest"),
    "a name with a typo": asked(text="zhagnsan", fuzzy=True),
    "a name near the caller": asked(text="张三", nearby=[frozenset({"d-2"}), frozenset({"d-2", "d-1"})]),
    "the end of a number": asked(text="5678"),
    "in synonyms": asked(text="年假", lexicon=Lexicon(synonyms={"年假": ("年休假",)})),
    "what people want": asked(text="怎么请假"),
    "browsing": asked(text="请假 外勤", browsing=True),
    "what people opened": asked(text="请假", opened={"apps": ["a-2", "a-1"]}),
    "punctuation": asked(text="，。！*:* AND {"),
    "emoji": asked(text="😀"),
}


def bodies(wanted: ResolvedQuery) -> dict[str, Any]:
    """What each vertical is asked; None where the question does not concern it."""
    return {
        name: {"query": query_body(wanted, vertical), "sort": sort_order(wanted, vertical)}
        if concerns(wanted.conditions, vertical)
        else None
        for name, vertical in VERTICALS.items()
    }


def golden(name: str) -> Path:
    return GOLDEN / f"{name.replace(' ', '_')}.json"


@pytest.mark.parametrize("name", QUESTIONS)
def test_the_bodies_are_the_ones_that_were_agreed(name: str) -> None:
    assert orjson.loads(orjson.dumps(bodies(QUESTIONS[name]))) == orjson.loads(golden(name).read_bytes())


def test_there_is_a_question_for_every_file() -> None:
    assert set(GOLDEN.iterdir()) == {golden(name) for name in QUESTIONS}


class TestWhatIsConcerned:
    @pytest.mark.parametrize(
        ("wanted", "concerned"),
        [
            (asked(text="x"), {"contacts", "docs", "apps", "messages"}),
            (asked(text="x", senders=frozenset({"u"})), {"docs", "messages"}),
            (asked(text="x", conversations=frozenset({"c"})), {"messages"}),
            (asked(text="x", kinds=frozenset({"doc"})), {"contacts", "docs", "apps", "messages"}),
            (asked(text="x", features=frozenset({"file"})), {"messages"}),
            (asked(text="x", after=1), {"docs", "apps", "messages"}),
            (asked(text="x", before=1), {"docs", "apps", "messages"}),
            (asked(text="x", not_senders=frozenset({"u"})), {"contacts", "docs", "apps", "messages"}),
        ],
    )
    def test_a_vertical_without_what_a_condition_speaks_of_is_not_asked(
        self, wanted: ResolvedQuery, concerned: set[str]
    ) -> None:
        assert {name for name, vertical in VERTICALS.items() if concerns(wanted.conditions, vertical)} == concerned


class TestSort:
    def test_what_comes_last_comes_last_in_any_order(self) -> None:
        for order in ("relevance", "newest", "oldest"):
            for text in ("x", ""):
                assert sort_order(asked(text=text, sort=order), CONTACTS)[0] == {"disabled": {"order": "asc"}}  # type: ignore[arg-type]

    def test_by_relevance_the_newer_of_equals_goes_first(self) -> None:
        assert sort_order(asked(text="x"), MESSAGES) == ["_score", {"sent_at": {"order": "desc"}}, LATER_WRITTEN]

    def test_without_text_to_score_by_the_newest_go_first(self) -> None:
        assert sort_order(asked(after=1), MESSAGES) == [{"sent_at": {"order": "desc"}}, "_score", LATER_WRITTEN]

    def test_oldest(self) -> None:
        assert sort_order(asked(text="x", sort="oldest"), DOCS)[0] == {"updated_at": {"order": "asc"}}


class TestHasText:
    @pytest.mark.parametrize("text", ["", "  ", "。，", "*:*", "\u200b", '"'])
    def test_there_is_none_without_a_letter_digit_or_emoji(self, text: str) -> None:
        assert not asked(text=text).has_text
        assert not asked(phrases=[text]).has_text

    @pytest.mark.parametrize("text", ["a", "好", "1", "😀", "の"])
    def test_there_is_with_one(self, text: str) -> None:
        assert asked(text=text).has_text
        assert asked(phrases=[text]).has_text

    def test_exclusions_are_no_question(self) -> None:
        wanted = asked(excluded=["a"], not_senders=frozenset({"u"}))
        assert not wanted.has_text
        assert not wanted.has_conditions


def leaves(found: Any) -> int:
    """The clauses that the engine counts: a term of a query each, in each field."""
    if isinstance(found, list):
        return sum(map(leaves, found))
    if not isinstance(found, dict):
        return 0
    count = 0
    for kind, body in found.items():
        if kind == "match":
            [match] = body.values()
            count += len(match["query"].split())
        elif kind == "multi_match":
            count += len(body["query"].split()) * len(body["fields"])
        elif kind in ("term", "terms", "prefix", "range", "match_phrase"):
            count += 1
        else:
            count += leaves(body)
    return count


@pytest.mark.parametrize("vertical", VERTICALS.values(), ids=list(VERTICALS))
@pytest.mark.parametrize(
    "text",
    [
        "".join(chr(0x4E00 + 7 * number) for number in range(1000)),
        " ".join(f"w{number}" for number in range(300)),
        "z" * 1000,
        "zhang" + "三" * 500,
        "a1" * 500,
        "x-y_z/" * 160,
    ],
)
def test_no_text_is_more_clauses_than_the_engine_takes(text: str, vertical: Vertical) -> None:
    # 1,024 of a query, of which conditions of the query box and the access filter take some.
    assert leaves(query_body(asked(text=text), vertical)) < 960


@given(st.text(), st.lists(st.text(), max_size=3), st.lists(st.text(), max_size=3))
def test_any_text_becomes_a_body_that_can_be_sent(text: str, phrases: list[str], excluded: list[str]) -> None:
    wanted = asked(text=text, phrases=phrases, excluded=excluded)
    for vertical in VERTICALS.values():
        assert orjson.dumps(query_body(wanted, vertical))
    assert all(len(terms.split()) <= MOST_TERMS for terms in wanted.terms)


def test_equal_questions_have_equal_bytes() -> None:
    """Sets have no order of their own, and the engine knows again only what is the same."""
    one, two = (asked(text="x", senders=frozenset(ids), kinds=frozenset(ids)) for ids in ("abcdef", "fedcba"))
    assert orjson.dumps(query_body(one, MESSAGES)) == orjson.dumps(query_body(two, MESSAGES))


def write_golden() -> None:
    GOLDEN.mkdir(parents=True, exist_ok=True)
    for name, wanted in QUESTIONS.items():
        text = orjson.dumps(bodies(wanted), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)
        golden(name).write_bytes(text + b"\n")


if __name__ == "__main__":
    write_golden()
