"""Whose token is asked about next: made-up tokens in any number must not keep genuine ones from being checked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum
from ipaddress import ip_address, ip_network

from search.access.identity.kept import Kept
from search.core.errors import Unavailable

# Questions under way in each lane.
MOST_IN_LANE = 40
# Of these, for tokens that one source sent, but for the lane of known tokens.
MOST_OF_SOURCE = 20
# Tokens of one source that wait beyond that, and for how long any token waits for its turn.
LONGEST_LINE = 100
WAIT_S = 2
# How long, and of how many tokens, it is remembered that they were active once.
KNOWN_S = 3600
MOST_KNOWN = 10_000
MOST_LENGTHS = 1000


class Lane(Enum):
    """What may be told of a token before it is asked about; each has slots of its own, which no other lane takes."""

    KNOWN = "known"
    """It was active within the last hour."""
    LIKELY = "likely"
    """Unknown, but as long as one that was."""
    STRANGE = "strange"
    """Nothing speaks for it."""


@dataclass(eq=False, slots=True)
class _Line:
    """Tokens of one source in one lane. `inside`: those that are asked about, and those that wait."""

    slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MOST_OF_SOURCE))
    inside: int = 0


class Turns:
    """Gives turns to tokens, by lane and source."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """`clock`: monotonic seconds."""
        self._clock = clock
        self._slots = {lane: asyncio.Semaphore(MOST_IN_LANE) for lane in Lane}
        self._lines: dict[tuple[Lane, str], _Line] = {}
        self._known: Kept[bool] = Kept(MOST_KNOWN, clock)
        self._lengths: Kept[bool] = Kept(MOST_LENGTHS, clock)

    def was_active(self, key: bytes, token: str) -> None:
        """Remember that a token is a genuine one. `key`: its hash."""
        until = self._clock() + KNOWN_S
        self._known.put(key, True, until)
        self._lengths.put(len(token), True, until)

    def lane(self, key: bytes, token: str) -> Lane:
        """Return the lane of a token. `key`: its hash."""
        if self._known.get(key):
            return Lane.KNOWN
        return Lane.LIKELY if self._lengths.get(len(token)) else Lane.STRANGE

    @asynccontextmanager
    async def turn(self, key: bytes, token: str, peer: str) -> AsyncIterator[None]:
        """Wait until the token, sent from the address `peer`, may be asked about; the block is its turn.

        Raises Unavailable when too many wait already, or when its turn does not come within WAIT_S seconds.
        """
        lane = self.lane(key, token)
        async with AsyncExitStack() as held:
            try:
                async with asyncio.timeout(WAIT_S):
                    if lane is not Lane.KNOWN:
                        await held.enter_async_context(self._in_line(lane, source(peer)))
                    await held.enter_async_context(self._slots[lane])
            except TimeoutError:
                raise Unavailable("The identity service is asked about too many tokens just now.") from None
            yield

    @asynccontextmanager
    async def _in_line(self, lane: Lane, source: str) -> AsyncIterator[None]:
        line = self._lines.setdefault((lane, source), _Line())
        if line.inside >= MOST_OF_SOURCE + LONGEST_LINE:
            raise Unavailable("The identity service is asked about too many tokens from one address just now.")
        line.inside += 1
        try:
            async with line.slots:
                yield
        finally:
            line.inside -= 1
            if not line.inside:
                del self._lines[lane, source]


def source(peer: str) -> str:
    """Return what one sender has one of: an IPv4 address, or an IPv6 network of 64 bits, in which all are theirs."""
    try:
        address = ip_address(peer)
    except ValueError:
        return peer
    if address.version == 4:
        return str(address)
    mapped = address.ipv4_mapped
    return str(mapped or ip_network((address.packed, 64), strict=False))
