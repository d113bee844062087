"""A temporary stack for one test run or evaluation, removed in the end, also after a crash."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rich.console import Console

from search.core.endpoints import Endpoints
from search.core.errors import StackError
from search.localstack.files import hold
from search.localstack.sentences import one_sentence
from search.localstack.stack import Stack
from search.localstack.unwinding import signals_as_exit

PREFIX = "office-search-temporary-"
OWNER = "owner"


@contextmanager
def temporary_stack(
    *, heap: str = "512m", cache: Path | None = None, console: Console | None = None
) -> Iterator[Endpoints]:
    """Yield the endpoints of a new stack on free ports; remove it with its data afterwards."""
    with temporary(heap=heap, cache=cache, console=console) as stack:
        yield stack.up()


@contextmanager
def temporary(*, heap: str = "512m", cache: Path | None = None, console: Console | None = None) -> Iterator[Stack]:
    """Yield such a stack before it is started, to whoever disturbs it; remove it with its data afterwards."""
    sweep()
    with one_sentence("make a folder for a temporary stack"):
        home = Path(tempfile.mkdtemp(prefix=PREFIX))
        home.chmod(0o755)
    stack = Stack(home, cache, heap, console=console, usual_ports=False)
    with signals_as_exit(), hold(home / OWNER), _erased_at_the_end(stack):
        yield stack


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
