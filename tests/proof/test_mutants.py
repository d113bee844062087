"""Every clause of the access rules counts: without it, the proof fails."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
import structlog
from proof.company import Ground
from proof.laboratory import Laboratory
from proof.mutants import Mutant, SourceMoved, alive, mutants
from proof.mutation import fates
from proof.scene import play
from proof.story import TENANTS

from search.core.endpoints import Endpoints


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Mutants make the product log, and at great length when it fails."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.configure(**before)


@pytest.mark.timeout(900)
def test_no_mutant_survives(world: Endpoints) -> None:
    with Laboratory(world) as laboratory:
        grounds = [Ground(laboratory, tenant) for tenant in TENANTS]
        play(laboratory, grounds)
        found = list(fates(laboratory, grounds))
        play(laboratory, grounds)
    assert len(found) == len(list(mutants())) > 90
    assert [str(fate) for fate in found if fate.noticed is None] == []


@pytest.mark.parametrize(
    "mutant",
    [
        Mutant("search.access.scopes", "what is not there", "", "paper"),
        Mutant("search.access.scopes", "return", "", "paper"),
        Mutant("search.access.scopes", 'SEARCH = "search"', 'SEARCH = "sea" + "rch"', "paper"),
    ],
    ids=["absent", "ambiguous", "without effect"],
)
def test_a_mutant_that_cannot_be_made_is_an_error(mutant: Mutant) -> None:
    with pytest.raises(SourceMoved), alive(mutant):
        pass
