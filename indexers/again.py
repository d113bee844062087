"""Tries again what was set aside, tenant by tenant, until it is written."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

import structlog

from indexers.aside import Event
from indexers.pipeline import Pipeline
from indexers.writable import Writable
from search.core.tasks import cancelled

log = structlog.get_logger(__name__)

# While this process knows of somebody in trouble; else it looks for what another has left.
SOON_S, SELDOM_S = 1.0, 5.0
# Between attempts for a tenant that goes on being in trouble: each reads and analyses some of its events anew.
LONGEST_S = 8.0


class Again:
    """One task of a generation's follower."""

    def __init__(self, writable: Writable, pipelines: Mapping[str, Pipeline]) -> None:
        """`pipelines`: by stream."""
        self._writable = writable
        self._pipelines = pipelines
        self._pauses: dict[str, tuple[float, float]] = {}
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        if self._task:
            await cancelled(self._task)
        self._writable.close()

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(SOON_S if self._writable.in_trouble else SELDOM_S)
            try:
                held = await self._writable.aside.tenants()
                for tenant in held:
                    await self._try(tenant)
                for tenant in self._writable.in_trouble.keys() - held.keys():
                    del self._writable.in_trouble[tenant]
            except Exception as error:
                log.warning("could not look at what was set aside", error=repr(error)[:200])

    async def _try(self, tenant: str) -> None:
        """Try a tenant whose time has come; one whose events cannot be tried keeps nobody else's from it."""
        pause, due = self._pauses.get(tenant, (0.0, 0.0))
        if time.monotonic() < due:
            return
        try:
            is_over = await self._again(tenant)
        except Exception as error:
            log.warning("could not try what was set aside", tenant=tenant, error=repr(error)[:200])
            is_over = False
        if is_over:
            self._pauses.pop(tenant, None)
        else:
            pause = min(max(SOON_S, 2 * pause), LONGEST_S)
            self._pauses[tenant] = pause, time.monotonic() + pause

    async def _again(self, tenant: str) -> bool:
        """Write what can be written; return whether that is all."""
        if reason := await self._writable.make(tenant):
            self._writable.in_trouble.setdefault(tenant, reason)
            return False
        written = 0
        while events := await self._writable.aside.page(tenant):
            done: list[Event] = []
            for stream in {event.stream for event in events}:
                done += await self._pipelines[stream].again([event for event in events if event.stream == stream])
            await self._writable.aside.remove(done)
            written += len(done)
            if len(done) < len(events):
                return False
            # What comes from now on is written at once: going aside too, it would never let this come to its end.
            self._writable.in_trouble.pop(tenant, None)
        self._writable.in_trouble.pop(tenant, None)
        log.info("tenant is written again", tenant=tenant, events=written)
        return True
