"""Ranks and figures, from hits as they come back and outcomes as they were played."""

import pytest

from search.evaluate.figures import Played, by_kind, figures, rank
from search.evaluate.questions import KnownItem


def hits(*names: str) -> list[dict[str, str]]:
    return [dict(zip(("vertical", "id"), name.split("/"), strict=True)) for name in names]


def item(kind: str, *wanted: str) -> KnownItem:
    return KnownItem.model_validate(
        {"id": "1", "tenant": "acme", "user": "u-1", "q": "王芳", "want": hits(*wanted), "kind": kind}
    )


@pytest.mark.parametrize(
    ("kind", "place"),
    [
        ("person_exact", 1),
        ("person_pinyin_heteronym", 1),
        ("single_surname", 1),
        ("homonym", 1),
        ("group_name", 3),
        ("traditional", 3),
    ],
)
def test_only_the_kinds_that_ask_for_people_count_within_contacts(kind: str, place: int) -> None:
    found = hits("messages/m-1", "docs/d-1", "contacts/u-1", "contacts/u-2")
    assert rank(item(kind, "contacts/u-1"), found) == place


def test_any_wanted_entity_answers_and_the_first_one_counts() -> None:
    found = hits("apps/a-1", "docs/d-2", "docs/d-1")
    assert rank(item("doc_title", "docs/d-1", "docs/d-2"), found) == 2


def test_the_same_id_in_another_vertical_is_another_entity() -> None:
    assert rank(item("doc_title", "docs/x-1"), hits("apps/x-1")) is None


def test_nothing_found() -> None:
    assert rank(item("doc_title", "docs/d-1"), []) is None


def test_figures_of_found_late_and_missed() -> None:
    found = figures([Played("k", rank, ms) for rank, ms in ((1, 10.0), (4, 20.0), (10, 30.0), (None, 40.0))])
    assert (found.n, found.hit1, found.hit5, found.mrr) == (4, 0.25, 0.5, round((1 + 0.25 + 0.1) / 4, 4))
    assert (found.p50_ms, found.p95_ms) == (20.0, 40.0)


def test_the_95th_percentile_leaves_the_slowest_twentieth_out() -> None:
    found = figures([Played("k", 1, float(ms)) for ms in range(100, 0, -1)])
    assert (found.p50_ms, found.p95_ms) == (50.0, 95.0)


def test_one_question_is_its_own_median() -> None:
    found = figures([Played("k", 2, 7.0)])
    assert (found.hit1, found.hit5, found.mrr, found.p50_ms, found.p95_ms) == (0.0, 1.0, 0.5, 7.0, 7.0)


def test_kinds_are_told_apart_and_keep_their_order() -> None:
    found = by_kind([Played("b", 1, 1.0), Played("a", None, 1.0), Played("b", None, 3.0)])
    assert [(kind, one.n, one.hit1) for kind, one in found.items()] == [("b", 2, 0.5), ("a", 1, 0.0)]


def test_no_questions_have_no_figures() -> None:
    with pytest.raises(ValueError, match="no questions"):
        figures([])
