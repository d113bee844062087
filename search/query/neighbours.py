"""What stands on one side of a message in its conversation: asked for in portions, nearest first; pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from mappings.vertical import Vertical
from search.access.candidates import Candidate, Candidates, Request
from search.access.reader import Found

# A few more than are wanted, for those that the recheck drops, and for others of the same moment.
SPARE = 10
# The engine gives no more at once.
MOST_AT_ONCE = 10_000
WIDER = 4


@dataclass
class Side:
    """The neighbours of a message on one side, nearest first: by `sent_at`, those of one moment by id.

    The engine orders by time alone, so the last moment of an answer that is full may lack some, and is asked for again
    with what lies behind it. Wanted are three before m-5, two are asked for at once beyond that:

        sent at    4     3     3     2     2   ...     asked for up to 5: of 2, the last moment, there may be more
        id         m-4   m-2   m-9   m-1   m-7         taken: m-4, m-9, m-2; the next question begins at 2

    An answer of one moment alone is asked for again, wider.
    """

    message: Found
    wanted: int
    newer: bool
    kept: list[Found] = field(default_factory=list)
    waiting: deque[str] = field(default_factory=deque)  # ids of candidates that are not rechecked yet

    def __post_init__(self) -> None:
        self._at: int = self.message.document["sent_at"]
        self._edge = self._at
        self._size = min(self.wanted + SPARE, MOST_AT_ONCE)
        self._ended = False

    @property
    def vertical(self) -> Vertical:
        return self.message.vertical

    @property
    def missing(self) -> int:
        """How many are still to be found; none once there are no more."""
        return 0 if self._ended and not self.waiting else self.wanted - len(self.kept)

    def request(self) -> Request:
        """Return what the engine is to be asked next."""
        bound, order = ("gte", "asc") if self.newer else ("lte", "desc")
        conditions: list[dict[str, Any]] = [
            {"term": {"conversation_id": self.message.document["conversation_id"]}},
            {"range": {"sent_at": {bound: self._edge}}},
        ]
        query = {"bool": {"filter": conditions, "must_not": [{"ids": {"values": [self.message.document_id]}}]}}
        return Request(self.vertical, query, sort=[{"sent_at": {"order": order}}], size=self._size)

    def take(self, answer: Candidates) -> None:
        """Take the moments that an answer holds whole, and note where to go on."""
        found = answer.found
        self._ended = len(found) < self._size
        last = None if self._ended else _moment(found[-1])
        whole = [candidate for candidate in found if _moment(candidate) != last]
        if not whole and self._size < MOST_AT_ONCE and not self._ended:
            self._size = min(self._size * WIDER, MOST_AT_ONCE)
            return
        if last is not None:
            # Of more than the engine gives at once, all of one moment, those that it gave count.
            self._edge = last if whole else last + (1 if self.newer else -1)
        self._queue(whole or found)

    def portion(self) -> Sequence[str]:
        """Return the ids of the next candidates to recheck, as many as are missing."""
        return [self.waiting.popleft() for _ in range(min(self.missing, len(self.waiting)))]

    def _queue(self, candidates: Sequence[Candidate]) -> None:
        places = sorted(((_moment(one), one.document_id) for one in candidates), reverse=not self.newer)
        here = (self._at, self.message.document_id)
        self.waiting.extend(id for at, id in places if ((at, id) > here) == self.newer)


def _moment(candidate: Candidate) -> int:
    return int(candidate.sort[0])
