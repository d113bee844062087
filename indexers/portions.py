"""A batch in portions, so that no text that takes long holds up the others, and no tenant takes all the room."""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

LARGE_BYTES = 100_000
"""From this length on an event goes alone, and is analysed by the process for long texts."""
# What is analysed in a fraction of a second; more of it goes by tenants, in turns.
PORTION_BYTES = 1_000_000
# Of portions of many tenants, before the next ones are waited for.
MOST_MIXED = 4
# Of what one tenant alone may have in hand, and all of them together.
TENANT_BYTES, ALL_BYTES = 32_000_000, 128_000_000

# Only for turns: where it is wrong, somebody else's turn is used.
_TENANT = re.compile(rb'"tenant"\s*:\s*"([a-z0-9-]{1,40})"')


@dataclass(frozen=True, slots=True)
class Portion:
    """Events of a batch that are prepared and written together.

    `positions`: in the batch. `size`: bytes. `tenant`: whose they are, None for those of several in one small portion.
    """

    positions: Sequence[int]
    size: int
    tenant: str | None = None
    is_large: bool = False


def portions(events: Sequence[bytes]) -> Iterator[Portion]:
    """Yield a batch's portions, those with large events last: [1 kB, 5 MB, 2 kB] → [1 kB, 2 kB], [5 MB].

    What is more than PORTION_BYTES without the large ones is parted by tenant, and then cut.
    """
    small = [position for position, event in enumerate(events) if len(event) < LARGE_BYTES]
    size = sum(len(events[position]) for position in small)
    if small and size <= PORTION_BYTES:
        yield Portion(small, size)
    elif small:
        yield from _by_tenant(events, small)
    for position, event in enumerate(events):
        if len(event) >= LARGE_BYTES:
            yield Portion([position], len(event), _tenant(event), is_large=True)


def _by_tenant(events: Sequence[bytes], positions: Sequence[int]) -> Iterator[Portion]:
    of: dict[str, list[int]] = {}
    for position in positions:
        of.setdefault(_tenant(events[position]), []).append(position)
    for tenant, mine in of.items():
        part: list[int] = []
        size = 0
        for position in mine:
            if part and size + len(events[position]) > PORTION_BYTES:
                yield Portion(part, size, tenant)
                part, size = [], 0
            part.append(position)
            size += len(events[position])
        yield Portion(part, size, tenant)


def _tenant(event: bytes) -> str:
    found = _TENANT.search(event)
    return found[1].decode() if found else ""


class Share:
    """What is in hand of one stream. One at a time may ask for more."""

    def __init__(self) -> None:
        self._mixed = 0
        self._bytes: Counter[str] = Counter()
        self._freed = asyncio.Event()

    async def take(self, portion: Portion, until: float) -> bool:
        """Take a portion in hand once there is room. Return False when a tenant's share is full.

        `until`: how long to wait for room in a tenant's share, in seconds of the monotonic clock.
        """
        while not self._fits(portion):
            self._freed.clear()
            try:
                async with asyncio.timeout(None if portion.tenant is None else max(0.0, until - time.monotonic())):
                    await self._freed.wait()
            except TimeoutError:
                return False
        if portion.tenant is None:
            self._mixed += 1
        else:
            self._bytes[portion.tenant] += portion.size
        return True

    def give(self, portion: Portion) -> None:
        """Make room again."""
        if portion.tenant is None:
            self._mixed -= 1
        else:
            self._bytes[portion.tenant] -= portion.size
            self._bytes += Counter()  # forgets those that have nothing
        self._freed.set()

    def _fits(self, portion: Portion) -> bool:
        if portion.tenant is None:
            return self._mixed < MOST_MIXED
        # One that is larger than a share is taken alone.
        mine, all_of_them = self._bytes[portion.tenant], self._bytes.total()
        return not mine or (mine + portion.size <= TENANT_BYTES and all_of_them + portion.size <= ALL_BYTES)
