"""The steps of a long command as progress bars, one below the other."""

from __future__ import annotations

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)


class Bar:
    """Shows them; to be entered while they last."""

    def __init__(self, console: Console) -> None:
        rate = TextColumn("{task.fields[rate]}")
        self._progress = Progress(
            SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), rate,
            TimeElapsedColumn(), TimeRemainingColumn(), console=console,
        )  # fmt: skip
        self._task: TaskID | None = None

    def __enter__(self) -> Bar:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._finish()
        self._progress.stop()

    def step(self, name: str, total: int | None = None) -> None:
        self._finish()
        self._task = self._progress.add_task(name, total=total, rate="")

    def advance(self, documents: int) -> None:
        if self._task is not None:
            self._progress.advance(self._task, documents)
            speed = self._progress.tasks[self._task].speed
            self._progress.update(self._task, rate=f"{speed:,.0f}/s" if speed else "")

    def _finish(self) -> None:
        if self._task is not None:
            done = self._progress.tasks[self._task]
            self._progress.update(self._task, total=done.total or 1, completed=done.total or 1)
