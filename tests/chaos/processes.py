"""Processes that are killed and stopped by the chaos, and started again as a supervisor does; all by their ids."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

GRACE_S = 20.0


def session(pid: int) -> list[psutil.Process]:
    """Return the processes of the session that a process leads, oldest first; also once their leader is gone."""
    found = []
    for process in psutil.process_iter():
        with suppress(OSError, psutil.Error):
            if os.getsid(process.pid) == pid and process.status() != psutil.STATUS_ZOMBIE:
                found.append((process.create_time(), process))
    return [process for _, process in sorted(found, key=lambda one: (one[0], one[1].pid))]


def send(processes: Sequence[psutil.Process], number: signal.Signals) -> None:
    """Signal processes; one that is gone, or whose id is another's by now, is passed over."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)


class Command:
    """`office-search …` in a session of its own, whose output goes to a file."""

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self.log = log
        self._arguments = list(arguments)
        self._environment = dict(environment)
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "search.cli", *self._arguments],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        assert self._process
        return self._process.pid

    @property
    def status(self) -> int | None:
        """Its exit status; None while it runs."""
        assert self._process
        return self._process.poll()

    async def ended(self, seconds: float) -> int | None:
        """Wait for its end, and return its exit status; None when it still runs after so many seconds."""
        assert self._process
        try:
            return await asyncio.to_thread(self._process.wait, seconds)
        except subprocess.TimeoutExpired:
            return None

    def sweep(self) -> int:
        """Kill what is left of its session, as a supervisor does before it starts anew; return how many that was."""
        left = session(self.pid)
        send(left, signal.SIGKILL)
        psutil.wait_procs(left, GRACE_S)
        return len(left)

    def kill(self) -> None:
        self.sweep()
        assert self._process
        self._process.wait(GRACE_S)

    def last_words(self, lines: int = 12) -> str:
        return "\n".join(self._lines()[-lines:])

    def sentence(self) -> str:
        """Return what it told its operator last, which is no line of its log."""
        told = [line for line in self._lines() if not line.startswith("{")]
        return " ".join(" ".join(told[-3:]).split())

    def _lines(self) -> list[str]:
        return self.log.read_text(encoding="utf-8", errors="replace").splitlines()


@contextmanager
def killed_in_the_end(command: Command) -> Iterator[Command]:
    try:
        yield command
    finally:
        command.kill()
