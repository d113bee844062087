"""Answers of the identity service about tokens: kept briefly, and not asked for while the service fails."""

from __future__ import annotations

import asyncio
import hashlib
import math
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from prometheus_client import Counter

from search.access.identity.breaker import OPEN_S, Breaker
from search.access.identity.endpoint import FAILURES, reason
from search.core.errors import Unavailable

# The contract's bound on how long a token that was withdrawn may still count.
KEPT_S = 30
MOST_KEPT = 10_000
# A bound on the questions under way, as strangers may send any number of unknown tokens.
MOST_ASKED_AT_ONCE = 100

CALLS = Counter("office_search_introspections_total", "Questions to the identity service about a token", ["outcome"])

Claims = Mapping[str, Any]

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Said:
    """An answer. `claims`: of an active token, None for one that is not. `until`: monotonic seconds."""

    claims: Claims | None
    until: float


class TokenStates:
    """Claims by token, as the identity service stated them at most KEPT_S ago, and never past the token's `exp`."""

    def __init__(
        self, ask: Callable[[str], Awaitable[Claims | None]], now: Callable[[], float], clock: Callable[[], float]
    ) -> None:
        """Ask with `ask`, which returns a token's claims, None if it is not active, or raises one of FAILURES.

        `now`: Unix seconds. `clock`: monotonic seconds.
        """
        self._ask = ask
        self._now = now
        self._clock = clock
        self._breaker = Breaker(clock)
        # By the hash of the token, so that no credentials stand in memory.
        self._said: OrderedDict[bytes, _Said] = OrderedDict()
        self._asking: dict[bytes, asyncio.Task[_Said | None]] = {}

    async def claims(self, token: str) -> Claims | None:
        """Return what an active token claims, None for another. Raises Unavailable when the service does not say."""
        key = hashlib.sha256(token.encode()).digest()
        said = self._said.get(key)
        if said is None or self._is_over(said):
            # A request that is cancelled must not cancel the question: others may wait for the same answer.
            said = await asyncio.shield(self._asking.get(key) or self._asked(key, token))
        if said is None:
            raise Unavailable("The identity service does not answer; check OFFICE_SEARCH_INTROSPECTION_URL.")
        return said.claims

    def _asked(self, key: bytes, token: str) -> asyncio.Task[_Said | None]:
        if len(self._asking) >= MOST_ASKED_AT_ONCE or not self._breaker.lets_out():
            CALLS.labels("refused").inc()
            raise Unavailable("The identity service is not asked just now: it fails, or is asked too much already.")
        task = self._asking[key] = asyncio.create_task(self._outcome(key, token))
        task.add_done_callback(lambda _: self._asking.pop(key))
        return task

    async def _outcome(self, key: bytes, token: str) -> _Said | None:
        """Return the service's answer, None when there was none."""
        # Counted from before the question, as a token may be withdrawn while the answer is on its way.
        asked_at = self._clock()
        try:
            claims = await self._ask(token)
        except FAILURES as failure:
            self._failed(reason(failure))
            return None
        self._breaker.succeeded()
        CALLS.labels("inactive" if claims is None else "active").inc()
        said = _Said(claims, asked_at + _lifetime(claims, self._now()))
        self._keep(key, said)
        return said

    def _failed(self, why: str) -> None:
        self._breaker.failed()
        CALLS.labels("failed").inc()
        _log.warning("introspection_failed", error=why)
        if self._breaker.is_open:
            _log.error("introspection_paused", seconds=OPEN_S)

    def _keep(self, key: bytes, said: _Said) -> None:
        self._said[key] = said
        self._said.move_to_end(key)
        while self._said and (len(self._said) > MOST_KEPT or self._is_over(next(iter(self._said.values())))):
            self._said.popitem(last=False)

    def _is_over(self, said: _Said) -> bool:
        return said.until <= self._clock()


def _lifetime(claims: Claims | None, now: float) -> float:
    """Return for how many seconds an answer counts; an `exp` that is not a number is refused elsewhere."""
    exp = (claims or {}).get("exp")
    return min(KEPT_S, exp - now) if isinstance(exp, int | float) and math.isfinite(exp) else KEPT_S
