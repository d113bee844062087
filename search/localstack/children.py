"""`office-search` commands as processes of their own, as in production, which end when we do."""

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

GRACE_S = 30.0
LAST_LINES = 15
# Whoever keeps settings for a real engine and broker must not send them to a stack of our own.
_FOREIGN = ("OFFICE_SEARCH_OPENSEARCH_", "OFFICE_SEARCH_BROKER_", "OFFICE_SEARCH_AUDIT_", "OFFICE_SEARCH_RATE_LIMIT_")


class Child:
    """A command that runs; what it says goes to a file."""

    def __init__(self, command: str, process: subprocess.Popen[bytes], log: Path) -> None:
        self.pid = process.pid
        self._command = command
        self._process = process
        self._log = log

    def check(self) -> None:
        """Raises OfficeSearchError with its last lines when it has ended."""
        status = self._process.poll()
        if status is not None:
            with self._log.open(encoding="utf-8", errors="replace") as lines:
                tail = "".join(deque(lines, LAST_LINES)).strip()
            raise OfficeSearchError(f"`office-search {self._command}` ended with status {status}: {tail or 'silently'}")


def environment(endpoints: Endpoints, **settings: str) -> dict[str, str]:
    """Our own environment, but with this engine and broker and these settings (`api_port="0"`)."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    chosen = {f"OFFICE_SEARCH_{name.upper()}": value for name, value in settings.items()}
    return {**inherited, "OPENSEARCH_URL": endpoints.opensearch_url, "BROKER_URL": endpoints.broker_url, **chosen}


@contextmanager
def running(command: str, environment: Mapping[str, str], folder: Path) -> Iterator[Child]:
    """Runs `office-search COMMAND` with its log in `folder`, which is ended afterwards."""
    log = folder / f"{command}.log"
    with log.open("wb") as output:
        # A session of its own: Ctrl-C reaches us alone, and we stop it in good order.
        process = subprocess.Popen(
            [sys.executable, "-m", "search.cli", command],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield Child(command, process, log)
    finally:
        process.terminate()
        try:
            process.wait(GRACE_S)
        except BaseException:
            # Out of patience, or a second Ctrl-C.
            process.kill()
            process.wait()
