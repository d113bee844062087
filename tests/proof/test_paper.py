"""The rules, clause by clause: the filter, the check of one document, and the oracle decide alike."""

from __future__ import annotations

from proof.paper import decide


def test_filter_and_check_and_oracle_decide_alike() -> None:
    assert decide(150) > 100_000
