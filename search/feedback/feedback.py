"""What the rest of the service tells the feedback, and asks of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Final

from opensearchpy import AsyncOpenSearch

from search.access.identity import Caller
from search.access.personal import may_personal
from search.access.sealing import Sealing
from search.core.settings import FeedbackSettings
from search.core.tasks import cancelled
from search.feedback import recents
from search.feedback.noted import Click, Clicked, Noted, Reactions, Recent
from search.feedback.recents import question
from search.feedback.store import Store
from search.feedback.upkeep import DeletedAmong, Upkeep
from search.feedback.writer import Writer

# For the last write, when the process ends.
LAST_S: Final = 3.0


def now() -> datetime:
    """Return the machine's time."""
    return datetime.now(UTC)


class Feedback:
    """Notes answers and clicks in the background, and tells callers of their own.

    `engine`: a client of its own, so that what is slow here keeps no connection from a search. `replicas`: of indices
    made from now on.
    """

    def __init__(
        self,
        engine: AsyncOpenSearch,
        settings: FeedbackSettings,
        sealing: Sealing,
        deleted_among: DeletedAmong,
        *,
        replicas: int = 0,
        clock: Callable[[], datetime] = now,
    ) -> None:
        self._clock = clock
        self._keeps_recents = settings.recent_searches == "on"
        self._store = Store(engine, replicas)

        self._sealing = sealing
        self._text_tenants = settings.text_tenants
        self.writer = Writer(self._store, self.kept_text, keeps_text=self._keeps_recents, clock=clock)
        self.upkeep = Upkeep(engine, deleted_among, clock)

    def kept_text(self, tenant: str, text: str) -> str:
        """Return what is kept of a question: its text for some tenants, and what stands for it for all others.

        Questions that differ in blanks, width or case alone have the same.
        """
        if tenant in self._text_tenants:
            return text
        return self._sealing.hash("question", tenant, question(text))

    def key(self, tenant: str, text: str) -> str:
        """Return what questions are known by in the figures: the same for all that `kept_text` keeps of one."""
        return question(text) if tenant in self._text_tenants else self.kept_text(tenant, text)

    def key_of_kept(self, tenant: str, kept: str) -> str:
        """Return the key of a question by what was kept of it."""
        return question(kept) if tenant in self._text_tenants else kept

    def tells_text(self, tenant: str) -> bool:
        """Return whether questions of a tenant's are kept as they were asked."""
        return tenant in self._text_tenants

    def note(self, noted: Noted) -> None:
        """Note an answer in the background. Never waits, never raises."""
        self.writer.notes.put(noted)

    def clicked(self, caller: Caller, events: Sequence[Click]) -> None:
        """Note in the background what a caller did. Never waits, never raises.

        What is not of an answer that was given to this caller is dropped later, without a word.
        """
        personal, at = may_personal(caller), self._clock()
        for click in events:
            self.writer.clicks.put(Clicked(caller.tenant, caller.user, caller.app, personal, click, at))

    async def recent(self, tenant: str, user: str) -> Sequence[Recent]:
        """Return a user's recent searches, newest first. Raises Unavailable when the engine does not answer."""
        if not self._keeps_recents:
            return []
        found = await self._store.searcher(tenant, user)
        return recents.listed(found, self._clock()) if found else []

    async def searched(self, tenant: str, user: str) -> Sequence[str]:
        """Return the texts of a user's recent searches, newest first. Raises Unavailable."""
        return [one.text for one in await self.recent(tenant, user)]

    async def remove_recent(self, tenant: str, user: str, id: str | None) -> None:
        """Remove one of a user's recent searches, or all (`id` None), and none if there is none. Raises Unavailable.

        What was asked and may still become one goes with it.
        """
        at = self._clock()
        texts = None if id is None else [one.text for one in await self.recent(tenant, user) if one.id == id]
        script = recents.change(at, clear=at) if id is None else recents.change(at, remove=[id])
        await self._store.change(tenant, user, script)
        await self._store.forget_asked(tenant, user, texts)

    async def often_opened(self, tenant: str, user: str, limit: int = 20) -> Sequence[tuple[str, str]]:
        """Return (vertical, id) of what the user opened in the last 90 days, most often and latest first.

        Raises Unavailable when the engine does not answer.
        """
        return await self._store.often_opened(tenant, user, limit, self._clock())

    async def reactions(self, tenant: str, user: str, vertical: str) -> Reactions:
        """Return what the user did with a vertical's entities that answers showed them. Raises Unavailable."""
        return await self._store.reactions(tenant, user, vertical, self._clock())

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Write in the background while the block runs, and once more at its end, for LAST_S at most."""
        stop = asyncio.Event()
        writing, upkeep = asyncio.create_task(self.writer.run(stop)), asyncio.create_task(self.upkeep.run())
        try:
            yield
        finally:
            stop.set()
            await asyncio.wait([writing], timeout=LAST_S)
            await cancelled(writing, upkeep)
