"""What counts as a leak in an answer, and what does not."""

from typing import Any

import pytest

from search.evaluate.leaks import leaks
from search.evaluate.questions import Negative


def negative(**more: Any) -> Negative:
    must_not = [{"vertical": "messages", "id": "m-1"}]
    base = {"id": "n-1", "tenant": "acme", "user": "u-1", "q": "裁员", "must_not": must_not, "rule": "not_a_member"}
    return Negative.model_validate({**base, **more})


def answer(*hits: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"hits": list(hits), "denied": [], "query": {"text": "裁员", "corrected": None}, **more}


def hit(vertical: str, id: str, **more: Any) -> dict[str, Any]:
    return {"vertical": vertical, "id": id, "title": "", "snippet": "", "fields": {}, **more}


def whats(asked: Negative, status: int, body: dict[str, Any]) -> list[str]:
    return [leak.what for leak in leaks(asked, status, body)]


def test_a_forbidden_entity_among_the_hits_is_a_leak() -> None:
    [leak] = leaks(negative(), 200, answer(hit("docs", "d-1"), hit("messages", "m-1")))
    assert (leak.id, leak.rule, leak.tenant, leak.user, leak.q) == ("n-1", "not_a_member", "acme", "u-1", "裁员")
    assert leak.what == "messages m-1 is a hit"


def test_every_forbidden_entity_counts() -> None:
    asked = negative(must_not=[{"vertical": "docs", "id": "d-1"}, {"vertical": "apps", "id": "a-1"}])
    assert whats(asked, 200, answer(hit("apps", "a-1"), hit("docs", "d-1"))) == [
        "docs d-1 is a hit",
        "apps a-1 is a hit",
    ]


@pytest.mark.parametrize(
    "innocent",
    [
        hit("docs", "m-1"),
        hit("messages", "m-10"),
        hit("messages", "m-2", fields={"sender_id": "m-1"}),
        hit("messages", "m-2", title="m-1", snippet="<em>m-1</em>"),
    ],
    ids=["another vertical", "another id", "the sender of a visible message", "a text"],
)
def test_no_leak(innocent: dict[str, Any]) -> None:
    assert whats(negative(), 200, answer(innocent)) == []


def test_a_refusal_that_was_expected_is_none() -> None:
    assert whats(negative(expect=403), 403, {"status": 403}) == []


def test_a_refusal_that_does_not_come_is_a_leak_even_when_nothing_was_found() -> None:
    assert whats(negative(expect=403, must_not=[]), 200, answer()) == ["answered 200, not 403"]


def test_a_vertical_must_be_named_in_denied() -> None:
    asked = negative(denied=["contacts"])
    assert whats(asked, 200, answer(denied=["contacts"])) == []
    assert whats(asked, 200, answer(denied=["docs"])) == ["contacts is not named in denied"]


def test_what_is_visible_must_still_not_match() -> None:
    """`visible`: the caller may see the entity, whose old text must not bring it back."""
    assert whats(negative(visible=True), 200, answer(hit("messages", "m-1"))) == ["messages m-1 is a hit"]
