"""The FastAPI application: routes, the edge around them, and the services behind them, made from the settings."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import version

from fastapi import APIRouter, FastAPI

from analyzers import alike, load_lexicons
from mappings.catalogue import Catalogue
from search import bootstrap
from search.access.audit import Audit
from search.access.identity import BrokerNonces, identity_modes
from search.access.sealing import Sealing
from search.api import (
    admin,
    credentials,
    described,
    edge,
    feedback,
    problems,
    recommended,
    routes,
    store,
    store_report,
    suggest,
    surroundings,
)
from search.api.rates import Rates
from search.canary.canary import Canary
from search.core.endpoints import Endpoints
from search.core.settings import Settings

DESCRIPTION = "One search over messages, people, docs and apps; nobody sees, counts or guesses what they may not."


def create(
    settings: Settings,
    endpoints: Endpoints,
    *,
    catalogue: Catalogue | None = None,
    allowed_hosts: frozenset[str] | None = None,
    more: Sequence[APIRouter] = (),
) -> FastAPI:
    """Return the application; connections open when its lifespan begins.

    `catalogue`: by default what is installed. `allowed_hosts`: the only host names to answer to; None for any. `more`:
    further routers. Raises ConfigurationError when no identity mode is set, and for a faulty lexicon, rate limit or
    store, or a weak key.
    """
    known = catalogue or Catalogue.installed()
    broker = bootstrap.broker_at(settings.broker, endpoints.broker_url)
    modes = identity_modes(settings.identity, BrokerNonces(broker.connection.client))
    lexicons = load_lexicons(settings.analysis.lexicons)
    sealing = Sealing.configured(settings.sealing)
    alike.prepare()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            services = await stack.enter_async_context(
                bootstrap.read_side(settings, endpoints, broker, known, lexicons, sealing)
            )
            app.state.services = services
            services.readiness.start()
            stack.push_async_callback(services.readiness.stop)
            await stack.enter_async_context(services.feedback.running())
            await stack.enter_async_context(services.asked.running())
            if settings.canary.tenant:
                canary = Canary(services.search, broker.publish, settings.canary.tenant)
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
    app.state.rates = Rates.configured(settings.rates, broker.connection.client)
    for router in (*_routers(known), *more):
        app.include_router(router)
    credentials.describe(app)
    problems.install(app)
    audit, origins = Audit.configured(settings.audit), settings.api.origins
    edge.install(app, audit=audit, sealing=sealing, allowed_hosts=allowed_hosts, origins=origins)
    return app


def _routers(known: Catalogue) -> Sequence[APIRouter]:
    """Return the routers of all calls, each before those that would take its paths for something of theirs."""
    searched = (routes.search(known), suggest.router, surroundings.router, described.router, feedback.router)
    # What is recommended goes before `/apps/{id}`, which would take it for an app's id.
    apps = (recommended.router, store.router, store_report.router)
    return (*searched, *apps, admin.router(known), routes.operations)
