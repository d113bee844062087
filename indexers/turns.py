"""Turns: work of many tenants for a few hands, of which none is handed a second thing while another waits."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Turns:
    """So many places at a time; those who wait get them in turns, each of them one, in the order in which they came."""

    def __init__(self, places: int) -> None:
        self._free = places
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    @asynccontextmanager
    async def turn(self, who: str) -> AsyncIterator[None]:
        """Hold a place while the block runs."""
        await self._take(who)
        try:
            yield
        finally:
            self._give()

    async def _take(self, who: str) -> None:
        if self._free:
            self._free -= 1
            return
        mine = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(who, deque()).append(mine)
        try:
            await mine
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled():
                self._give()  # it was handed over just now
            raise

    def _give(self) -> None:
        while self._waiting:
            who, queue = self._waiting.popitem(last=False)
            next_one = queue.popleft()
            if queue:
                self._waiting[who] = queue  # at the end: the others come first
            if not next_one.done():
                next_one.set_result(None)
                return
        self._free += 1
