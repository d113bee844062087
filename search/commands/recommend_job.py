"""The daily run of the figures of apps, in a process of its own, started by `office-search index`."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from typing import Any

import structlog
from prometheus_client import Gauge

from mappings.catalogue import Catalogue
from search import bootstrap
from search.commands.access_lane import stop_when_stdin_closes
from search.commands.recommend import HOUR_S
from search.core.endpoints import Endpoints
from search.core.settings import Settings
from search.core.tasks import cancelled
from search.recommend.runs import Outcome

log = structlog.get_logger(__name__)

LAST = Gauge("office_search_figures_last_run_timestamp_seconds", "When a tenant's figures were last made; 0 for never")
SECONDS = Gauge("office_search_figures_run_seconds", "How long the longest of the tenants' last runs took")
FAILED = Gauge("office_search_figures_failed_tenants", "Tenants whose last run of the figures of apps failed")
OVERDUE = Gauge("office_search_figures_overdue_seconds", "How long the tenant waits whose run is most overdue")

LOOK_S = 300.0
# A run that is due is begun at the next look and takes minutes: less is not overdue.
PATIENCE_S = 3 * LOOK_S
GRACE_S = 10.0
# What the run may leave to those who answer and index: on a machine of two cores it would take one of them.
NICENESS = 10


async def keep_figures(settings: Settings, endpoints: Endpoints, stop: asyncio.Event, look_s: float = LOOK_S) -> None:
    """Have the figures of each tenant made anew when it is time, until `stop` is set. Never fails.

    Several processes may do so at once: each tenant's run is held by one of them (`search.recommend.runs`).
    """
    every_s = settings.recommend.every_h * HOUR_S
    if not every_s:
        await stop.wait()
    while not await _stopped(stop, look_s):
        try:
            if await _is_due(settings, endpoints, every_s):
                await _run(stop)
                await _is_due(settings, endpoints, every_s)
        except Exception as error:
            # The engine is away, or the process could not be started: the next look tries again.
            log.warning("figures_not_looked_after", error=repr(error)[:200])


async def _stopped(stop: asyncio.Event, seconds: float) -> bool:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()
    return stop.is_set()


async def _is_due(settings: Settings, endpoints: Endpoints, every_s: float) -> bool:
    """Return whether a tenant's figures are to be made, and tell the metrics how the runs stand."""
    async with bootstrap.figures_run(settings, endpoints, Catalogue.installed()) as run:
        due, ended = await run.tenants(every_s), await run.runs.outcomes()
        measure(ended, every_s, time.time())
        return bool(due)


def measure(ended: Mapping[str, Outcome], every_s: float, now: float) -> None:
    """Set the metrics. `ended`: how each tenant's last run did; `now`: seconds since 1970."""
    LAST.set(max((one.at for one in ended.values()), default=0.0))
    SECONDS.set(max((one.seconds for one in ended.values()), default=0.0))
    FAILED.set(sum(one.ended == "failed" for one in ended.values()))
    oldest = min((one.at for one in ended.values()), default=now)
    OVERDUE.set(max(0.0, now - oldest - every_s - PATIENCE_S))


async def while_stdin_is_open(work: Coroutine[Any, Any, None]) -> None:
    """Do the work of a process that another one started, behind that one's own, and leave it when that one is gone."""
    os.nice(NICENESS)
    stop, doing = asyncio.Event(), asyncio.create_task(work)
    stop_when_stdin_closes(stop)
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait((doing, stopping), return_when=asyncio.FIRST_COMPLETED)
    if not doing.done():
        await cancelled(doing)
        return
    await cancelled(stopping)
    await doing


async def _run(stop: asyncio.Event) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "search.cli", "recommend", "train", "--due", "--end-with-stdin",
        stdin=asyncio.subprocess.PIPE,
    )  # fmt: skip
    ending, stopping = asyncio.create_task(process.wait()), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait((ending, stopping), return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.terminate()
            await asyncio.wait((ending,), timeout=GRACE_S)
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
