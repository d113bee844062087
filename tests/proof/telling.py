"""Tells stories of two companies in an emptied engine until enough answers have been checked."""

from __future__ import annotations

import itertools

from proof.asking import Tally
from proof.company import Ground
from proof.laboratory import Laboratory
from proof.story import TENANTS, tell

from search.core.endpoints import Endpoints

STORIES = 20
"""Of each seed; the seeds are the same each time."""


def told(endpoints: Endpoints, *, least: int, seed: int) -> Tally:
    """What was checked, at `least` so much, in stories from this seed on. Raises at the first answer that is wrong."""
    tally = Tally()
    with Laboratory(endpoints) as laboratory:
        grounds = [Ground(laboratory, tenant) for tenant in TENANTS]
        seeds = itertools.count(seed)
        while tally.checked < least:
            tell(laboratory, grounds, tally, STORIES, seed=next(seeds))
    return tally
