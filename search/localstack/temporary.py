"""A temporary stack for one test run or evaluation, removed in the end, also after a crash."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from rich.console import Console

from search.core.endpoints import Endpoints
from search.core.errors import StackError
from search.localstack.files import hold
from search.localstack.sentences import one_sentence
from search.localstack.stack import Stack

PREFIX = "office-search-temporary-"
OWNER = "owner"


@contextmanager
def temporary_stack(
    *, heap: str = "512m", cache: Path | None = None, console: Console | None = None
) -> Iterator[Endpoints]:
    """Yield the endpoints of a new stack on free ports; remove it with its data afterwards."""
    sweep()
    with one_sentence("make a folder for a temporary stack"):
        home = Path(tempfile.mkdtemp(prefix=PREFIX))
        home.chmod(0o755)
    stack = Stack(home, cache, heap, console=console, usual_ports=False)
    with _signals_as_exit(), hold(home / OWNER), _erased_at_the_end(stack):
        yield stack.up()


def sweep() -> None:
    """Remove stacks whose owner was killed: their lock is free."""
    for home in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError, StackError):
            # A folder without a state file may be a stack that is just being made.
            if home.stat().st_uid == os.geteuid() and (home / "state.json").exists():
                with hold(home / OWNER):
                    _erase(Stack(home))


def _erase(stack: Stack) -> None:
    stack.erase()
    shutil.rmtree(stack.home, ignore_errors=True)


@contextmanager
def _erased_at_the_end(stack: Stack) -> Iterator[None]:
    owner = os.getpid()

    def erase() -> None:
        # A forked child inherits this handler, and may exit earlier.
        if os.getpid() == owner:
            _erase(stack)

    atexit.register(erase)
    try:
        yield
    finally:
        # If a second Ctrl-C interrupts this, the handler at exit does the rest.
        erase()
        atexit.unregister(erase)


@contextmanager
def _signals_as_exit() -> Iterator[None]:
    """Turn SIGTERM and SIGHUP into an exit that runs cleanups, unless the program has handlers of its own."""
    mine = threading.current_thread() is threading.main_thread()
    caught = [each for each in (signal.SIGTERM, signal.SIGHUP) if mine and signal.getsignal(each) is signal.SIG_DFL]
    for each in caught:
        signal.signal(each, _exit)
    try:
        yield
    finally:
        for each in caught:
            signal.signal(each, signal.SIG_DFL)


def _exit(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)
