"""Lists of different indices become one: by rank, exact names first, never out of a vertical's own order."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from kit import VERTICALS

from search.access.candidates import Candidate, Candidates
from search.query.build import EXACT, LITERAL
from search.query.merge import EXACT_TIER, LITERAL_TIER, PARTS_TIER, merge, tier

MESSAGES, CONTACTS, DOCS, APPS = (VERTICALS[name] for name in ("messages", "contacts", "docs", "apps"))


def candidate(vertical: Any, id: str, *names: str, at: int = 0) -> Candidate:
    sort = [at, 1.0] if vertical.ranking.demoted is None else [0, 1.0]
    return Candidate(vertical, id, (1, 0), frozenset(names), {}, sort)


def found(vertical: Any, *ids: str | Candidate) -> Candidates:
    candidates = [id if isinstance(id, Candidate) else candidate(vertical, id) for id in ids]
    return Candidates(vertical, candidates, len(candidates), True)


def order(*answers: Candidates, sort: Any = "relevance") -> list[str]:
    return [place.candidate.document_id for place in merge(answers, sort)]


def test_tiers() -> None:
    assert tier(candidate(DOCS, "x", EXACT, LITERAL)) == EXACT_TIER
    assert tier(candidate(DOCS, "x", LITERAL)) == LITERAL_TIER
    assert tier(candidate(DOCS, "x")) == PARTS_TIER


def test_equal_ranks_take_turns_in_the_verticals_order() -> None:
    assert order(found(MESSAGES, "m1", "m2"), found(DOCS, "d1", "d2"), found(CONTACTS, "c1")) == [
        "c1", "d1", "m1", "d2", "m2",
    ]  # fmt: skip


def test_exact_names_go_before_literal_runs_and_these_before_parts() -> None:
    assert order(
        found(CONTACTS, "c1", "c2"),
        found(DOCS, candidate(DOCS, "d1", LITERAL), "d2"),
        found(APPS, candidate(APPS, "a1", EXACT), candidate(APPS, "a2", LITERAL)),
    ) == ["a1", "d1", "a2", "c1", "c2", "d2"]


def test_within_a_vertical_nobody_passes() -> None:
    """A disabled person of just that name stays behind the active ones."""
    contacts = found(CONTACTS, "c1", candidate(CONTACTS, "c2", EXACT))
    assert order(contacts, found(DOCS, candidate(DOCS, "d1", LITERAL))) == ["d1", "c1", "c2"]


def test_by_time_across_verticals() -> None:
    answers = (
        found(MESSAGES, candidate(MESSAGES, "m1", at=30), candidate(MESSAGES, "m2", at=10)),
        found(DOCS, candidate(DOCS, "d1", at=20)),
        found(CONTACTS, "c1", "c2"),
    )
    assert order(*answers, sort="newest") == ["m1", "d1", "m2", "c1", "c2"]


def test_oldest_first_and_what_has_no_time_last() -> None:
    answers = (
        found(CONTACTS, "c1"),
        found(MESSAGES, candidate(MESSAGES, "m1", at=10), candidate(MESSAGES, "m2", at=30)),
        found(DOCS, candidate(DOCS, "d1", at=20)),
    )
    assert order(*answers, sort="oldest") == ["m1", "d1", "m2", "c1"]


def test_nothing_is_nothing() -> None:
    assert order() == order(found(DOCS)) == []


names = st.lists(st.sampled_from([EXACT, LITERAL]), max_size=2)
lists = st.lists(st.tuples(names, st.integers(0, 5)), max_size=8)


@given(lists, lists, lists, st.sampled_from(["relevance", "newest", "oldest"]))
def test_nothing_is_lost_nobody_passes_and_scores_fall(
    one: list[Any], two: list[Any], three: list[Any], sort: str
) -> None:
    answers = []
    for vertical, made in ((MESSAGES, one), (DOCS, two), (CONTACTS, three)):
        by_time = sorted(made, key=lambda pair: pair[1] if sort == "oldest" else -pair[1])
        listed = made if sort == "relevance" else by_time
        answers.append(
            found(
                vertical,
                *(candidate(vertical, f"{vertical.name}-{n}", *names, at=at) for n, (names, at) in enumerate(listed)),
            )
        )
    merged = merge(answers, sort)  # type: ignore[arg-type]
    ids = [place.candidate.document_id for place in merged]
    for answer in answers:
        own = [candidate.document_id for candidate in answer.found]
        assert [id for id in ids if id in own] == own
    assert len(ids) == len(one) + len(two) + len(three)
    scores = [place.score for place in merged]
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score <= 1 for score in scores)


def test_a_score_says_nothing_of_the_engine_s() -> None:
    strong = Candidate(DOCS, "d", (1, 0), frozenset(), {}, [999.0, 1])
    weak = Candidate(DOCS, "d", (1, 0), frozenset(), {}, [0.001, 1])
    assert merge([found(DOCS, strong)], "relevance")[0].score == merge([found(DOCS, weak)], "relevance")[0].score
