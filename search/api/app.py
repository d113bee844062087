"""The application: everything put together, once, from the settings."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version

from fastapi import APIRouter, FastAPI

from analyzers import alike, load_lexicons
from search.access.audit import Audit
from search.access.directory import Directory
from search.access.identity import BrokerNonces, identity_modes
from search.access.reader import Reader
from search.api import admin, edge, problems, routes
from search.api.rates import Rates
from search.api.readiness import Readiness
from search.canary.canary import Canary
from search.core import broker as streams
from search.core import engine as engines
from search.core.endpoints import Endpoints
from search.core.settings import Settings
from search.explain.explain import Explain
from search.query.answer import Search

DESCRIPTION = "One search over messages, people, docs and apps; nobody sees, counts or guesses what they may not."


@dataclass(frozen=True)
class Services:
    """What the routes use."""

    search: Search
    readiness: Readiness
    explain: Explain


def create(
    settings: Settings,
    endpoints: Endpoints,
    *,
    allowed_hosts: frozenset[str] | None = None,
    more: Sequence[APIRouter] = (),
) -> FastAPI:
    """Connections open with the application's lifespan.

    Raises ConfigurationError when no identity mode is set, for a faulty lexicon, limit or store, or a weak key.
    """
    broker = streams.Connection(lambda: streams.connect(settings.broker, endpoints.broker_url))
    modes = identity_modes(settings.identity, BrokerNonces(broker.borrow))
    lexicons = load_lexicons(settings.analysis.lexicons)
    alike.prepare()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            engine = engines.connect(settings.engine, endpoints.opensearch_url)
            stack.push_async_callback(engine.close)
            stack.push_async_callback(broker.close)
            readiness = Readiness(engine, broker.open)
            patience_s = 2 * settings.search.deadline_ms / 1000
            directory = Directory(engine, lambda: time.time_ns() // 1000, patience_s=patience_s)
            reader = Reader(engine, settings.search.deadline_ms)
            search = Search(reader, directory, lexicons)
            explain = Explain(engine, settings.search.deadline_ms, search, readiness.events_behind)
            app.state.services = Services(search, readiness, explain)
            readiness.start()
            stack.push_async_callback(readiness.stop)
            if settings.canary.tenant:
                canary = Canary(
                    search, lambda *event: broker.borrow().jetstream().publish(*event), settings.canary.tenant
                )
                await stack.enter_async_context(canary.running(settings.canary.every_s))
            yield

    app = FastAPI(
        title="Office Search",
        description=DESCRIPTION,
        version=version("office-search"),
        lifespan=lifespan,
        # A redirect would put the query into a header; Swagger's page loads scripts from elsewhere.
        redirect_slashes=False,
        docs_url=None,
        redoc_url=None,
    )
    app.state.identity_modes = modes
    app.state.rates = Rates.configured(settings.rates, broker.borrow)
    app.include_router(routes.search)
    app.include_router(admin.router)
    app.include_router(routes.operations)
    for router in more:
        app.include_router(router)
    problems.install(app)
    edge.install(app, audit=Audit.configured(settings.audit), allowed_hosts=allowed_hosts)
    return app
