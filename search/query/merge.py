"""Ranked lists of different indices → one list. Their scores do not compare, so only ranks count; pure.

For example, of `预算` (E: exact name, S: does what is wished for, L: holds 预算 literally, P: parts of it; the number
is the rank):

    contacts  P1                     the tiers first, in each the fused rank, then the verticals' order
    docs      E1 L2 P3         →     docs E1, apps S1, messages L1, docs L2, messages L2, contacts P1, docs P3, …
    apps      S1
    messages  L1 L2 P3

A tier never lifts a hit over an earlier one of its own vertical: behind a P everything counts as P.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from search.access.candidates import Candidate, Candidates
from search.query.build import EXACT, LITERAL, SERVES, SERVES_IN_PART
from search.query.resolved import Sort

# Cormack, Clarke, Büttcher, "Reciprocal Rank Fusion outperforms Condorcet …", SIGIR 2009: score = Σ w / (60 + rank).
RANK_CONSTANT = 60

EXACT_TIER, SERVING_TIER, LITERAL_TIER, PARTLY_SERVING_TIER, PARTS_TIER = 0, 1, 2, 3, 4
# So many that do what is wished for go before what speaks of it; the others rank as their texts do.
MOST_SERVING = 3


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate in its place. `score` is in (0, 1] and falls with the place; it says nothing of the engine's."""

    candidate: Candidate
    score: float


def tier(candidate: Candidate, *, serves: bool = True) -> int:
    """Return a candidate's tier.

    Exact names and titles, what does what is wished for, literal runs of the query, what does a part of what is wished
    for, and last scattered parts of the query.
    """
    if EXACT in candidate.names:
        return EXACT_TIER
    if serves and SERVES in candidate.names:
        return SERVING_TIER
    if LITERAL in candidate.names:
        return LITERAL_TIER
    return PARTLY_SERVING_TIER if serves and SERVES_IN_PART in candidate.names else PARTS_TIER


def merge(answers: Sequence[Candidates], sort: Sort) -> list[Ranked]:
    """Return all candidates, best first. Each answer is a whole list from its beginning."""
    if sort != "relevance":
        return _by_time(answers, sort)
    placed = []
    for answer in answers:
        worst, serving = EXACT_TIER, 0
        for position, candidate in enumerate(answer.found):
            # Within a vertical the order stands: a later hit never passes an earlier one.
            worst = max(worst, tier(candidate, serves=serving < MOST_SERVING))
            serving += worst in (SERVING_TIER, PARTLY_SERVING_TIER)
            placed.append((worst, -_fused(answer, position + 1), answer.vertical.ranking.order, position, candidate))
    placed.sort(key=lambda place: place[:4])
    return [Ranked(candidate, _score(place, fused)) for place, fused, _, _, candidate in placed]


def time_place(candidate: Candidate, sort: Sort) -> tuple[bool, int]:
    """Return where a candidate stands in an order by time: earlier ones are less; what has no time comes last."""
    if candidate.vertical.ranking.recency is None:
        return True, 0
    moment = int(candidate.leading)
    return False, moment if sort == "oldest" else -moment


def _fused(answer: Candidates, rank: int) -> float:
    return answer.vertical.ranking.weight * (RANK_CONSTANT + 1) / (RANK_CONSTANT + rank)


def _score(place: int, fused: float) -> float:
    return round((PARTS_TIER - place - fused) / (PARTS_TIER + 1), 4)


def _by_time(answers: Sequence[Candidates], sort: Sort) -> list[Ranked]:
    timed = [
        (time_place(candidate, sort), answer.vertical.ranking.order, position, candidate)
        for answer in answers
        for position, candidate in enumerate(answer.found)
    ]
    timed.sort(key=lambda place: place[:3])
    return [Ranked(place[3], round(1 / (position + 1), 4)) for position, place in enumerate(timed)]
