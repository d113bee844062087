"""Measures of ranked lists against judgements, and whether two systems differ."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import ir_measures
from ir_measures import RR, R, Success, nDCG

DEPTH = 10
MEASURES = {"mrr10": RR @ DEPTH, "hit1": Success @ 1, "recall10": R @ DEPTH, "ndcg10": nDCG @ DEPTH}
RESAMPLES = 2000
SEED = 20260301

Relevance = Mapping[str, Mapping[str, int]]
Runs = Mapping[str, Sequence[str]]
"""Question → document ids, best first."""


def measure(relevance: Relevance, runs: Runs) -> dict[str, dict[str, float]]:
    """Return measure → question → value; a question without an answer counts as 0."""
    judged = {question: dict(relevance[question]) for question in runs}
    ranked = {
        question: {document: 1 / (place + 1) for place, document in enumerate(documents)}
        for question, documents in runs.items()
    }
    values: dict[str, dict[str, float]] = {name: dict.fromkeys(runs, 0.0) for name in MEASURES}
    names = {measure: name for name, measure in MEASURES.items()}
    for metric in ir_measures.iter_calc(list(MEASURES.values()), judged, ranked):
        values[names[metric.measure]][metric.query_id] = metric.value
    return values


def mean(values: Mapping[str, float]) -> float:
    return sum(values.values()) / len(values)


@dataclass(frozen=True)
class Difference:
    """The difference of two means over the same questions, with its 95 % interval."""

    mean: float
    low: float
    high: float


def difference(ours: Mapping[str, float], theirs: Mapping[str, float]) -> Difference:
    """Return the difference by a paired bootstrap over questions (Sakai, SIGIR 2006).

    The interval is of percentiles, and the resampling is seeded.
    """
    deltas = [ours[question] - theirs[question] for question in sorted(ours)]
    chance = random.Random(SEED)  # noqa: S311 - resampling, not secrets
    means = sorted(sum(chance.choices(deltas, k=len(deltas))) / len(deltas) for _ in range(RESAMPLES))
    low, high = means[int(0.025 * RESAMPLES)], means[int(0.975 * RESAMPLES) - 1]
    return Difference(sum(deltas) / len(deltas), low, high)
