"""How good lists of recommendations are: figures over all people, and how sure the differences are; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log2
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

AT: Final = 10
DRAWS: Final = 2_000
SEED: Final = 7


@dataclass(frozen=True)
class RecommendFigures:
    """Of the first ten. `novelty`: the mean of −log2 of the share of people who use an app; `new_share`: of new ones.

    `coverage`: of the apps that anybody may see, how many are recommended to anybody.
    """

    recall10: float
    ndcg10: float
    coverage: float
    novelty: float
    new_share: float


@dataclass(frozen=True)
class Difference:
    """Of nDCG@10 between two models, with the limits between which 95 of 100 drawn again lie."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Measured:
    """What lists are measured by. `taken`: of each person, what they took up; None for those who are not tested.

    `shares`: what share of people uses each app. `new`: apps that are new. `visible`: apps that anybody may see.
    """

    taken: Sequence[str | None]
    shares: Mapping[str, float]
    new: frozenset[str]
    visible: frozenset[str]

    def figures(self, lists: Sequence[Sequence[str]]) -> RecommendFigures:
        """Return the figures of the lists, one for each person."""
        shown = [app for one in lists for app in one[:AT]]
        gains = self.gains(lists)
        rare = 1 / max(len(self.taken), 1)
        return RecommendFigures(
            recall10=_mean(gains > 0),
            ndcg10=_mean(gains),
            coverage=round(len(set(shown)) / max(len(self.visible), 1), 4),
            novelty=_mean(np.array([-log2(max(self.shares.get(app, 0.0), rare)) for app in shown])),
            new_share=_mean(np.array([app in self.new for app in shown])),
        )

    def gains(self, lists: Sequence[Sequence[str]]) -> NDArray[np.float64]:
        """Return of each tested person 1 / log2(rank + 1) of what they took up; 0 where it is not in their first ten.

        With one right answer that is nDCG.
        """
        return np.array(
            [
                1 / log2(2 + one[:AT].index(app)) if app in one[:AT] else 0.0
                for app, one in zip(self.taken, lists, strict=True)
                if app is not None
            ]
        )


def difference(one: NDArray[np.float64], other: NDArray[np.float64]) -> Difference:
    """Return by how much the first is better, person by person (a paired bootstrap)."""
    by = one - other
    draws = np.random.default_rng(SEED).integers(0, len(by), (DRAWS, len(by)))
    low, high = np.quantile(by[draws].mean(axis=1), [0.025, 0.975])
    return Difference(round(float(by.mean()), 4), round(float(low), 4), round(float(high), 4))


def _mean(values: NDArray[Any]) -> float:
    return round(float(np.mean(values)), 4) if len(values) else 0.0
