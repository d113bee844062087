"""What people opened after they asked something: a batch figure by the rule of groups, the same for every caller."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

Opened = Mapping[str, Sequence[str]]
"""By vertical, ids of what was opened, by most people first."""


class OpenedAfter(Protocol):
    """Knows it."""

    async def after(self, tenant: str, text: str) -> Opened:
        """Return what people opened who asked this. Never fails: what cannot be read is not known."""
        ...


class NothingOpened:
    """Knows nothing, as before the first batch."""

    async def after(self, tenant: str, text: str) -> Opened:
        return {}
