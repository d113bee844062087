"""Ranks of the wanted entities, and figures over many questions."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from search.evaluate.questions import KnownItem, Target

ASKS_FOR_PEOPLE = ("single_surname", "homonym", "person_")
"""Prefixes of kinds that ask for people: their rank counts only hits of contacts."""


@dataclass(frozen=True)
class Played:
    """The outcome of one known item. `rank`: from 1, None if nothing wanted was found. `ms`: the client's time."""

    kind: str
    rank: int | None
    ms: float


@dataclass(frozen=True)
class Figures:
    """Figures over `n` questions: shares with a hit at rank 1 and within 5, mean reciprocal rank, latencies in ms."""

    n: int
    hit1: float
    hit5: float
    mrr: float
    p50_ms: float
    p95_ms: float


def rank(item: KnownItem, hits: Sequence[Mapping[str, Any]]) -> int | None:
    """Return the rank, from 1, of the first wanted entity among the hits; None if there is none."""
    if item.kind.startswith(ASKS_FOR_PEOPLE):
        hits = [hit for hit in hits if hit["vertical"] == "contacts"]
    wanted = set(item.want)
    found = (Target(vertical=hit["vertical"], id=hit["id"]) in wanted for hit in hits)
    return next((place for place, is_wanted in enumerate(found, 1) if is_wanted), None)


def by_kind(played: Iterable[Played]) -> dict[str, Figures]:
    """Return the figures of each kind, in the order in which the kinds first appear."""
    groups: dict[str, list[Played]] = defaultdict(list)
    for one in played:
        groups[one.kind].append(one)
    return {kind: figures(group) for kind, group in groups.items()}


def figures(played: Sequence[Played]) -> Figures:
    """Return the figures of what was played. Raises ValueError for none."""
    if not played:
        raise ValueError("no questions, no figures")
    ranks = [one.rank for one in played]
    times = sorted(one.ms for one in played)
    return Figures(
        n=len(played),
        hit1=_mean([rank == 1 for rank in ranks]),
        hit5=_mean([rank is not None and rank <= 5 for rank in ranks]),
        mrr=_mean([1 / rank if rank else 0.0 for rank in ranks]),
        p50_ms=round(_percentile(times, 0.50), 1),
        p95_ms=round(_percentile(times, 0.95), 1),
    )


def _mean(values: Sequence[float]) -> float:
    return round(sum(values) / len(values), 4)


def _percentile(ordered: Sequence[float], share: float) -> float:
    """Return the smallest value that is at least as large as this share of all values (nearest rank)."""
    return ordered[math.ceil(share * len(ordered)) - 1]
