"""The background worker: takes what requests have left, matches clicks with answers, and writes all of it together."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Final

import structlog
from opensearchpy.exceptions import OpenSearchException
from prometheus_client import Counter

from search.feedback import operations, ubi
from search.feedback.noted import Clicked, Noted
from search.feedback.operations import Operation
from search.feedback.queue import DROPPED, Bounded, still_waiting
from search.feedback.store import Asked, Store
from search.feedback.ubi import Answered

STORED = Counter("office_search_feedback_stored_total", "Feedback that was written, by what it is", ["what"])

MOST_NOTES: Final = 2000
MOST_CLICKS: Final = 5000
MOST_WAITING: Final = 2000
# Of one bulk request.
NOTES_AT_ONCE: Final = 500
CLICKS_AT_ONCE: Final = 1000

FLUSH_S: Final = 0.5
TRIES: Final = 4
BACK_OFF_S: Final = 0.25

_log = structlog.get_logger(__name__)


class Writer:
    """Holds what is to be written. `user_query`: (tenant, text) → what is stored for the text. `clock`: aware."""

    def __init__(
        self,
        store: Store,
        user_query: Callable[[str, str], str],
        *,
        keeps_text: bool,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._user_query = user_query
        self._keeps_text = keeps_text
        self._clock = clock
        self.notes: Bounded[Noted] = Bounded("answer", MOST_NOTES)
        self.clicks: Bounded[Clicked] = Bounded("click", MOST_CLICKS)
        self._waiting: list[Clicked] = []

    async def run(self, stop: asyncio.Event) -> None:
        """Write what there is every half second, and a last time once `stop` is set."""
        while not stop.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(FLUSH_S):
                    await stop.wait()
            await self.flush()
            while len(self.notes) >= NOTES_AT_ONCE or len(self.clicks) >= CLICKS_AT_ONCE:
                await self.flush()

    async def flush(self) -> None:
        """Write the oldest of what there is; what the engine does not take after some tries is dropped and counted."""
        notes, clicks = self.notes.take(NOTES_AT_ONCE), [*self._waiting, *self.clicks.take(CLICKS_AT_ONCE)]
        self._waiting = []
        if not notes and not clicks:
            return
        try:
            answers, to_write = self._of_notes(notes)
            answers |= await self._known(clicks, answers)
            matched, unknown = _matched(clicks, answers)
            self._waiting = still_waiting(unknown, self._clock(), MOST_WAITING)
            DROPPED.labels("click", "unmatched").inc(len(clicks) - len(matched) - len(self._waiting))
            to_write += operations.of_clicks(matched, lambda: secrets.token_hex(8), self._clock())
            await self._write([*to_write, *operations.of_searchers(to_write)])
        except Exception as error:  # whatever it is: the next batch is to be written
            _log.exception("feedback_failed", error=type(error).__name__)
            DROPPED.labels("answer", "engine").inc(len(notes))
            DROPPED.labels("click", "engine").inc(len(clicks))

    def _of_notes(self, notes: Sequence[Noted]) -> tuple[dict[Asked, Answered], list[Operation]]:
        """Return the answers that notes are of, and what is written of them."""
        answers: dict[Asked, Answered] = {}
        to_write: list[Operation] = []
        for given in notes:
            # A lone surrogate, which no JSON holds, would cost the others of the batch theirs.
            noted = replace(given, text=given.text.encode("utf-8", "replace").decode())
            document = ubi.query_document(noted, self._user_query(noted.tenant, noted.text))
            text = operations.asked_text(noted) if self._keeps_text else None
            answers[noted.tenant, noted.query_id] = ubi.answered(document, text)
            to_write += operations.of_answer(noted, document, keeps_text=self._keeps_text)
        return answers, to_write

    async def _known(self, clicks: Sequence[Clicked], answers: dict[Asked, Answered]) -> dict[Asked, Answered]:
        """Return the answers that were noted before, by this process or another. Empty when the engine is away."""
        asked = {(one.tenant, one.click.query_id) for one in clicks} - answers.keys()
        try:
            return await self._store.answers(asked)
        except OpenSearchException as error:
            # The clicks wait for the next time like those whose note is not written yet.
            _log.warning("feedback_not_read", error=type(error).__name__)
            return {}

    async def _write(self, left: Sequence[Operation]) -> None:
        for attempt in range(TRIES):
            if not left:
                return
            if attempt:
                await asyncio.sleep(BACK_OFF_S * 2 ** (attempt - 1))
            left = await self._tried(left)
        if left:
            _log.warning("feedback_dropped", operations=len(left))
            _drop("engine", left)

    async def _tried(self, sent: Sequence[Operation]) -> list[Operation]:
        """Send operations; return those to be sent again."""
        try:
            became = await self._store.write(sent)
        except OpenSearchException as error:
            _log.warning("feedback_not_written", error=type(error).__name__)
            return list(sent)
        _drop("engine", became["refused"])
        for one in became["done"]:
            STORED.labels(one.what).inc()
        return became["again"]


def _matched(
    clicks: Sequence[Clicked], answers: dict[Asked, Answered]
) -> tuple[list[tuple[Clicked, Answered]], list[Clicked]]:
    """Return the clicks with the answers that they are of, and those whose answer is not known (yet).

    What names somebody else's answer, or an entity that is not in it, is in neither.
    """
    matched, unknown = [], []
    for clicked in clicks:
        answer = answers.get((clicked.tenant, clicked.click.query_id))
        if answer is None:
            unknown.append(clicked)
        elif ubi.is_of(clicked, answer):
            matched.append((clicked, answer))
    return matched, unknown


def _drop(reason: str, lost: Iterable[Operation]) -> None:
    for one in lost:
        DROPPED.labels(one.what, reason).inc()
