"""What an admin runs while the company works: loading event files, reindexing a vertical."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from indexers.load import Loaded, load, size
from indexers.reindex import Built, Reindex
from indexers.service import start_broker
from search.core import broker as streams
from search.core import engine as engines
from search.core.errors import OfficeSearchError
from search.core.settings import Settings
from search.core.stack import Endpoints

SHOWN = 10


async def load_files(settings: Settings, endpoints: Endpoints, files: Sequence[Path], console: Console) -> Loaded:
    """Publish event files, with a progress bar, and say how many of what went out."""
    total = size(files)
    client = await streams.connect(settings, endpoints.broker_url)
    columns = (TextColumn("publish"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    try:
        with Progress(*columns, console=console) as progress:
            task = progress.add_task("publish", total=total)
            loaded = await load(client, files, lambda size: progress.advance(task, size))
    finally:
        await client.close()
    _show_loaded(loaded, console)
    return loaded


def _show_loaded(loaded: Loaded, console: Console) -> None:
    table = Table("type", "events")
    table.columns[1].justify = "right"
    for kind, count in sorted(loaded.sent.items()):
        table.add_row(kind, f"{count:,}")
    table.add_section()
    table.add_row("all", f"{loaded.sent.total():,}")
    console.print(table)
    if loaded.skipped:
        more = "" if len(loaded.skipped) <= SHOWN else f" (the first {SHOWN} of {len(loaded.skipped)})"
        console.print(f"Not sent{more}:", style="yellow")
        for reason in loaded.skipped[:SHOWN]:
            console.print(f"  {reason}", markup=False, highlight=False)
        raise OfficeSearchError(f"{len(loaded.skipped)} lines were not sent; all others were.")


async def reindex_vertical(
    settings: Settings, endpoints: Endpoints, vertical: str, console: Console, *, restart: bool = False
) -> Built:
    """Reindex with a progress bar that tells rate and time left, and say what came of it."""
    async with AsyncExitStack() as stack:
        engine = engines.connect(settings, endpoints.opensearch_url, timeout_s=60)
        stack.push_async_callback(engine.close)
        await engines.ping(engine)
        broker = await start_broker(settings, endpoints)
        stack.push_async_callback(broker.stop)
        with _Bar(console) as bar:
            built = await Reindex(engine, broker, settings, bar).run(vertical, restart=restart)
    console.print(f"{built.generation} serves, with {built.documents:,} documents copied; {built.retired} is retired.")
    for reason in built.rejected[:SHOWN]:
        console.print(f"  rejected: {reason}", style="yellow", markup=False, highlight=False)
    if built.rejected:
        console.print(f"{len(built.rejected)} documents no longer pass the contract and are found no more.")
    return built


class _Bar:
    """A build's steps as bars, one under the other."""

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
