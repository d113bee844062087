"""Whether something measured again and again under a steady load stays as it is: slopes, and a verdict on them."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

Point = tuple[float, float]
"""(seconds since the beginning, value)"""

BLOCKS = 40
FEWEST = 8
Z95 = 1.96
# Answers are slower when both are so: by share, and by more than a busy machine adds to any.
SLOWER, SLOWER_MS = 1.5, 20.0


@dataclass(frozen=True)
class Trend:
    """How a value goes: its median, its slope per minute, the bounds of that (95 %), and over how many minutes."""

    level: float
    per_minute: float
    low: float
    high: float
    minutes: float

    def allowed(self, *, share: float, least: float) -> float:
        """Return by how much it may grow in all its minutes: a share of its level, but never less than `least`."""
        return max(share * self.level, least)

    def grows(self, *, share: float, least: float) -> bool:
        """Return whether even the low bound comes to more than it may grow by."""
        return self.low * self.minutes > self.allowed(share=share, least=least)


def trend(points: Sequence[Point], since: float) -> Trend | None:
    """Return the trend of what was measured from `since` on; None where that is too little.

    The slope is the median of the slopes between any two points (Theil 1950; Sen, Journal of the American Statistical
    Association 63, 1968, pages 1379-1389), which single outliers do not move. With N pairs of n points its bounds are
    the slopes at the ranks (N - c) / 2 and (N + c) / 2 + 1, with c = z * sqrt(n (n - 1) (2n + 5) / 18), the deviation
    of Kendall's statistic (Hollander and Wolfe, Nonparametric Statistical Methods, 1973, section 9.3). That takes the
    points for independent, which neighbours are not; so the medians of at most BLOCKS stretches are its points.
    """
    kept = _blocks([point for point in points if point[0] >= since])
    if len(kept) < FEWEST:
        return None
    slopes = sorted(
        (later - earlier) / (after - before)
        for number, (before, earlier) in enumerate(kept)
        for after, later in kept[number + 1 :]
        if after > before
    )
    pairs, count = len(slopes), len(kept)
    spread = Z95 * math.sqrt(count * (count - 1) * (2 * count + 5) / 18)
    low = slopes[max(0, math.floor((pairs - spread) / 2) - 1)]
    high = slopes[min(pairs - 1, math.ceil((pairs + spread) / 2))]
    minutes = (kept[-1][0] - kept[0][0]) / 60
    level = statistics.median(value for _, value in kept)
    return Trend(level, statistics.median(slopes) * 60, low * 60, high * 60, minutes)


@dataclass(frozen=True)
class Drift:
    """Answers of the first and of the last third: their median and their 95th percentile, in ms."""

    first: tuple[float, float]
    last: tuple[float, float]

    @property
    def is_slower(self) -> bool:
        return any(
            later > SLOWER * earlier and later - earlier > SLOWER_MS
            for earlier, later in zip(self.first, self.last, strict=True)
        )


def drift(answers: Sequence[Point], since: float, until: float) -> Drift | None:
    """Compare the answers (seconds since the beginning, ms) of the thirds; None where one of them has too few."""
    third = (until - since) / 3
    first = [ms for at, ms in answers if since <= at < since + third]
    last = [ms for at, ms in answers if until - third <= at <= until]
    if min(len(first), len(last)) < FEWEST:
        return None
    return Drift(percentiles(first), percentiles(last))


def percentiles(values: Sequence[float]) -> tuple[float, float]:
    """Return the median and the 95th percentile of at least one value."""
    if len(values) == 1:
        return values[0], values[0]
    cuts = statistics.quantiles(values, n=20, method="inclusive")
    return cuts[9], cuts[18]


def _blocks(points: Sequence[Point]) -> Sequence[Point]:
    size = math.ceil(len(points) / BLOCKS)
    if size < 2:
        return points
    parts = [points[start : start + size] for start in range(0, len(points), size)]
    return [(statistics.median(at for at, _ in part), statistics.median(value for _, value in part)) for part in parts]
