"""Cursors: what was given comes back, and nothing else is taken."""

from __future__ import annotations

import base64
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.core.errors import BadRequest
from search.query.cursor import DEEPEST, decode, encode

positions = st.dictionaries(
    st.sampled_from(["messages", "contacts", "docs", "apps"]), st.integers(min_value=0, max_value=DEEPEST)
)


def encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@given(positions)
def test_what_was_given_comes_back(taken: dict[str, int]) -> None:
    assert decode(encode(taken)) == taken


@given(positions)
def test_it_needs_no_encoding_in_an_address_and_is_short(taken: dict[str, int]) -> None:
    cursor = encode(taken)
    assert quote(cursor, safe="") == cursor
    assert len(cursor) <= 400


def test_equal_places_are_equal_cursors() -> None:
    assert encode({"docs": 1, "apps": 2}) == encode({"apps": 2, "docs": 1})


@pytest.mark.parametrize("cursor", [None, ""])
def test_none_is_the_first_page(cursor: str | None) -> None:
    assert decode(cursor) == {}


@pytest.mark.parametrize(
    "cursor",
    [
        "x", "!", "😀", "=", "\x00", encoded("null"), encoded("[]"), encoded("1"), encoded('"docs"'), encoded("{"),
        encoded('{"docs":-1}'), encoded(f'{{"docs":{DEEPEST + 1}}}'), encoded('{"docs":true}'), encoded('{"docs":1.0}'),
        encoded('{"docs":"1"}'), encoded('{"docs":null}'), encoded('{"docs":{"a":1}}'), encoded('{"docs":1e400}'),
        encoded("[" * 100), "_w", "_____w",
    ],
)  # fmt: skip
def test_anything_else_is_the_caller_s_mistake(cursor: str) -> None:
    with pytest.raises(BadRequest, match="cursor"):
        decode(cursor)


@given(st.text())
def test_no_text_is_a_mistake_of_ours(cursor: str) -> None:
    try:
        taken = decode(cursor)
    except BadRequest:
        return
    assert all(isinstance(name, str) and 0 <= count <= DEEPEST for name, count in taken.items())
