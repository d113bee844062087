"""The proof of access: whatever happens, everybody is told what the contract's rules say, and nothing of the rest."""

from __future__ import annotations

import pytest
from proof.telling import told

from search.core.endpoints import Endpoints

LEAST = 20_000
LEAST_ALIKE = 5_000


@pytest.mark.timeout(900)
def test_everybody_is_told_what_the_rules_say(world: Endpoints, capsys: pytest.CaptureFixture[str]) -> None:
    tally = told(world, least=LEAST, seed=1)
    with capsys.disabled():
        print(f"\n{tally}")
    assert tally.alike >= LEAST_ALIKE
