"""Counts requests in the shared store; while it does not answer, each process counts for itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from math import floor

import structlog
from limits import RateLimitItem
from limits.aio.storage import MemoryStorage, Storage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from prometheus_client import Gauge

from search.core.errors import OfficeSearchError

PATIENCE_S = 0.5
RETRY_S = 1.0

STORE_AWAY = Gauge(
    "office_search_rate_limit_store_away", "1 while the shared store does not answer and each process counts for itself"
)

_log = structlog.get_logger(__name__)


class Counts:
    """Counters of requests.

    `shared`: the store that all processes count in; None: this process counts alone. `clock`: monotonic seconds.
    """

    def __init__(self, shared: Storage | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._own = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._shared = None if shared is None else SlidingWindowCounterRateLimiter(shared)
        self._clock = clock
        self._away = False
        self._again_at = 0.0

    async def take(self, limit: RateLimitItem, *key: str) -> int:
        """Count one request. Return 0 if there was room for it, else in how many whole seconds there will be."""
        if self._shared is not None and self._worth_asking():
            try:
                async with asyncio.timeout(PATIENCE_S):
                    seconds = await _take(self._shared, limit, key)
            except Exception as error:  # stores of any kind raise errors of their clients
                self._lost(error)
            else:
                self._found()
                return seconds
        return await _take(self._own, limit, key)

    def _worth_asking(self) -> bool:
        """Return whether to ask the shared store: always while it answers, else one request every RETRY_S seconds."""
        now = self._clock()
        if self._away and now < self._again_at:
            return False
        self._again_at = now + RETRY_S
        return True

    def _lost(self, error: Exception) -> None:
        if not self._away:
            # A client's message may hold the store's address, which may hold a password.
            reason = str(error) if isinstance(error, OfficeSearchError) else type(error).__name__
            _log.warning("rate_limit_store_away", reason=reason, hint="This process counts for itself.")
        self._away = True
        self._again_at = self._clock() + RETRY_S
        STORE_AWAY.set(1)

    def _found(self) -> None:
        if self._away:
            _log.info("rate_limit_store_back")
        self._away = False
        STORE_AWAY.set(0)


async def _take(limiter: SlidingWindowCounterRateLimiter, limit: RateLimitItem, key: tuple[str, ...]) -> int:
    if await limiter.hit(limit, *key):
        return 0
    free_at = (await limiter.get_window_stats(limit, *key)).reset_time
    # One second more: at `free_at` itself the window is still full.
    return max(0, floor(free_at - time.time())) + 1
