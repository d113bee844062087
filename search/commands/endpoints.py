"""The engine and broker that a command talks to."""

from __future__ import annotations

from search.core.endpoints import Endpoints, given
from search.core.settings import Settings


def resolve(settings: Settings) -> Endpoints:
    """Return the endpoints that the settings name; for what they leave out, those of the running managed stack.

    Raises StackError if the managed stack does not run.
    """
    if named := given(settings):
        return named
    # Only here: what is named in production is reached without the machinery of the local stack.
    from search.localstack.managed import managed_endpoints

    managed = managed_endpoints(settings.localstack)
    return Endpoints(settings.engine.url or managed.opensearch_url, settings.broker.url or managed.broker_url)
