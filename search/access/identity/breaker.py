"""A circuit breaker: calls to a service that keeps failing are paused for a while."""

from __future__ import annotations

from collections.abc import Callable
from math import inf

FAILURES = 5
OPEN_S = 5


class Breaker:
    """Lets calls through while closed; opens after FAILURES failed calls in a row.

    While open it lets one call through every OPEN_S seconds, and closes when one succeeds. `clock`: monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._failures = 0
        self._open_until = -inf

    def lets_out(self) -> bool:
        """Return whether a call may go out now; report its outcome with `succeeded` or `failed`."""
        if self._failures < FAILURES:
            return True
        if self._clock() < self._open_until:
            return False
        # One call tries; if its outcome is never reported, another may try after OPEN_S.
        self._open_until = self._clock() + OPEN_S
        return True

    def succeeded(self) -> None:
        self._failures = 0

    def failed(self) -> None:
        self._failures += 1
        if self._failures >= FAILURES:
            self._open_until = self._clock() + OPEN_S

    @property
    def is_open(self) -> bool:
        return self._failures >= FAILURES
