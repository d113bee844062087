"""`office-search reindex` and `rebuild`: build a vertical's index anew while the old one serves."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console

from indexers.builder import Built
from indexers.rebuild import Rebuild
from indexers.refill import Refill, Refilled
from indexers.reindex import Reindex
from mappings.catalogue import Catalogue
from search import bootstrap
from search.commands.bar import Bar
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
        with Bar(console) as bar:
            filled = await Refill(resources, bar, tenant).run(vertical, restart=restart)
    console.print(f"{filled.index} is there and whole, with {filled.documents:,} documents.")
    _tell(filled.rejected, "events gave no document.", console)
    return filled


async def _build(
    work: type[Reindex], settings: Settings, endpoints: Endpoints, vertical: str, console: Console, *, restart: bool
) -> Built:
    async with bootstrap.write_side(settings, endpoints, Catalogue.installed()) as resources:
        with Bar(console) as bar:
            built = await work(resources, bar).run(vertical, restart=restart)
    console.print(f"{built.generation} serves, with {built.documents:,} documents; {built.retired} is retired.")
    _tell(built.rejected, "documents no longer pass the contract and are found no more.", console)
    return built


def _tell(rejected: Sequence[str], what: str, console: Console) -> None:
    for reason in rejected[:SHOWN]:
        console.print(f"  rejected: {reason}", style="yellow", markup=False, highlight=False)
    if rejected:
        console.print(f"{len(rejected)} {what}")
