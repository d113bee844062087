"""A task that is cancelled ends, even where a library swallows the first word of it."""

from __future__ import annotations

import asyncio

import pytest

from search.core import tasks
from search.core.tasks import cancelled


async def test_one_that_swallows_a_cancellation_is_cancelled_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "AGAIN_S", 0.01)
    heard = 0

    async def goes_on() -> None:
        nonlocal heard
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                heard += 1
                if heard == 2:
                    raise

    async def fails() -> None:
        raise ZeroDivisionError

    endless, failing = asyncio.create_task(goes_on()), asyncio.create_task(fails())
    await asyncio.sleep(0)
    await asyncio.wait_for(cancelled(endless, failing), 5)
    assert (heard, endless.cancelled()) == (2, True)
    assert isinstance(failing.exception(), ZeroDivisionError)
    await cancelled()
