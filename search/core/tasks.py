"""Ends tasks that would go on for ever."""

from __future__ import annotations

import asyncio
from typing import Any

AGAIN_S = 1.0


async def cancelled(*tasks: asyncio.Task[Any]) -> None:
    """Cancel tasks, and return once all have ended, whatever with.

    More than once, if need be: wait_for of Python 3.11, which clients use, swallows a cancellation that comes together
    with its result.
    """
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=AGAIN_S)
    await asyncio.gather(*tasks, return_exceptions=True)
