"""The figures of apps of the made-up company: made at the start, so that its store has something to tell."""

from __future__ import annotations

import structlog
from rich.console import Console

from search.commands.recommend import train
from search.core.endpoints import Endpoints
from search.core.settings import Settings

log = structlog.get_logger(__name__)


async def make_figures(settings: Settings, endpoints: Endpoints) -> None:
    """Make the figures of the tenants whose turn it is. Never fails."""
    try:
        await train(settings, endpoints, Console(quiet=True), due=True)
    except Exception as error:
        # The store tells less without them, and the indexers try again some minutes later.
        log.warning("figures_not_made", error=repr(error)[:200])
