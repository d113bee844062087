"""Which apps a list shows, of those in the order of their scores: places for new and quiet ones, and variety; pure.

Of each ten places the seventh is a new app's and the tenth a quiet one's, of which little or nothing may be told: what
nobody is shown, nobody takes up. A short list has one such place, its last. Of ten not more than three are of one
category; and what somebody has been shown often and left goes behind what they have not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

Place = Literal["best", "new", "quiet"]

ROUND: Final = 10
NEW_AT: Final = 7
QUIET_AT: Final = 10
SHORTEST_WITH_PLACES: Final = 4
MOST_OF_A_CATEGORY: Final = 3
# Shown in so many answers and opened in none, it goes behind; after twice as many, behind all others.
SEEN_ENOUGH: Final = 5


@dataclass(frozen=True, slots=True)
class Rated:
    """An app that may be shown. `score`: higher is better. `likeness`: to what they use, for a quiet place.

    `published`: microseconds since 1970. `is_new`, `is_quiet`: may take such a place.
    """

    app_id: str
    score: float
    published: int
    category: str
    likeness: float = 0.0
    is_new: bool = False
    is_quiet: bool = False


def place_at(position: int, limit: int) -> Place:
    """Return whose the place at a position is, from 1, of a list of so many."""
    if SHORTEST_WITH_PLACES <= limit < ROUND:
        return "new" if position == limit else "best"
    in_round = (position - 1) % ROUND + 1
    return "new" if in_round == NEW_AT else "quiet" if in_round == QUIET_AT else "best"


def chosen(apps: Sequence[Rated], seen: Mapping[str, int], limit: int) -> list[tuple[Rated, Place]]:
    """Return at most `limit` apps, in the order in which they are shown, each with whose place it has."""

    def tired(one: Rated) -> int:
        return min(seen.get(one.app_id, 0) // SEEN_ENOUGH, 2)

    best = sorted(apps, key=lambda one: (tired(one), -one.score, *_by_date(one)))
    fresh = [one for one in best if not tired(one)]
    new = sorted((one for one in fresh if one.is_new), key=lambda one: (-one.score, *_by_date(one)))
    quiet = sorted((one for one in fresh if one.is_quiet), key=lambda one: (-one.likeness, *_by_date(one)))
    queues: Mapping[Place, list[Rated]] = {"best": best, "new": new, "quiet": quiet}
    found: list[tuple[Rated, Place]] = []
    taken: set[str] = set()
    while len(found) < min(limit, len(best)):
        place = place_at(len(found) + 1, limit)
        kept = [] if place == "best" else [one for one in queues[place] if one.app_id not in taken]
        if place == "new" and not kept and limit < ROUND:
            place, kept = "quiet", [one for one in quiet if one.app_id not in taken]
        one = kept[0] if kept else _varied(best, taken, [app for app, _ in found])
        found.append((one, place if kept else "best"))
        taken.add(one.app_id)
    return found


def _varied(best: Sequence[Rated], taken: set[str], shown: Sequence[Rated]) -> Rated:
    """Return the best that is left, of a category that this round has not enough of; if there is none, of any."""
    here = Counter(one.category for one in shown[len(shown) // ROUND * ROUND :])
    left = [one for one in best if one.app_id not in taken]
    return next((one for one in left if here[one.category] < MOST_OF_A_CATEGORY), left[0])


def _by_date(one: Rated) -> tuple[int, str]:
    """Return what equals go by: the latest first, then by id."""
    return -one.published, one.app_id
