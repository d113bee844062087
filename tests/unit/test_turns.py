"""Whose turn it is, when many tenants want the same few hands."""

from __future__ import annotations

import asyncio

import pytest

from indexers.turns import Turns


async def order(turns: Turns, wanted: str) -> str:
    """Who was served, in order: each letter asks once, in this order, while somebody else has the only place."""
    served: list[str] = []

    async def work(who: str) -> None:
        async with turns.turn(who):
            served.append(who)
            await asyncio.sleep(0)

    async with turns.turn("first"):
        tasks = [asyncio.create_task(work(who)) for who in wanted]
        await asyncio.sleep(0)
    await asyncio.gather(*tasks)
    return "".join(served)


@pytest.mark.parametrize(
    ("wanted", "served"),
    [("aaa", "aaa"), ("aaab", "abaa"), ("aaabbc", "abcaba"), ("abab", "abab"), ("", "")],
)
async def test_each_gets_one_while_others_wait(wanted: str, served: str) -> None:
    assert await order(Turns(1), wanted) == served


async def test_so_many_at_a_time_and_no_more() -> None:
    turns, inside, most = Turns(3), 0, 0

    async def work(number: int) -> None:
        nonlocal inside, most
        async with turns.turn(str(number % 4)):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1

    await asyncio.gather(*(work(number) for number in range(40)))
    assert (most, inside) == (3, 0)


async def test_who_stops_waiting_takes_no_place_with_them() -> None:
    turns = Turns(1)

    async def work() -> None:
        async with turns.turn("a"):
            return

    async with turns.turn("first"):
        gone, stays = asyncio.create_task(work()), asyncio.create_task(work())
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)
    await asyncio.wait_for(stays, 1)
    # One that is cancelled at the very moment at which it is handed the place hands it on.
    async with turns.turn("first"):
        handed, stays = asyncio.create_task(work()), asyncio.create_task(work())
        await asyncio.sleep(0)
    handed.cancel()
    await asyncio.gather(handed, return_exceptions=True)
    await asyncio.wait_for(stays, 1)
    await asyncio.wait_for(work(), 1)


async def test_an_error_gives_the_place_back() -> None:
    turns = Turns(1)
    with pytest.raises(ZeroDivisionError):
        async with turns.turn("a"):
            raise ZeroDivisionError
    async with asyncio.timeout(1), turns.turn("a"):
        return
