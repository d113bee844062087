"""`office-search status`: shows every generation, its size and how far its consumers are behind."""

from __future__ import annotations

from contextlib import AsyncExitStack

from opensearchpy import AsyncOpenSearch
from opensearchpy.exceptions import OpenSearchException
from rich.console import Console
from rich.table import Table

from indexers import aside
from indexers.building import told
from indexers.followed import Followed
from indexers.following_up import FollowUp
from indexers.generations import Generation, Registry
from indexers.lag import lags_of
from mappings.catalogue import Catalogue
from search import bootstrap
from search.core import engine as engines
from search.core.endpoints import Endpoints
from search.core.settings import Settings

SHOWN = 10


async def show(settings: Settings, endpoints: Endpoints, console: Console) -> None:
    """Bring what there is in line with the decisions, and print a table of all generations that are not retired."""
    async with AsyncExitStack() as stack:
        engine = engines.connect(settings.engine, endpoints.opensearch_url)
        stack.push_async_callback(engine.close)
        await engines.ping(engine)
        broker = await stack.enter_async_context(bootstrap.connected_broker(settings.broker, endpoints.broker_url))
        registry = Registry(engine, Catalogue.installed())
        follow_up = FollowUp(engine, broker, registry)
        await _bring_in_line(follow_up, console)
        table = Table("generation", "state", "tenants", "documents", "size", "behind", title="Generations")
        for column in table.columns[2:]:
            column.justify = "right"
        names: list[str] = []
        for generation in await registry.all():
            if generation.state != "retired":
                names.append(generation.name)
                behind = list((await lags_of(generation, broker)).values())
                lag = "no consumer" if None in behind else f"{sum(lag or 0 for lag in behind):,}"
                table.add_row(generation.name, generation.state, *await _size(engine, generation), lag)
        console.print(table)
        for collection, tenants in (await follow_up.lost(registry.catalogue.made)).items():
            if tenants:
                sentence = f"The indices of {collection} are lost of {', '.join(tenants[:SHOWN])}: run "
                again = f"`office-search rebuild {collection}`, for one of them with `--tenant {tenants[0]}`."
                console.print(f"{sentence}{again}", style="red", markup=False)
        for decision in (await registry.decisions.of(registry.catalogue.made)).values():
            if decision.build:
                console.print(told(decision.collection, decision.build), markup=False, highlight=False)
        for gap in await Followed(engine).gaps():
            console.print(str(gap), style="red", markup=False, highlight=False)
        for name, waiting in sorted((await aside.held(engine, names)).items()):
            for tenant, held in sorted(waiting.items()):
                console.print(
                    f"{name}: {held.events:,} events of {tenant} are set aside since {held.since}: {held.reason}",
                    style="yellow", markup=False, highlight=False,
                )  # fmt: skip


async def _bring_in_line(follow_up: FollowUp, console: Console) -> None:
    try:
        done = await follow_up.all()
    except OpenSearchException as error:
        console.print(f"What is decided could not be carried out: {str(error)[:200]}", style="red", markup=False)
        return
    if done:
        console.print(f"A swap or build that was cut off has been brought in line: {len(done)} steps.")


async def _size(engine: AsyncOpenSearch, generation: Generation) -> tuple[str, str, str]:
    rows = await engine.cat.indices(index=f"{generation.name}-*", params={"format": "json", "bytes": "b"})
    documents = sum(int(row["docs.count"] or 0) for row in rows)
    size = sum(int(row["store.size"] or 0) for row in rows)
    return f"{len(rows)}", f"{documents:,}", f"{size / 1e6:,.1f} MB"
