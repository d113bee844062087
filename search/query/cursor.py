"""Where the next page begins: what earlier pages have shown, sealed, so that the service itself remembers nothing.

A position in a list would not do: while pages are turned, new messages come in before it and scores shift. So a cursor
says which hits were shown, each by five bytes of a hash, and the next page is the best of what was not.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b

import orjson

from mappings.vertical import Vertical
from search.access.principal import Principal
from search.access.sealing import Broken, Sealing
from search.core.errors import BadRequest
from search.query.question import Question

DEEPEST = 1_000
"""Hits of one answer over all of its pages."""
OLDEST_S = 3600
# Of a thousand hits and a thousand others, two have one mark in one of a million answers.
MARK_BYTES = 5
PURPOSE = "cursor"

Place = tuple[bool, int]
"""Where a hit stands in an order by time: whether it has no time of its own, and its time, so that earlier is less."""


@dataclass(frozen=True)
class Seen:
    """What earlier pages have shown.

    `last`: the place of the last hit, in an order by time. `missed`: verticals that did not answer on one of the pages,
    so that what stands before that place may still have to be shown.
    """

    marks: frozenset[bytes] = frozenset()
    counts: Mapping[str, int] = field(default_factory=dict)
    last: Place | None = None
    missed: frozenset[str] = frozenset()

    def has(self, vertical: str, document_id: str) -> bool:
        return mark(vertical, document_id) in self.marks

    def with_shown(self, shown: Iterable[tuple[str, str]], last: Place | None, missed: Iterable[str] = ()) -> Seen:
        """Return what is seen after one more page; each hit by its vertical's name and document id."""
        found = list(shown)
        counts = Counter(self.counts) + Counter(vertical for vertical, _ in found)
        marks = self.marks | {mark(*place) for place in found}
        return Seen(marks, counts, last or self.last, self.missed.union(missed))

    def passed(self, vertical: Vertical) -> Place | None:
        """Return the place up to which a vertical's hits were all shown, in an order by time; None: nobody knows.

        What stands before it has come since. Where times change, what is there now may have stood elsewhere.
        """
        return self.last if vertical.ranking.is_timed_for_good and vertical.name not in self.missed else None


NOTHING = Seen()


def mark(vertical: str, document_id: str) -> bytes:
    """Return what stands for a document in a cursor."""
    return blake2b(f"{vertical}\0{document_id}".encode(), digest_size=MARK_BYTES).digest()


@dataclass(frozen=True)
class Cursors:
    """Gives and takes the cursors of one question of one caller.

    `clock`: seconds since 1970. `purpose`: of the call, so that what one gave is nothing for another.
    """

    sealing: Sealing
    caller: Principal
    question: Question
    clock: Callable[[], float] = time.time
    purpose: str = PURPOSE

    def encode(self, seen: Seen) -> str:
        said = {"at": round(self.clock()), "counts": seen.counts, "last": seen.last, "missed": sorted(seen.missed)}
        content = orjson.dumps(said) + b"\n" + b"".join(sorted(seen.marks))
        return self.sealing.seal(self.purpose, content, self._bound)

    def decode(self) -> Seen:
        """Return what the question's cursor says; nothing was seen before the first page.

        Raises BadRequest for anything that was not given to this caller for this question within the last hour.
        """
        if not self.question.cursor:
            return NOTHING
        try:
            content = self.sealing.unseal(self.purpose, self.question.cursor, self._bound)
        except Broken:
            raise BadRequest(
                "cursor: not one that this service gave for this question; ask without it for the first page."
            ) from None
        said, _, raw = content.partition(b"\n")
        header = orjson.loads(said)
        if self.clock() - header["at"] > OLDEST_S:
            raise BadRequest("cursor: older than an hour; ask without it for the first page.")
        marks = frozenset(raw[at : at + MARK_BYTES] for at in range(0, len(raw), MARK_BYTES))
        last = tuple(header["last"]) if header["last"] else None
        return Seen(marks, header["counts"], last, frozenset(header["missed"]))

    @property
    def _bound(self) -> bytes:
        """Everything that makes another answer; how many hits a page has may differ from page to page."""
        question, caller = self.question, self.caller
        filters = sorted(question.filters.items())
        verticals = sorted(question.verticals) if question.verticals else None
        who = (caller.tenant, caller.user, caller.app)
        return orjson.dumps((who, question.q, verticals, filters, question.sort, question.timezone))
