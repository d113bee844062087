"""The proof of access once more, with more stories than there is time for each day, and other ones."""

from __future__ import annotations

import pytest
from proof.telling import told

from search.core.endpoints import Endpoints

LEAST = 60_000
LEAST_ALIKE = 15_000
SEED = 1_000
"""Far from the seeds of every day."""


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_everybody_is_told_what_the_rules_say_in_other_stories(
    world: Endpoints, capsys: pytest.CaptureFixture[str]
) -> None:
    tally = told(world, least=LEAST, seed=SEED)
    with capsys.disabled():
        print(f"\n{tally}")
    assert tally.alike >= LEAST_ALIKE
