"""Runs `office-search` commands as child processes, as in production, and ends them with this process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from search.core.endpoints import Endpoints
from search.core.errors import OfficeSearchError
from search.localstack.unwinding import exit_postponed

GRACE_S = 30.0
LAST_LINES = 15
# Settings for a real engine and broker, such as credentials, must not reach the temporary stack.
_FOREIGN = ("OFFICE_SEARCH_OPENSEARCH_", "OFFICE_SEARCH_BROKER_", "OFFICE_SEARCH_AUDIT_", "OFFICE_SEARCH_RATE_LIMIT_")


class Child:
    """A running command; its output goes to a file."""

    def __init__(self, command: str, process: subprocess.Popen[bytes], log: Path) -> None:
        self.pid = process.pid
        self._command = command
        self._process = process
        self._log = log

    def check(self) -> None:
        """Raise OfficeSearchError with the last lines of its output if it has ended."""
        status = self._process.poll()
        if status is not None:
            with self._log.open(encoding="utf-8", errors="replace") as lines:
                tail = "".join(deque(lines, LAST_LINES)).strip()
            raise OfficeSearchError(f"`office-search {self._command}` ended with status {status}: {tail or 'silently'}")


def environment(endpoints: Endpoints, **settings: str) -> dict[str, str]:
    """Return this process's environment with another engine and broker, and with `settings` such as `api_port="0"`."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    chosen = {f"OFFICE_SEARCH_{name.upper()}": value for name, value in settings.items()}
    return {**inherited, "OPENSEARCH_URL": endpoints.opensearch_url, "BROKER_URL": endpoints.broker_url, **chosen}


@contextmanager
def running(command: str, environment: Mapping[str, str], folder: Path) -> Iterator[Child]:
    """Run `office-search COMMAND` with its log in `folder` while the block runs."""
    log = folder / f"{command}.log"
    process = None
    try:
        # Cut off in here, there would be a child that nobody knows.
        with exit_postponed():
            process = _started(command, environment, log)
        yield Child(command, process, log)
    finally:
        if process:
            _end(process)


def _started(command: str, environment: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as output:
        # A session of its own: Ctrl-C reaches only this process, which then stops the child.
        return subprocess.Popen(
            [sys.executable, "-m", "search.cli", command],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(GRACE_S)
    except BaseException:
        # It took longer than GRACE_S, or Ctrl-C was pressed a second time.
        process.kill()
        process.wait()
