"""`office-search reindex` and `rebuild`: build a vertical's index anew while the old one serves."""

from __future__ import annotations

from collections.abc import Sequence

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

from indexers.builder import Built
from indexers.rebuild import Rebuild
from indexers.refill import Refill, Refilled
from indexers.reindex import Reindex
from mappings.catalogue import Catalogue
from search import bootstrap
from search.core.endpoints import Endpoints
from search.core.settings import Settings

SHOWN = 10


async def reindex_vertical(
    settings: Settings, endpoints: Endpoints, vertical: str, console: Console, *, restart: bool = False
) -> Built:
    """Reindex with a progress bar, and print the result."""
    return await _build(Reindex, settings, endpoints, vertical, console, restart=restart)


async def rebuild_vertical(
    settings: Settings, endpoints: Endpoints, vertical: str, console: Console, *, restart: bool = False
) -> Built:
    """Rebuild from the streams with a progress bar, and print the result."""
    return await _build(Rebuild, settings, endpoints, vertical, console, restart=restart)


async def refill_tenant(
    settings: Settings, endpoints: Endpoints, vertical: str, tenant: str, console: Console, *, restart: bool = False
) -> Refilled:
    """Fill one tenant's index anew from the streams with a progress bar, and print the result."""
    async with bootstrap.write_side(settings, endpoints, Catalogue.installed()) as resources:
        with _Bar(console) as bar:
            filled = await Refill(resources, bar, tenant).run(vertical, restart=restart)
    console.print(f"{filled.index} is there and whole, with {filled.documents:,} documents.")
    _tell(filled.rejected, "events gave no document.", console)
    return filled


async def _build(
    work: type[Reindex], settings: Settings, endpoints: Endpoints, vertical: str, console: Console, *, restart: bool
) -> Built:
    async with bootstrap.write_side(settings, endpoints, Catalogue.installed()) as resources:
        with _Bar(console) as bar:
            built = await work(resources, bar).run(vertical, restart=restart)
    console.print(f"{built.generation} serves, with {built.documents:,} documents; {built.retired} is retired.")
    _tell(built.rejected, "documents no longer pass the contract and are found no more.", console)
    return built


def _tell(rejected: Sequence[str], what: str, console: Console) -> None:
    for reason in rejected[:SHOWN]:
        console.print(f"  rejected: {reason}", style="yellow", markup=False, highlight=False)
    if rejected:
        console.print(f"{len(rejected)} {what}")


class _Bar:
    """The steps of a build as progress bars, one below the other."""

    def __init__(self, console: Console) -> None:
        rate = TextColumn("{task.fields[rate]}")
        self._progress = Progress(
            SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), rate,
            TimeElapsedColumn(), TimeRemainingColumn(), console=console,
        )  # fmt: skip
        self._task: TaskID | None = None

    def __enter__(self) -> _Bar:
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
