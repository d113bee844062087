"""What is given out comes back as it was, or not at all; hashes say who is the same and nothing else."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from structlog.testing import capture_logs

from search.access.identity import Caller
from search.access.sealing import Broken, Sealing, caller_hash
from search.core.errors import ConfigurationError
from search.core.settings import SealingSettings

KEY = b"k" * 32
SEALING = Sealing(KEY)


@given(st.binary(max_size=200), st.binary(max_size=50))
def test_what_was_sealed_comes_back_with_what_it_was_bound_to(content: bytes, bound: bytes) -> None:
    sealed = SEALING.seal("cursor", content, bound)
    assert quote(sealed, safe="") == sealed
    assert Sealing(KEY).unseal("cursor", sealed, bound) == content


def test_one_content_is_sealed_differently_each_time() -> None:
    assert SEALING.seal("cursor", b"x", b"") != SEALING.seal("cursor", b"x", b"")


SEALED = SEALING.seal("cursor", b"content", b"bound")


@pytest.mark.parametrize("at", range(len(SEALED) - 1))  # of the last character, some bits mean nothing
def test_no_change_of_a_character_is_taken(at: int) -> None:
    for other in {*"Aa0-_é!="} - {SEALED[at]}:
        with pytest.raises(Broken):
            SEALING.unseal("cursor", SEALED[:at] + other + SEALED[at + 1 :], b"bound")


@pytest.mark.parametrize("text", ["", "x", "!", "😀", "=", "\x00", "A" * 15, "A" * 400, "_w"])
def test_what_was_made_up_is_not_taken(text: str) -> None:
    with pytest.raises(Broken):
        SEALING.unseal("cursor", text, b"")


def test_it_is_good_for_one_purpose_one_binding_and_one_key() -> None:
    sealed = SEALING.seal("cursor", b"x", b"mine")
    for sealing, purpose, bound in (
        (SEALING, "other", b"mine"),
        (SEALING, "cursor", b"yours"),
        (Sealing(), "cursor", b"mine"),
    ):
        with pytest.raises(Broken):
            sealing.unseal(purpose, sealed, bound)


def test_hashes_tell_parts_purposes_and_keys_apart() -> None:
    hashes = [
        SEALING.hash("a", "x", "yz"), SEALING.hash("a", "xy", "z"), SEALING.hash("b", "x", "yz"),
        Sealing(b"o" * 32).hash("a", "x", "yz"), SEALING.hash("a", "xyz"),
    ]  # fmt: skip
    assert len(set(hashes)) == len(hashes)
    assert SEALING.hash("a", "x", "yz") == Sealing(KEY).hash("a", "x", "yz")


def test_a_caller_is_tenant_user_and_app_whatever_the_mode() -> None:
    one = Caller("acme", "u-1", "gateway")
    assert caller_hash(SEALING, one) == caller_hash(SEALING, Caller("acme", "u-1", "jwt", scopes=frozenset({"search"})))
    others = [
        Caller("globex", "u-1", "gateway"),
        Caller("acme", "u-2", "gateway"),
        Caller("acme", "u-1", "jwt", app="a-1"),
    ]
    assert len({caller_hash(SEALING, who) for who in (one, *others)}) == 4


def test_a_random_key_is_told_of_and_a_weak_one_refused() -> None:
    with capture_logs() as lines:
        Sealing.configured(SealingSettings())
    assert [line["event"] for line in lines] == ["sealing_key_is_random"]
    with pytest.raises(ConfigurationError, match="OFFICE_SEARCH_SEALING_KEY"):
        Sealing.configured(SealingSettings(key=SecretStr("short")))
