"""The proof of access: whatever happens, everybody is told what the contract's rules say, and nothing of the rest."""

from __future__ import annotations

import itertools

import pytest
from proof.asking import Tally
from proof.company import Ground
from proof.laboratory import Laboratory
from proof.story import TENANTS, tell

from search.core.endpoints import Endpoints

STORIES = 20
"""Of each seed; the seeds are the same each time."""
LEAST = 20_000
LEAST_ALIKE = 5_000


@pytest.mark.timeout(900)
def test_everybody_is_told_what_the_rules_say(world: Endpoints, capsys: pytest.CaptureFixture[str]) -> None:
    tally = Tally()
    with Laboratory(world) as laboratory:
        grounds = [Ground(laboratory, tenant) for tenant in TENANTS]
        seeds = itertools.count(1)
        while tally.checked < LEAST:
            tell(laboratory, grounds, tally, STORIES, seed=next(seeds))
    with capsys.disabled():
        print(f"\n{tally}")
    assert tally.alike >= LEAST_ALIKE
