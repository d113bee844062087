"""The proof of access: whatever happens, everybody is told what the contract's rules say, and nothing of the rest."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from proof.asking import Tally
from proof.company import Ground
from proof.laboratory import Laboratory
from proof.story import Story

from search.core.stack import Endpoints

LEAST = 20_000
STORIES = 40


@pytest.mark.timeout(600)
def test_everybody_is_told_what_the_rules_say(world: Endpoints) -> None:
    tally = Tally()
    with Laboratory(world) as laboratory:
        grounds = [Ground(laboratory, tenant) for tenant in ("proof", "twin")]
        run_state_machine_as_test(
            lambda: Story(laboratory, grounds, tally),
            settings=settings(
                max_examples=STORIES,
                stateful_step_count=12,
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
    print(tally)
    assert tally.checked >= LEAST, tally
