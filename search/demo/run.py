"""`office-search demo`: the whole system with a made-up company, in one command."""

from __future__ import annotations

import asyncio
import os
import secrets
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import uvicorn
import uvloop
from fastapi import FastAPI
from opensearchpy import AsyncOpenSearch
from pydantic import SecretStr
from rich.console import Console
from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from analyzers import ANALYSIS_VERSION
from indexers import aside
from indexers.generations import Registry
from indexers.lag import lags
from mappings.catalogue import Catalogue
from search import bootstrap
from search.api.app import create
from search.bootstrap import Services
from search.commands.endpoints import resolve
from search.commands.load import load_files
from search.commands.reindex import reindex_vertical
from search.commands.serve import server as http_server
from search.core import engine as engines
from search.core.endpoints import Endpoints
from search.core.errors import OfficeSearchError
from search.core.log import configure
from search.core.settings import Settings
from search.core.streams.port import Broker
from search.core.tasks import cancelled
from search.demo import company as companies
from search.demo import places
from search.demo.figures import make_figures
from search.demo.routes import page_folder, router
from search.localstack import managed_stack
from search.localstack.children import Child, running
from search.localstack.keeper import Keeper, keeper
from search.localstack.places import default_home
from search.localstack.ports import choose_port
from search.localstack.unwinding import signals_as_exit
from search.query.question import Question

HOST = "127.0.0.1"
AUDIENCE = "office-search-demo"
WARMING_TRIES = 3
START_S = 120.0
# The figures of apps are made meanwhile; where they take longer, the page does not wait for them.
FIGURES_S = 8.0


def run_demo(settings: Settings, console: Console, *, port: int, events: Path | None) -> None:
    """Start the stack, the indexers and the API, load the company and print the URL.

    Everything stops on Ctrl-C, when the process is told to end or its terminal closes, and even when it is killed.
    """
    with suppress(KeyboardInterrupt), signals_as_exit():
        _run(settings, console, port, events)


def _run(settings: Settings, console: Console, port: int, events: Path | None) -> None:
    page_folder()  # without a page nothing is to be started
    with console.status("Making up a company …"):
        company = companies.generate(now=_first_day(default_home(settings.localstack)))
    with tempfile.TemporaryDirectory(prefix="office-search-demo-") as folder:
        files = companies.write(company, events or Path(folder))
        with keeper() as kept, _stack(settings, console, kept) as endpoints:
            chosen = _chosen(settings, port)
            with running("index", _environment(chosen, endpoints), Path(folder)) as indexers:
                kept.process(indexers.pid)
                uvloop.run(_serve(chosen, endpoints, company, files, console, indexers))


def _chosen(settings: Settings, port: int) -> Settings:
    """Return the settings for the demo: tokens of its own, a free port, its audit log in a file."""
    secret = SecretStr(secrets.token_urlsafe(32))
    jwt = settings.identity.jwt.model_copy(update={"secret": secret, "audience": AUDIENCE})
    audit_file = settings.audit.file or default_home(settings.localstack) / "audit.log"
    return replace(
        settings,
        identity=replace(settings.identity, jwt=jwt),
        audit=settings.audit.model_copy(update={"file": audit_file}),
        # All users of the demo share a few callers, who would soon reach a limit.
        rates=settings.rates.model_copy(update={"caller": "off"}),
        api=settings.api.model_copy(update={"host": HOST, "port": choose_port(port)}),
    )


def _first_day(home: Path) -> date:
    """Return the day on which the demo first ran here.

    The company is generated as of that day: as of another day the same messages would have other times, which the
    contract forbids.
    """
    noted = home / "demo-day"
    if not noted.exists():
        home.mkdir(parents=True, exist_ok=True)
        noted.write_text(date.today().isoformat())
    return date.fromisoformat(noted.read_text())


@contextmanager
def _stack(settings: Settings, console: Console, kept: Keeper) -> Iterator[Endpoints]:
    """Yield the endpoints of the settings, or of the managed stack, which stops afterwards unless it ran before."""
    if settings.engine.url and settings.broker.url:
        yield resolve(settings)
        return
    stack = managed_stack(settings.localstack, console)
    ran = stack.endpoints() is not None
    if not ran:
        kept.stack(stack.home)
    try:
        stack.up()
        yield resolve(settings)
    finally:
        if not ran:
            with console.status("Stopping …"):
                stack.down()


def _environment(settings: Settings, endpoints: Endpoints) -> dict[str, str]:
    """Return this process's environment with these endpoints; it may hold their credentials too."""
    urls = {"OPENSEARCH_URL": endpoints.opensearch_url, "BROKER_URL": endpoints.broker_url}
    return {**os.environ, **urls, "OFFICE_SEARCH_INDEXER_PORT": str(choose_port(settings.indexers.port))}


async def _serve(
    settings: Settings,
    endpoints: Endpoints,
    company: companies.Company,
    files: Sequence[Path],
    console: Console,
    indexers: Child,
) -> None:
    await load_files(settings, endpoints, files, console)
    await _indexed(settings, endpoints, console, indexers)
    await _made_anew(settings, endpoints, console)
    assert settings.identity.jwt.secret is not None
    demo = router(company.callers, settings.identity.jwt.secret.get_secret_value(), AUDIENCE)
    hosts = frozenset({HOST, "localhost"})
    app = create(settings, endpoints, allowed_hosts=hosts, more=[demo, places.router])
    configure("WARNING", audit_file=settings.audit.file)
    server = http_server(app, settings.api)
    serving = asyncio.create_task(server.serve())
    counting = asyncio.create_task(make_figures(settings, endpoints))
    parent = asyncio.create_task(_stop_without_parent(server))
    try:
        await _ready(server, serving, app)
        with console.status("Warming up …"):
            await asyncio.wait({counting}, timeout=FIGURES_S)
            await _warm(app.state.services, company)
        console.print(_welcome(settings.api.port, company))
        await serving
    finally:
        parent.cancel()
        await cancelled(counting)
        server.should_exit = True


async def _stop_without_parent(server: uvicorn.Server) -> None:
    """Stop the server when `make`, which started this process, is gone; what was detached on purpose goes on."""
    parent = os.getppid()
    while "MAKELEVEL" in os.environ:
        await asyncio.sleep(1)
        if os.getppid() != parent:
            server.should_exit = True
            return


async def _indexed(settings: Settings, endpoints: Endpoints, console: Console, indexers: Child) -> None:
    """Wait, with a progress bar, until the indexers have settled everything that the streams hold."""
    columns = (SpinnerColumn(), TextColumn("index"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    async with AsyncExitStack() as stack:
        engine = engines.connect(settings.engine, endpoints.opensearch_url)
        stack.push_async_callback(engine.close)
        broker = await stack.enter_async_context(bootstrap.connected_broker(settings.broker, endpoints.broker_url))
        progress = stack.enter_context(Progress(*columns, console=console))
        task = progress.add_task("index", total=None)
        total = 0
        registry = Registry(engine, Catalogue.installed())
        while (lag := await _lag(registry, broker)) != 0 or await _held(engine, registry):
            indexers.check()
            total = max(total, lag or 0)
            progress.update(task, total=total or None, completed=total - (lag or 0))
            await asyncio.sleep(0.1)
        progress.update(task, total=total or 1, completed=total or 1)
        # What is indexed is found from now on, also by those who count it.
        await engine.indices.refresh()


async def _made_anew(settings: Settings, endpoints: Endpoints, console: Console) -> None:
    """Reindex what an earlier version of the demo has made here, with terms that are not asked for any more."""
    engine = engines.connect(settings.engine, endpoints.opensearch_url)
    try:
        catalogue = Catalogue.installed()
        found = [one for one in await Registry(engine, catalogue).all() if one.state == "serving"]
    finally:
        await engine.close()
    for one in found:
        if one.collection in catalogue.verticals and one.analysis_version != ANALYSIS_VERSION:
            await reindex_vertical(settings, endpoints, one.collection, console)


async def _lag(registry: Registry, broker: Broker) -> int | None:
    """Return how many events all consumers together have not settled; None until all of them exist."""
    try:
        found = (await lags(registry, broker)).values()
    except OfficeSearchError:
        return None
    behind = [lag for lag in found if lag is not None]
    return sum(behind) if found and len(behind) == len(found) else None


async def _held(engine: AsyncOpenSearch, registry: Registry) -> bool:
    """Return whether events are set aside, as they are while an index is made: settled, and not yet to be found."""
    followed = [one.name for one in await registry.all() if one.state != "retired"]
    return any((await aside.held(engine, followed)).values())


async def _ready(server: uvicorn.Server, serving: asyncio.Task[None], app: FastAPI) -> None:
    async with asyncio.timeout(START_S):
        while not server.started or app.state.services.readiness.reasons:
            if serving.done():
                serving.result()
                raise OfficeSearchError("The API could not start; is its port taken? Choose another with --port.")
            await asyncio.sleep(0.05)


async def _warm(services: Services, company: companies.Company) -> None:
    """Ask every example once, as the first queries of a cold engine are several times slower."""
    for caller in company.callers:
        for example in caller.examples:
            await _ask(services, caller, example)


async def _ask(services: Services, caller: companies.DemoCaller, example: str) -> None:
    """Ask until it is answered in time, a few times at most: nobody waits for this answer."""
    for _ in range(WARMING_TRIES):
        with suppress(OfficeSearchError):
            principal = await services.search.directory.principal(caller.tenant, caller.user)
            await services.search.answer(principal, Question(example), datetime.now(UTC))
            return


def _welcome(port: int, company: companies.Company) -> Panel:
    table = Table.grid(padding=(0, 2))
    for caller in company.callers:
        table.add_row(caller.name, caller.role["zh"], "  ".join(caller.examples[:3]))
    url = f"http://{HOST}:{port}/"
    inner = Table.grid(padding=(1, 0))
    inner.add_row(f"[bold]Open [link={url}]{url}[/link][/bold]   (Ctrl-C stops everything)")
    inner.add_row(f"The app store: [link={url}store.html]{url}store.html[/link]")
    inner.add_row("Who is searching, and what to try:")
    inner.add_row(table)
    return Panel(inner, title="Office Search", expand=False)
