"""The watched process of the access lane: its settings, its end, and a beginning anew."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys

import kit
import pytest

from search.commands import access_lane
from search.commands.access_lane import RESTARTS, watch_access_lane
from search.core.errors import ConfigurationError


class Process:
    """Ends with a status, or when it is told to."""

    def __init__(self, status: int | None) -> None:
        self.returncode = status
        self.told = False
        self._ended = asyncio.Event()
        if status is not None:
            self._ended.set()

    async def wait(self) -> int:
        await self._ended.wait()
        assert self.returncode is not None
        return self.returncode

    def terminate(self) -> None:
        self.told, self.returncode = True, 0
        self._ended.set()


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Process]:
    """The processes that are started, of which each ends at once but for the third."""
    found: list[Process] = []

    async def start() -> Process:
        found.append(Process(None if len(found) == 2 else -9))
        return found[-1]

    monkeypatch.setattr(access_lane, "_started", start)
    monkeypatch.setattr(access_lane, "FIRST_PAUSE_S", 0.0)
    return found


async def test_one_that_ends_is_started_again_and_told_to_stop_in_the_end(started: list[Process]) -> None:
    before, stop = RESTARTS._value.get(), asyncio.Event()
    watching = asyncio.create_task(watch_access_lane(stop))

    async def are_three() -> bool:
        return len(started) == 3

    await kit.until(are_three, "the third to be started")
    stop.set()
    await asyncio.wait_for(watching, 5)
    assert RESTARTS._value.get() - before == 2
    assert [process.told for process in started] == [False, False, True]


async def test_one_that_settings_keep_from_running_is_not_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async def start() -> Process:
        return Process(access_lane.MISCONFIGURED)

    monkeypatch.setattr(access_lane, "_started", start)
    with pytest.raises(ConfigurationError, match="access lane"):
        await asyncio.wait_for(watch_access_lane(asyncio.Event()), 5)


def test_a_port_that_is_taken_is_one_sentence_and_the_end_of_both() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        own = {
            "OPENSEARCH_URL": "http://127.0.0.1:9",
            "BROKER_URL": "nats://127.0.0.1:9",
            "OFFICE_SEARCH_INDEXER_PORT": "0",
            "OFFICE_SEARCH_INDEXER_ACCESS_PORT": str(taken.getsockname()[1]),
            "OFFICE_SEARCH_ANALYSIS_PROCESSES": "0",
        }
        command = [sys.executable, "-m", "search.cli", "index"]
        ended = subprocess.run(command, env=os.environ | own, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 2
    assert "set OFFICE_SEARCH_INDEXER_ACCESS_PORT to another one" in " ".join(ended.stderr.split())
    assert "Traceback" not in ended.stderr
