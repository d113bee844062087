"""A bounded queue between requests and the worker, and the clicks that wait for the note of their answer."""

from __future__ import annotations

from collections import Counter as Counts
from collections import deque
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final, Generic, Literal, TypeVar

from prometheus_client import Counter

from search.feedback.noted import Clicked

DROPPED = Counter(
    "office_search_feedback_dropped_total",
    "Feedback that was not kept: the queue was full, the engine did not take it, or no such answer was given",
    ["what", "reason"],
)

What = Literal["answer", "click", "text", "recent"]

WAIT: Final = timedelta(seconds=10)
# So that the made-up clicks of one caller crowd nobody out.
MOST_OF_ONE: Final = 100

T = TypeVar("T")


class Bounded(Generic[T]):
    """What is put in while it is full is dropped and counted."""

    def __init__(self, what: What, most: int) -> None:
        self._what = what
        self._most = most
        self._held: deque[T] = deque()

    def __len__(self) -> int:
        return len(self._held)

    def put(self, one: T) -> None:
        """Put one in, without waiting."""
        if len(self._held) >= self._most:
            DROPPED.labels(self._what, "full").inc()
        else:
            self._held.append(one)

    def take(self, most: int) -> list[T]:
        """Return the oldest, at most so many, and forget them here."""
        return [self._held.popleft() for _ in range(min(most, len(self._held)))]


def still_waiting(clicks: Iterable[Clicked], now: datetime, most: int) -> list[Clicked]:
    """Return those of the clicks without a known answer that wait longer, oldest first.

    Not those older than WAIT: another process would long have written the note. Not more than `most`, and of one user
    not more than MOST_OF_ONE.
    """
    of_one: Counts[tuple[str, str]] = Counts()
    kept: list[Clicked] = []
    for clicked in clicks:
        who = clicked.tenant, clicked.user
        if now - clicked.at <= WAIT and of_one[who] < MOST_OF_ONE and len(kept) < most:
            of_one[who] += 1
            kept.append(clicked)
    return kept
