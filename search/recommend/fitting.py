"""How much each signal counts: fitted on what people took up after a day, by what was known before it; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.recommend.model import Model
from search.recommend.rule import Floats
from search.recommend.signals import Signal, signals

# Of all first uses, those that are left to be foretold.
LATEST: Final = 0.12
MOST_PEOPLE: Final = 2_000
# Fewer tell nothing: then what has done well elsewhere counts.
LEAST_PEOPLE: Final = 100
ROUNDS: Final = 300
PACE: Final = 0.05
REGULARISATION: Final = 1e-3
SEED: Final = 1

# Of a log too small to fit: everything counts, by a scale on which each signal is about as wide as any other.
USUAL: Final[Mapping[str, float]] = {
    Signal.TOGETHER.name: 1.0,
    Signal.SHARED.name: 0.3,
    Signal.FACTORS.name: 1.0,
    Signal.DEPARTMENT.name: 0.4,
    Signal.ABOVE_USUAL.name: 0.4,
    Signal.ROLE.name: 0.2,
    Signal.POPULAR.name: 0.3,
    Signal.ALIKE.name: 0.5,
    Signal.FRESH.name: 0.2,
}


@dataclass(frozen=True, eq=False)
class Choice:
    """What one person took up. `used`: places of the apps that they used before; `groups`: theirs."""

    used: NDArray[np.intp]
    groups: frozenset[str]
    taken: int


def weights(model: Model, choices: Sequence[Choice]) -> Mapping[str, float]:
    """Return the weight of each signal, 0 or more, by which what was taken up would have been foretold best.

    A softmax over the apps that each person did not use yet, fitted by Adam (Kingma and Ba, 2014). `model`: of what was
    known before. Apps of which nothing may be told are left out: they are no answer that could be right.
    """
    told = model.users > 0
    known = [one for one in choices if told[one.taken]]
    if len(known) < LEAST_PEOPLE:
        return USUAL
    if len(known) > MOST_PEOPLE:
        drawn = np.random.default_rng(SEED).choice(len(known), MOST_PEOPLE, replace=False)
        known = [known[place] for place in sorted(drawn)]
    seen = np.stack([signals(model, one.used, one.groups).astype(np.float32) for one in known])
    open_to = np.repeat(told[None, :], len(known), axis=0)
    for row, one in enumerate(known):
        open_to[row, one.used] = False
        open_to[row, one.taken] = True
    spread = seen.reshape(-1, len(Signal)).std(axis=0, dtype=np.float64)
    scale = np.where(spread > 1e-6, spread, np.inf)  # what never differs counts nothing
    seen /= scale.astype(np.float32)
    found = _fit(seen, open_to, np.array([one.taken for one in known])) / scale
    return {signal.name: round(float(found[signal]), 5) for signal in Signal}


def _fit(seen: NDArray[np.float32], open_to: NDArray[np.bool_], taken: NDArray[np.intp]) -> Floats:
    people = np.arange(len(taken))
    wanted = seen[people, taken].mean(axis=0)
    found, first, second = np.zeros((3, seen.shape[2]))
    for number in range(1, ROUNDS + 1):
        scores = np.where(open_to, seen @ found.astype(np.float32), np.float32(-np.inf))
        likely = np.exp(scores - scores.max(axis=1, keepdims=True))
        likely /= likely.sum(axis=1, keepdims=True)
        slope = np.tensordot(likely, seen, axes=([0, 1], [0, 1])) / len(taken) - wanted + REGULARISATION * found
        first, second = 0.9 * first + 0.1 * slope, 0.99 * second + 0.01 * slope**2
        step = first / (1 - 0.9**number) / (np.sqrt(second / (1 - 0.99**number)) + 1e-8)
        found = np.maximum(found - PACE * step, 0.0)
    return found


def weight_of(model: Model) -> Floats:
    """Return a model's weights, in the order of the signals."""
    return np.array([model.weights.values.get(signal.name, 0.0) for signal in Signal])
