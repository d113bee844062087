"""Answers of the identity service about tokens: kept briefly, and not asked for while the service fails."""

from __future__ import annotations

import asyncio
import hashlib
import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from prometheus_client import Counter, Gauge

from search.access.identity.breaker import OPEN_S, Breaker
from search.access.identity.endpoint import FAILURES, is_away, reason, rejects_input
from search.access.identity.kept import Kept
from search.access.identity.turns import Turns
from search.core.errors import Unavailable

# The contract's bound on how long a token that was withdrawn may still count.
KEPT_S = 30
# Of active tokens, and as many of others again: made-up ones must not push genuine ones out.
MOST_KEPT = 10_000

CALLS = Counter("office_search_introspections_total", "Questions to the identity service about a token", ["outcome"])
PAUSED = Gauge("office_search_introspection_paused", "1 while the identity service is left alone, as it keeps failing")

Claims = Mapping[str, Any]

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Said:
    """What the service said. `claims`: of an active token, None for one that is not."""

    claims: Claims | None


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
        self._turns = Turns(clock)
        # By the hash of the token, so that no credentials stand in memory.
        self._active: Kept[Claims] = Kept(MOST_KEPT, clock)
        self._inactive: Kept[bool] = Kept(MOST_KEPT, clock)
        self._asking: dict[bytes, asyncio.Task[_Said | None]] = {}

    async def claims(self, token: str, peer: str = "") -> Claims | None:
        """Return what an active token claims, None for another. Raises Unavailable when the service does not say.

        `peer`: the address that the token was sent from, by which those who make tokens up are told from others.
        """
        key = hashlib.sha256(token.encode()).digest()
        if (claims := self._active.get(key)) is not None:
            return claims
        if self._inactive.get(key):
            return None
        # A request that is cancelled must not cancel the question: others may wait for the same answer.
        said = await asyncio.shield(self._asking.get(key) or self._asked(key, token, peer))
        if said is None:
            raise Unavailable("The identity service does not say; check OFFICE_SEARCH_INTROSPECTION_URL and the log.")
        return said.claims

    def _asked(self, key: bytes, token: str, peer: str) -> asyncio.Task[_Said | None]:
        task = self._asking[key] = asyncio.create_task(self._in_turn(key, token, peer))
        task.add_done_callback(lambda _: self._asking.pop(key))
        return task

    async def _in_turn(self, key: bytes, token: str, peer: str) -> _Said | None:
        """Return the service's answer once it is this token's turn, None when there was no answer or no turn."""
        try:
            async with self._turns.turn(key, token, peer):
                if self._breaker.lets_out():
                    return await self._outcome(key, token)
        except Unavailable as busy:
            _log.debug("introspection_busy", reason=str(busy))
        CALLS.labels("refused").inc()
        return None

    async def _outcome(self, key: bytes, token: str) -> _Said | None:
        # Counted from before the question, as a token may be withdrawn while the answer is on its way.
        asked_at = self._clock()
        try:
            claims = await self._ask(token)
        except FAILURES as failure:
            if not rejects_input(failure):
                self._failed(failure)
                return None
            claims = None
        self._breaker.succeeded()
        PAUSED.set(0)
        CALLS.labels("inactive" if claims is None else "active").inc()
        self._keep(key, token, claims, asked_at)
        return _Said(claims)

    def _failed(self, failure: Exception) -> None:
        CALLS.labels("failed").inc()
        _log.warning("introspection_failed", error=reason(failure))
        # What only some tokens get must not count: whoever sends such tokens would shut all others out.
        if is_away(failure):
            self._breaker.failed()
            if self._breaker.is_open:
                PAUSED.set(1)
                _log.error("introspection_paused", seconds=OPEN_S)

    def _keep(self, key: bytes, token: str, claims: Claims | None, asked_at: float) -> None:
        if claims is None:
            self._inactive.put(key, True, asked_at + KEPT_S)
            return
        self._active.put(key, claims, asked_at + _lifetime(claims, self._now()))
        self._turns.was_active(key, token)


def _lifetime(claims: Claims, now: float) -> float:
    """Return for how many seconds an answer counts; an `exp` that is not a number is refused elsewhere."""
    exp = claims.get("exp")
    return min(KEPT_S, exp - now) if isinstance(exp, int | float) and math.isfinite(exp) else KEPT_S
