"""The addresses of engine and broker."""

from __future__ import annotations

from dataclasses import dataclass

from search.core.settings import Settings


@dataclass(frozen=True)
class Endpoints:
    """The URLs of engine and broker; the broker's URL may hold its token."""

    opensearch_url: str
    broker_url: str


def given(settings: Settings) -> Endpoints | None:
    """Return the endpoints that the settings name; None unless they name both."""
    if settings.engine.url and settings.broker.url:
        return Endpoints(settings.engine.url, settings.broker.url)
    return None
