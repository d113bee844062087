"""What people want done, read from what they typed, and the clauses that it becomes."""

from __future__ import annotations

from typing import Any

import pytest
from kit import CATALOGUE, VERTICALS, app, doc
from querykit import asked

from analyzers import Lexicon, wishes
from analyzers.wishes import LONGEST, MOST, parse, thesaurus
from search.query import serving
from search.query.build import SERVES, query_body
from search.query.matcher import matches

APPS = VERTICALS["apps"]


def words(text: str, lexicon: Lexicon | None = None) -> list[str]:
    return [wish.word for wish in wishes(text, lexicon or Lexicon())]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("请假", ["请假"]),
        ("我想请假", ["请假"]),
        ("怎么报销打车费", ["报销", "打车费"]),
        ("ＶＰＮ 怎么用", ["vpn"]),
        ("how to book a meeting room", ["book", "meeting room"]),
        ("订会议室", ["订会议室"]),
        ("", []),
        ("怎么办", []),
        ("，。！", []),
    ],
)
def test_a_wish_is_what_is_left_without_the_words_around_it(text: str, found: list[str]) -> None:
    assert words(text) == found


def test_a_text_is_no_wish() -> None:
    assert words("请假" * LONGEST) == []
    assert words("预算 评审 合同 客户 库存 招聘") == []
    assert len(words("预算 评审 合同 客户")) == MOST


def test_a_word_within_another_is_none() -> None:
    assert "年假" not in words("少年假日")


def test_a_tenant_s_own_synonyms_count_besides() -> None:
    own = Lexicon(synonyms={"小黄": ("打车",), "请假": ("飞走",)})
    [leave] = wishes("请假", own)
    assert leave.same[0] == "飞走"
    assert "休假" in leave.same
    [yellow] = wishes("小黄", own)
    assert (yellow.same, yellow.known) == (("打车",), True)


def test_every_line_of_the_thesaurus_says_something_once() -> None:
    known = thesaurus()
    assert len(known.same) > 500
    assert not known.around & known.same.keys()
    for word, others in known.same.items():
        assert word not in others
        assert len(set(others)) == len(others)


def test_a_line_of_the_thesaurus() -> None:
    known = parse(["打车 叫车 ride-hailing > 出行  # a comment", "- 怎么 how", "叫车 用车", ""])
    assert known.same["叫车"] == ("打车", "ride hailing", "用车")
    assert known.serving["打车"] == ("出行",)
    assert known.around == {"怎么", "how"}


# What documents do


def stored(**fields: Any) -> dict[str, Any]:
    """An app's document."""
    data = app("a-1", **{"name": "甲", **fields})
    return APPS.document("app", APPS.entities["app"].model_validate(data), data)


def held(text: str, **fields: Any) -> bool:
    """Whether an app of these fields is found by a text, and not by its characters alone."""
    clause = serving.served(asked(text=text), APPS)
    return clause is not None and matches(APPS, stored(**fields), clause)


def test_an_app_serves_by_name_tags_and_description_under_any_word_for_it() -> None:
    assert held("打车", tags=["网约车"])
    assert held("打车", name="叫车助手")
    assert held("打车", category="出行")
    assert not held("打车", description="网约车")
    assert held("打车 桂花", tags=["网约车"])
    assert not held("桂花", tags=["桂花"])


def test_it_serves_wholly_where_every_wish_is_met_and_one_of_them_outright() -> None:
    def wholly(text: str, **fields: Any) -> bool:
        clause = serving.wholly(asked(text=text), APPS)
        return clause is not None and matches(APPS, stored(**fields), clause)

    assert wholly("打车", tags=["网约车"])
    assert wholly("打车 报销", tags=["网约车"], description="也能报账")
    assert not wholly("打车 报销", tags=["网约车"])
    assert not wholly("打车 桂花", tags=["网约车"])
    assert not wholly("打车", description="网约车")


def test_what_does_nothing_for_people_is_not_looked_for_so() -> None:
    for name, vertical in VERTICALS.items():
        assert (serving.served(asked(text="请假"), vertical) is None) == (name != "apps")
    assert serving.served(asked(text="请假"), APPS)


def test_where_people_browse_any_wish_is_enough() -> None:
    document = stored(tags=["网约车"])
    body = query_body(asked(text="打车 桂花", browsing=True), APPS)
    assert matches(APPS, document, body)
    assert not matches(APPS, stored(description="桂花"), query_body(asked(text="打车 桂花"), APPS))


def test_what_people_opened_is_found_by_its_id_alone() -> None:
    document = stored()
    body = query_body(asked(text="桂花", opened={"apps": ["a-1"]}), APPS)
    assert matches(APPS, document, body, id="a-1")
    assert not matches(APPS, document, body, id="a-2")
    docs = VERTICALS["docs"]
    other = docs.document("doc", docs.entities["doc"].model_validate(data := doc("a-1", "乙", owner_id="u-1")), data)
    assert not matches(docs, other, query_body(asked(text="桂花", opened={"apps": ["a-1"]}), docs), id="a-1")


def test_the_engine_tells_what_serves_outright() -> None:
    def named(clause: Any) -> set[str]:
        if isinstance(clause, dict):
            inner = set().union(*map(named, clause.values())) if clause else set()
            return inner | ({clause["_name"]} if "_name" in clause else set())
        return set().union(*map(named, clause)) if isinstance(clause, list) and clause else set()

    assert SERVES in named(query_body(asked(text="请假"), APPS))
    assert SERVES not in named(query_body(asked(text="桂花"), APPS))


@pytest.mark.parametrize("word", ["请假", "打车", "报销", "会议室", "vpn", "发布"])
def test_wishes_leave_room_for_the_rest_of_a_query(word: str) -> None:
    """The engine counts the clauses of a whole query against 1,024; long texts have no wishes beside them."""

    def leaves(clause: Any) -> int:
        if isinstance(clause, list):
            return sum(map(leaves, clause))
        if not isinstance(clause, dict):
            return 0
        return sum(1 if kind in ("term", "terms", "match_phrase", "prefix", "ids") else leaves(inner)
                   for kind, inner in clause.items())  # fmt: skip

    four = " ".join((word, "合同", "培训", "客户"))
    clause = serving.served(asked(text=four, browsing=True), APPS)
    assert clause
    assert 2 * leaves(clause) < 400
    assert asked(text=word + "字" * 40).wishes == ()


assert CATALOGUE
