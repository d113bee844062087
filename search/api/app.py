"""The FastAPI application: routes, the edge around them, and the services behind them, made from the settings."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi import APIRouter, FastAPI

from analyzers import alike, load_lexicons
from mappings.catalogue import Catalogue
from search import bootstrap
from search.access.audit import Audit
from search.access.identity import BrokerNonces, identity_modes
from search.access.sealing import Sealing
from search.api import edge, problems
from search.api.document import described_by
from search.api.rates import Rates
from search.canary.canary import Canary
from search.core.endpoints import Endpoints
from search.core.settings import Settings


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

    pictures = settings.pictures.hosts
    app = described_by(known, lifespan=lifespan, picture_hosts=pictures, more=more)
    app.state.identity_modes = modes
    app.state.rates = Rates.configured(settings.rates, broker.connection.client)
    problems.install(app)
    audit, origins = Audit.configured(settings.audit), settings.api.origins
    edge.install(
        app, audit=audit, sealing=sealing, allowed_hosts=allowed_hosts, origins=origins, picture_hosts=pictures
    )
    return app
