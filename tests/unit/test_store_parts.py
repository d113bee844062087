"""Parts of the store by themselves: what is counted, in which order apps go, what is like one, what may be told."""

from __future__ import annotations

from typing import Any

import pytest
from kit import VERTICALS

from search.access import facets
from search.access.facets import Facet
from search.recommend.figures import AppFigure, AppFigures, Neighbour
from search.recommend.store import MODULE
from search.store.asked import AppAsked, AskedFigures, Unserved, figures, may_tell, told
from search.store.order import order, ordered, quality
from search.store.similar import content_query, mixed, reason

APPS = VERTICALS["apps"]
TEXT = {"match_all": {}}
FACETS = [Facet("category", "category", "财务"), Facet("kind", "kind")]


def test_the_store_meets_apps_behind_its_own_module() -> None:
    behind = APPS.behind(MODULE)
    assert (behind.module, APPS.module) == ("discover.apps", "search.apps")
    assert (behind.name, behind.properties) == (APPS.name, APPS.properties)


# Counts


def test_a_facet_is_counted_under_the_others_alone_and_never_where_there_is_none() -> None:
    body = facets.asked(FACETS)
    assert body["post_filter"] == {"bool": {"filter": [{"term": {"category": "财务"}}]}}
    category, kind = body["aggs"]["category"], body["aggs"]["kind"]
    assert category["filter"] == {"bool": {"filter": []}}
    assert kind["filter"] == {"bool": {"filter": [{"term": {"category": "财务"}}]}}
    # With 0 the engine would name values that stand in hidden documents alone.
    assert "min_doc_count" not in category["aggs"]["values"]["terms"]
    assert facets.asked([]) == {}


@pytest.mark.parametrize("nonsense", [{}, {"category": {}}, {"category": {"values": {"buckets": [{"key": 1}]}}}])
def test_what_is_no_count_is_refused(nonsense: Any) -> None:
    with pytest.raises((KeyError, ValueError)):
        facets.told(FACETS[:1], nonsense)


# Order

USED = AppFigures(
    {
        "a-1": AppFigure(popularity=9.0, trend=-1.0, rating=5.0),
        "a-2": AppFigure(popularity=9.0, trend=2.0),
        "a-3": AppFigure(popularity=1.0),
    }
)


def test_apps_of_one_step_are_one_clause() -> None:
    body = ordered(TEXT, USED, "popular", has_text=True)
    assert body["function_score"]["functions"] == [
        {"filter": {"ids": {"values": ["a-3"]}}, "weight": 2.0},
        {"filter": {"ids": {"values": ["a-1", "a-2"]}}, "weight": 10.0},
    ]
    assert body["function_score"]["boost_mode"] == "replace"


def test_a_trend_lifts_and_lowers_and_what_is_unknown_lies_between() -> None:
    functions = ordered(TEXT, USED, "trending", has_text=False)["function_score"]["functions"]
    assert {one["weight"]: one["filter"]["ids"]["values"] for one in functions} == {0.5: ["a-1"], 4.0: ["a-2"]}


def test_use_lifts_what_fits_by_a_quarter_at_most() -> None:
    body = ordered(TEXT, USED, "relevance", has_text=True)
    assert body["function_score"]["boost_mode"] == "multiply"
    weights = [one["weight"] for one in body["function_score"]["functions"]]
    assert all(0.9 < weight <= 1.3 for weight in weights)
    assert quality(AppFigure(), 9.0) == 1.0
    assert ordered(TEXT, AppFigures(), "relevance", has_text=True) == TEXT
    # Without anything to fit, what is used most goes first.
    assert ordered(TEXT, USED, "relevance", has_text=False) == ordered(TEXT, USED, "popular", has_text=False)


def test_the_newest_go_by_date_alone() -> None:
    assert order(APPS, "new") == [{"published_at": {"order": "desc"}}, {"_seq_no": {"order": "desc"}}]
    assert order(APPS, "popular")[0] == "_score"
    assert ordered(TEXT, USED, "new", has_text=True) == {"bool": {"filter": [TEXT]}}


# Likeness


def test_what_is_like_an_app_goes_by_what_it_says_and_by_its_people() -> None:
    figure = AppFigure(together=[Neighbour("b", 1.0), Neighbour("c", 0.5)])
    assert mixed(figure, ["c", "d"]) == ["c", "b", "d"]
    assert mixed(AppFigure(), ["c", "d"]) == ["c", "d"]
    assert reason(figure, "c", "a", "报销", "zh").kind == "used_together"
    told_why = reason(figure, "d", "a", "Expenses", "en")
    assert (told_why.kind, told_why.text, told_why.app_id) == ("similar_to", "Like Expenses", "a")


def test_an_app_of_few_words_is_like_its_category() -> None:
    body = content_query(APPS, "a-1", {"category": "财务", "description": ""}, None)
    assert body["bool"]["must_not"] == [{"ids": {"values": ["a-1"]}}]
    assert "match" not in str(body["bool"]["should"])


# What may be told


@pytest.mark.parametrize(
    ("users", "people", "shown"),
    [(10, 1000, 0), (11, 1000, 10), (11, 20, 0), (11, 21, 10), (19, 1000, 10), (20, 1000, 20), (49, 1000, 20),
     (50, 1000, 50), (999, 5000, 500), (1000, 5000, 1000), (995, 1000, 0)],
)  # fmt: skip
def test_a_number_of_people_is_told_in_steps_and_only_of_groups(users: int, people: int, shown: int) -> None:
    assert told(users, people) == shown
    assert may_tell(users, people) == bool(shown)


def _users(count: int, start: int = 0) -> list[str]:
    return [f"u-{number}" for number in range(start, start + count)]


def test_questions_come_to_what_enough_people_opened() -> None:
    opened = [("打车", "cars", user) for user in _users(14)]
    opened += [("打车", "bus", user) for user in _users(10)]
    opened += [("打车", "bus", "u-0")]  # again
    opened += [("", "bus", "u-99")]  # from a page, without a question
    shown = [("bus", user) for user in _users(30)]
    unserved = [("火箭", "火箭", user) for user in _users(12)] + [("飞碟", "飞碟", "u-1")]
    made = figures(1000, 60, opened, shown, unserved)
    assert made.opened == {"打车": ["cars"]}
    assert made.apps == {"bus": AppAsked(0, 20, 10), "cars": AppAsked(10, 0, 10)}
    assert made.unserved == [Unserved(10, "火箭")]
    assert AskedFigures.of(made.stored()) == made


def test_the_order_of_two_apps_does_not_change_with_one_person() -> None:
    opened = [("q", "b", user) for user in _users(19)] + [("q", "a", user) for user in _users(12)]
    assert figures(0, 100, opened, [], []).opened == {"q": ["a", "b"]}
