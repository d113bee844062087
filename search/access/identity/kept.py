"""Keeps a bounded number of values for a while each: what is over, and then what is oldest, goes first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

V = TypeVar("V")


class Kept(Generic[V]):
    """Values by key, each until a time of its own."""

    def __init__(self, most: int, clock: Callable[[], float]) -> None:
        """Keep `most` values. `clock`: monotonic seconds."""
        self._most = most
        self._clock = clock
        self._kept: OrderedDict[object, tuple[V, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: object) -> V | None:
        """Return the value, None when there is none or its time is over."""
        value, until = self._kept.get(key, (None, 0.0))
        return None if until <= self._clock() else value

    def put(self, key: object, value: V, until: float) -> None:
        """Keep a value until then (monotonic seconds)."""
        self._kept[key] = value, until
        self._kept.move_to_end(key)
        while self._kept and (len(self._kept) > self._most or self._oldest_until() <= self._clock()):
            self._kept.popitem(last=False)

    def _oldest_until(self) -> float:
        return next(iter(self._kept.values()))[1]
