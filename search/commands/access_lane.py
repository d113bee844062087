"""The process of what takes access away, started and watched by `office-search index`."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import suppress

import structlog
from prometheus_client import Counter

from search.core.errors import ConfigurationError

log = structlog.get_logger(__name__)

RESTARTS = Counter(
    "office_search_access_lane_restarts_total", "How often the access lane's process had to be restarted"
)
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 10.0
# A process that has run for so long was well: the next pause is a short one again.
WELL_S = 60.0
GRACE_S = 25.0
# The status of a command that a setting keeps from running: starting it once more would not help.
MISCONFIGURED = 2


async def watch_access_lane(stop: asyncio.Event) -> None:
    """Keep `office-search index --only access` running until `stop` is set. Raises ConfigurationError."""
    pause, loop = FIRST_PAUSE_S, asyncio.get_running_loop()
    while not stop.is_set():
        began = loop.time()
        process = await _started()
        status = await _ended(process, stop)
        if stop.is_set():
            return
        if status == MISCONFIGURED:
            raise ConfigurationError("The access lane cannot run with these settings; what it said stands above.")
        RESTARTS.inc()
        pause = FIRST_PAUSE_S if loop.time() - began > WELL_S else min(pause * 2, LONGEST_PAUSE_S)
        log.error("the access lane ended; it is started again", status=status, after_s=pause)
        with suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await stop.wait()


async def _started() -> asyncio.subprocess.Process:
    # It ends when this pipe closes, which the kernel sees to even if this process is killed.
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "search.cli",
        "index",
        "--only",
        "access",
        "--end-with-stdin",
        stdin=asyncio.subprocess.PIPE,
    )


async def _ended(process: asyncio.subprocess.Process, stop: asyncio.Event) -> int:
    """Wait until the process ends, which it is told to when `stop` is set; return its status."""
    ending, stopping = asyncio.create_task(process.wait()), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait((ending, stopping), return_when=asyncio.FIRST_COMPLETED)
        if not ending.done():
            with suppress(ProcessLookupError):
                process.terminate()
            await asyncio.wait((ending,), timeout=GRACE_S)
        return ending.result() if ending.done() else -1
    finally:
        stopping.cancel()
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()


def stop_when_stdin_closes(stop: asyncio.Event) -> None:
    """Set `stop` once whoever started this process is gone."""
    loop, stdin = asyncio.get_running_loop(), sys.stdin.fileno()

    def read() -> None:
        if not os.read(stdin, 4096):
            loop.remove_reader(stdin)
            stop.set()

    loop.add_reader(stdin, read)
