"""The managed stack that the settings describe."""

from __future__ import annotations

from rich.console import Console

from search.core.endpoints import Endpoints
from search.core.errors import StackError
from search.core.settings import LocalstackSettings
from search.localstack.places import default_cache, default_home
from search.localstack.stack import Stack


def managed_stack(settings: LocalstackSettings, console: Console | None = None) -> Stack:
    """Return the stack that these settings describe; nothing is started."""
    return Stack(default_home(settings), default_cache(settings), settings.heap, console=console)


def managed_endpoints(settings: LocalstackSettings) -> Endpoints:
    """Return the endpoints of the managed stack. Raises StackError unless it runs."""
    managed = managed_stack(settings)
    endpoints = managed.endpoints()
    if endpoints is None:
        raise StackError(
            f"The managed stack in {managed.home} does not run: "
            "run `office-search up`, or set OPENSEARCH_URL and BROKER_URL."
        )
    return endpoints
