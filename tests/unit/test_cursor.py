"""Cursors: what was given comes back to the same caller for the same question, and nothing else is taken."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.access.principal import Principal, Rules
from search.access.sealing import Sealing
from search.api.schemas import LONGEST_CURSOR
from search.core.errors import BadRequest
from search.query.cursor import DEEPEST, NOTHING, OLDEST_S, Cursors, Seen
from search.query.question import Question

SEALING = Sealing(b"k" * 32)
ME = Principal("acme", "u-1", frozenset(), (), {}, {}, Rules([{}] * 64))
NOW = 1_800_000_000.0

places = st.lists(
    st.tuples(st.sampled_from(["messages", "contacts", "docs", "apps"]), st.text("abc-019", min_size=1)), unique=True
)
times = st.none() | st.tuples(st.booleans(), st.integers(-(2**62), 2**62))


def cursors(caller: Principal = ME, now: float = NOW, sealing: Sealing = SEALING, **question: object) -> Cursors:
    return Cursors(sealing, caller, Question(**{"q": "预算", **question}), clock=lambda: now)  # type: ignore[arg-type]


def opened(
    given: str, caller: Principal = ME, now: float = NOW, sealing: Sealing = SEALING, **question: object
) -> Seen:
    return cursors(caller, now, sealing, cursor=given, **question).decode()


@given(places, places, times)
def test_what_was_shown_on_any_page_before_is_seen(
    first: list[tuple[str, str]], second: list[tuple[str, str]], last: tuple[bool, int] | None
) -> None:
    seen = opened(cursors().encode(NOTHING.with_shown(first, None).with_shown(second, last)))
    assert all(seen.has(*place) for place in (*first, *second))
    assert not seen.has("messages", "another")
    assert sum(seen.counts.values()) == len(first) + len(second)
    assert seen.last == last


def test_there_is_nothing_before_the_first_page() -> None:
    assert cursors().decode() == cursors(cursor="").decode() == NOTHING


def test_the_longest_is_taken_by_the_api_and_needs_no_encoding() -> None:
    deepest = NOTHING.with_shown((("messages", f"m-{number}") for number in range(DEEPEST)), (False, -(2**62)))
    given = cursors().encode(deepest)
    assert quote(given, safe="") == given
    assert len(given) <= LONGEST_CURSOR


def test_its_length_tells_of_what_was_shown_alone() -> None:
    lengths = {len(cursors().encode(NOTHING.with_shown([("docs", f"f-{n}")], None))) for n in range(50)}
    assert len(lengths) == 1


OTHERS = {
    "another user": {"caller": replace(ME, user="u-2")},
    "another tenant": {"caller": replace(ME, tenant="globex")},
    "an app": {"caller": replace(ME, app="a-1")},
    "another key": {"sealing": Sealing(b"o" * 32)},
    "another text": {"q": "预算表"},
    "other verticals": {"verticals": ["docs"]},
    "a filter": {"filters": {"from": "张三"}},
    "another order": {"sort": "newest"},
    "another zone": {"timezone": "Europe/Berlin"},
}


@pytest.mark.parametrize("name", OTHERS)
def test_it_is_good_for_its_caller_and_question_alone(name: str) -> None:
    given = cursors().encode(NOTHING)
    with pytest.raises(BadRequest, match=r"cursor: not one .* for this question; ask without it"):
        opened(given, **OTHERS[name])  # type: ignore[arg-type]


def test_pages_may_have_different_lengths() -> None:
    assert opened(cursors(limit=10).encode(NOTHING), limit=50) == NOTHING


def test_it_gets_old() -> None:
    given = cursors().encode(NOTHING)
    assert opened(given, now=NOW + OLDEST_S - 1) == NOTHING
    with pytest.raises(BadRequest, match="cursor: older than an hour; ask without it"):
        opened(given, now=NOW + OLDEST_S + 1)


@pytest.mark.parametrize("made_up", ["x", "!", "😀", "=", "\x00", "bnVsbA", "A" * 500, "_w", "eyJkb2NzIjoxfQ"])
def test_anything_else_is_the_caller_s_mistake(made_up: str) -> None:
    with pytest.raises(BadRequest, match="cursor: not one"):
        opened(made_up)
