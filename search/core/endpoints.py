"""Where engine and broker answer."""

from __future__ import annotations

from dataclasses import dataclass

from search.core.settings import Settings


@dataclass(frozen=True)
class Endpoints:
    """Where engine and broker answer; the broker's URL may carry its token."""

    opensearch_url: str
    broker_url: str


def given(settings: Settings) -> Endpoints | None:
    """Return what the settings name; None unless they name both."""
    if settings.engine.url and settings.broker.url:
        return Endpoints(settings.engine.url, settings.broker.url)
    return None
