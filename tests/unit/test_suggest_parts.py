"""The pure parts of suggestions: ways to mean a name, operators at the end, what is close, an equal share of each."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit import CATALOGUE, VERTICALS

from mappings.filters import FROM, IN, TYPE
from search.query.closeness import MOST, weighed
from search.query.filters import filter_language
from search.suggest import ways
from search.suggest.answer import Suggestion
from search.suggest.operators import typing, values
from search.suggest.suggest import shared_out
from search.suggest.ways import Close, Typed, query_body, why_of

CONTACTS, DOCS, APPS, MESSAGES = (VERTICALS[name] for name in ("contacts", "docs", "apps", "messages"))
LANGUAGE = filter_language(CATALOGUE)


def worths(body: Any) -> list[float]:
    return [way["constant_score"]["boost"] for way in body["bool"]["must"][0]["dis_max"]["queries"]]


class TestWays:
    def test_closeness_is_less_than_any_step_between_two_ways(self) -> None:
        steps = sorted({
            ways.WHOLE, ways.THERE, ways.BEGINNING, ways.NEARLY_THERE, ways.SPELLED, ways.WORDS,
            ways.SPELLING, ways.LATER, ways.ENDING, ways.SLIP,
        })  # fmt: skip
        least = min(after - before for before, after in itertools.pairwise(steps))
        assert least > ways.CLOSEST + ways.STEPS * ways.STEP

    @pytest.mark.parametrize(
        ("worth", "why"),
        [
            (ways.WHOLE, "exact_name"), (ways.THERE, "exact_name"), (ways.BEGINNING, "name"),
            (ways.NEARLY_THERE, "name"), (ways.SPELLED, "pinyin"), (ways.WORDS, "name"), (ways.SPELLING, "pinyin"),
            (ways.LATER, "pinyin"), (ways.ENDING, "name"), (ways.SLIP, "typo"),
        ],
    )  # fmt: skip
    def test_the_reason_is_that_of_the_way_however_close_somebody_is(self, worth: float, why: str) -> None:
        assert {why_of(worth), why_of(worth + ways.CLOSEST + ways.STEPS * ways.STEP)} == {why}

    @pytest.mark.parametrize("text", ["", "  ", "\u200b"])
    def test_nothing_typed_means_nothing(self, text: str) -> None:
        assert query_body(Typed(text), CONTACTS) is None

    def test_what_has_no_names_is_never_asked(self) -> None:
        assert query_body(Typed("张三"), MESSAGES) is None

    def test_one_letter_begins_initials_and_no_parts(self) -> None:
        prefixes = [field for way in self.filters("z") for field in way.get("prefix", {})]
        assert prefixes.count("inner") == prefixes.count("pinyin") == 0
        assert "initials" in prefixes

    def test_two_letters_are_a_part_and_three_begin_one(self) -> None:
        assert any("inner" in way.get("term", {}) for way in self.filters("zs"))
        assert any("inner" in way.get("prefix", {}) for way in self.filters("zsf"))

    def test_few_digits_begin_no_number_but_an_app_s_name(self) -> None:
        assert not any("exact" in way.get("prefix", {}) for way in self.filters("13"))
        assert any("exact" in way.get("prefix", {}) for way in self.filters("1380"))
        assert any("exact" in way.get("prefix", {}) for way in self.filters("36", APPS))

    def test_the_closest_get_more_and_nobody_more_than_a_step(self) -> None:
        close = {"contacts": Close([f"user:{n}" for n in range(50)], [frozenset({"d-1"}), frozenset({"d-1", "d-2"})])}
        should = query_body(Typed("张", close=close), CONTACTS)["bool"]["should"]  # type: ignore[index]
        boosts = [clause["constant_score"]["boost"] for clause in should]
        assert boosts == [40, 30, 20, 10, ways.STEP, ways.STEP]

    @given(st.text(max_size=30))
    def test_whatever_is_typed_becomes_few_clauses(self, text: str) -> None:
        for vertical in (CONTACTS, DOCS, APPS):
            for slips in (False, True):
                body = query_body(Typed(text), vertical, slips=slips)
                assert body is None or len(worths(body)) <= 60

    @staticmethod
    def filters(text: str, vertical: Any = CONTACTS) -> list[Any]:
        body: Any = query_body(Typed(text), vertical)
        return [way["constant_score"]["filter"] for way in body["bool"]["must"][0]["dis_max"]["queries"]]


class TestOperators:
    @pytest.mark.parametrize(
        ("q", "filter", "before", "value"),
        [
            ("from:", FROM, "", ""), ("from:张", FROM, "", "张"), ("发送人:张", FROM, "", "张"),
            ("发送人：张", FROM, "", "张"),
            ("预算 from:@张", FROM, "预算 ", "张"), ("预算 -from:张", FROM, "预算 ", "张"), ("FROM:张", FROM, "", "张"),
            ('from:"张 三', FROM, "", "张 三"), ("in:平台", IN, "", "平台"), ("a b 类型:表", TYPE, "a b ", "表"),
        ],
    )  # fmt: skip
    def test_one_that_is_being_typed(self, q: str, filter: Any, before: str, value: str) -> None:
        found = typing(q, LANGUAGE)
        assert found is not None
        assert (found.filter, found.before, found.value) == (filter, before, value)

    @pytest.mark.parametrize(
        "q",
        [
            "",
            "from",
            "from:张 ",
            "from:张 三",
            "xfrom:张",
            "nonsense:x",
            "http://x",
            "a:b:c",
            "：",
            ":",
            'from:"张三" ',
            '"foo from:张',
            "“foo from:张",
        ],
    )
    def test_and_what_is_none(self, q: str) -> None:
        assert typing(q, LANGUAGE) is None

    def test_a_value_takes_the_place_of_what_was_typed(self) -> None:
        found = typing("预算 -发送人：张", LANGUAGE)
        assert found is not None
        assert found.with_value("u-1") == ("-发送人:u-1", "预算 -发送人:u-1 ")

    @given(st.text(max_size=60))
    def test_no_text_is_a_fault(self, q: str) -> None:
        found = typing(q, LANGUAGE)
        assert found is None or q.startswith(found.before)

    def test_values_are_those_of_the_verticals_that_one_may_search(self) -> None:
        found = typing("类型:", LANGUAGE)
        assert found is not None
        docs = {one.token for one in values(found, [DOCS], "zh")}
        assert docs == {"类型:doc", "类型:sheet", "类型:slide", "类型:wiki", "类型:pdf"}
        assert {one.title for one in values(found, [DOCS], "en")} == {"Doc", "Sheet", "Slides", "Wiki", "PDF"}
        assert len({one.token for one in values(found, [DOCS, APPS, CONTACTS], "zh")}) > len(docs)


class TestCloseness:
    def test_what_was_said_lately_counts_more(self) -> None:
        assert weighed(["b", "a", "a"]) == ["a", "b"]
        assert weighed(["a"] * 50 + ["b"] * 90) == ["a", "b"]
        assert weighed([]) == []

    def test_no_more_than_can_be_asked_for(self) -> None:
        assert len(weighed([f"c-{n}" for n in range(500)])) == MOST


class TestShares:
    @staticmethod
    def of(kind: str, count: int) -> list[Suggestion]:
        return [Suggestion(kind, id=f"{kind}{n}") for n in range(count)]

    @pytest.mark.parametrize(
        ("counts", "limit", "expected"),
        [((9, 9, 9), 8, (3, 3, 2)), ((9, 0, 9), 8, (4, 0, 4)), ((1, 1, 9), 8, (1, 1, 6)), ((0, 0, 0), 8, (0, 0, 0)),
         ((2, 2, 2), 20, (2, 2, 2)), ((5, 5, 5), 1, (1, 0, 0))],
    )  # fmt: skip
    def test_each_kind_gets_its_share_and_what_others_leave(
        self, counts: tuple[int, ...], limit: int, expected: tuple[int, ...]
    ) -> None:
        kinds = [self.of(name, count) for name, count in zip("abc", counts, strict=True)]
        found = shared_out(kinds, limit)
        assert tuple(sum(one.kind == name for one in found) for name in "abc") == expected
        assert [one.kind for one in found] == sorted(one.kind for one in found)
