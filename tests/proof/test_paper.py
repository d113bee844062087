"""The rules, clause by clause: the filter, the check of one document, and the oracle decide alike."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from proof.companies import HOURS, USERS, Change, change, founded, time_at
from proof.company import cloud_event
from proof.oracle import moment
from proof.paper import compare

ON_PAPER = settings(max_examples=150, database=None, deadline=None, suppress_health_check=list(HealthCheck))


@ON_PAPER
@given(founded(), st.lists(change(), max_size=8), st.integers(0, HOURS), st.sampled_from((-1, 0, 1)), st.randoms())
def test_filter_and_check_and_oracle_decide_alike(
    told: Sequence[Change], later: Sequence[Change], hour: int, edge: int, rng: st.DataObject
) -> None:
    events = [
        cloud_event(
            one,
            "paper",
            number,
        )
        for number, one in enumerate([*told, *later])
    ]
    rng.shuffle(events)
    assert compare(events, "paper", USERS, moment(time_at(hour)) + edge)
