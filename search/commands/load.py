"""`office-search load`: publishes event files to the streams."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from indexers.load import Loaded, load, size
from mappings.catalogue import Catalogue
from search import bootstrap
from search.core.endpoints import Endpoints
from search.core.errors import OfficeSearchError
from search.core.settings import Settings

SHOWN = 10


async def load_files(settings: Settings, endpoints: Endpoints, files: Sequence[Path], console: Console) -> Loaded:
    """Publish event files with a progress bar, and print how many events of each type were sent.

    Raises OfficeSearchError if lines were skipped, after all others were sent.
    """
    total = size(files)
    columns = (TextColumn("publish"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    async with bootstrap.connected_broker(settings.broker, endpoints.broker_url) as broker:
        with Progress(*columns, console=console) as progress:
            task = progress.add_task("publish", total=total)
            loaded = await load(broker, Catalogue.installed(), files, lambda size: progress.advance(task, size))
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
