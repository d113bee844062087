"""Which engine and broker a command talks to."""

from __future__ import annotations

from search.core.endpoints import Endpoints, given
from search.core.settings import Settings


def resolve(settings: Settings) -> Endpoints:
    """Return engine and broker as the settings name them; what they leave out is the running managed stack's.

    Raises StackError where that does not run.
    """
    if named := given(settings):
        return named
    # Only here: what is named in production is reached without the machinery of the local stack.
    from search.localstack.managed import managed_endpoints

    managed = managed_endpoints(settings.localstack)
    return Endpoints(settings.engine.url or managed.opensearch_url, settings.broker.url or managed.broker_url)
