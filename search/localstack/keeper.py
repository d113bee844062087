"""Ends what a process has started once that process is gone, even if it was killed and could clean up nothing.

The keeper is a process of its own that reads a pipe. What is to be ended is written there as it is started; when the
other end closes without a word of farewell, which the kernel sees to, the keeper ends all of it.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import psutil

from search.localstack.stack import Stack

GRACE_S = 30.0
FAREWELL = "done"


class Keeper:
    """The end of the pipe that is written to."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe = pipe

    def process(self, pid: int) -> None:
        """Have a process ended."""
        self._say(f"process {pid} {psutil.Process(pid).create_time()}")

    def stack(self, home: Path) -> None:
        """Have the managed stack in `home` stopped; say so before it is started."""
        self._say(f"stack {home}")

    def farewell(self) -> None:
        """Say that everything was ended in good order."""
        self._say(FAREWELL)

    def _say(self, line: str) -> None:
        # A keeper that is gone is no reason to stop.
        with suppress(BrokenPipeError):
            self._pipe.write(f"{line}\n".encode())
            self._pipe.flush()


@contextmanager
def keeper() -> Iterator[Keeper]:
    """Run a keeper while the block runs."""
    process = subprocess.Popen(
        [sys.executable, "-m", "search.localstack.keeper"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        # Ctrl-C and a closed terminal must not reach it.
        start_new_session=True,
    )
    assert process.stdin
    kept = Keeper(process.stdin)
    try:
        yield kept
    finally:
        kept.farewell()
        with suppress(BrokenPipeError):
            process.stdin.close()
        process.wait()


def end(lines: Iterable[str]) -> None:
    """End what was written, unless it ends with a farewell."""
    said = [line.strip() for line in lines]
    if FAREWELL in said:
        return
    for line in said:
        what, _, which = line.partition(" ")
        if what == "process":
            _end_process(*which.split())
        elif what == "stack":
            Stack(Path(which)).down()


def _end_process(pid: str, created: str) -> None:
    with suppress(psutil.Error):
        process = psutil.Process(int(pid))
        if process.create_time() != float(created):
            return  # the number belongs to another process by now
        process.terminate()
        _, alive = psutil.wait_procs([process], GRACE_S)
        for each in alive:
            each.kill()


if __name__ == "__main__":
    end(sys.stdin)
