"""Progress displays: bars on a terminal, a few lines in a log."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)


@contextmanager
def bytes_bar(console: Console, text: str, total: int, have: int) -> Iterator[Callable[[int], None]]:
    """Yield a function to call with each portion of bytes; any thread may call it."""
    if not console.is_terminal:
        yield _Lines(console, text, total, have).advance
        return
    columns = (TextColumn(text), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(text, total=total, completed=have)
        yield lambda portion: progress.advance(task, portion)


@contextmanager
def spinner(console: Console, text: str) -> Iterator[None]:
    """Show `text` with the seconds since the block began."""
    if not console.is_terminal:
        console.print(f"{text}…")
        yield
        return
    with Progress(SpinnerColumn(), TextColumn(text), TimeElapsedColumn(), console=console, transient=True) as progress:
        progress.add_task(text)
        yield


class _Lines:
    """Progress as one line per quarter."""

    def __init__(self, console: Console, text: str, total: int, have: int) -> None:
        self._console, self._text, self._total, self._have = console, text, total, have
        self._said = -1
        self._lock = Lock()
        self.advance(0)

    def advance(self, portion: int) -> None:
        with self._lock:
            self._have += portion
            quarter = 4 * self._have // self._total
            if quarter > self._said:
                self._said = quarter
                self._console.print(f"{self._text}: {self._have / 1e6:.0f} of {self._total / 1e6:.0f} MB")
