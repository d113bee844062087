"""Lets a process that is told to end clean up first, as it does on Ctrl-C."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def signals_as_exit() -> Iterator[None]:
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


@contextmanager
def exit_postponed() -> Iterator[None]:
    """Let an exit by such a signal wait for the end of the block: for what must not be cut off in the middle."""
    global _postponed
    outer, _postponed = _postponed, []
    try:
        yield
    finally:
        waiting, _postponed = _postponed, outer
        for number in waiting:
            _exit(number, None)


_postponed: list[int] | None = None


def _exit(number: int, _frame: FrameType | None) -> None:
    if _postponed is not None:
        _postponed.append(number)
        return
    sys.exit(128 + number)
