"""Deliveries that are settled or are not, and what a consumer's progress says of it."""

from __future__ import annotations

import asyncio
import time

import pytest
from streamcontract.ground import AT_ONCE_S, LONG_S, Connect, Ground
from streamkit import Seen, following, lags, publish, settle, settled

from search.core.streams.port import Broker


class Settling(Ground):
    async def test_what_is_not_settled_comes_again(self, broker: Broker, stream: str) -> None:
        seen = Seen(settles=False)
        await broker.ensure_consumer(stream, "soon", 0, 1)
        await broker.publish(stream, b"1")
        async with following(broker, stream, seen.take, "soon"):
            await seen.until(3)
            await settle(seen.deliveries[2:])
        assert [one.attempts for one in seen.deliveries[:3]] == [1, 2, 3]
        assert {(one.position, one.data) for one in seen.deliveries} == {(1, b"1")}

    async def test_what_is_worked_on_for_long_does_not_come_again(self, broker: Broker, stream: str) -> None:
        seen = Seen(settles=False)
        await broker.ensure_consumer(stream, "soon", 0, 2)
        await publish(broker, stream, range(2))
        async with following(broker, stream, seen.take, "soon"):
            await seen.until(2)
            ends = time.monotonic() + 5
            while time.monotonic() < ends:
                await seen.deliveries[0].extend()
                await asyncio.sleep(0.2)
            await settle(seen.deliveries)
        assert seen.numbers.count(0) == 1, "it came again while it was worked on"
        assert seen.numbers.count(1) > 1, "what nobody worked on did not come again"

    @pytest.mark.parametrize("delay_s", [0, 1.5])
    async def test_what_is_refused_comes_again_after_its_delay(
        self, broker: Broker, stream: str, delay_s: float
    ) -> None:
        seen = Seen(settles=False)
        await broker.publish(stream, b"1")
        async with following(broker, stream, seen.take):
            await seen.until(1)
            began = time.monotonic()
            await seen.deliveries[0].refuse(delay_s)
            await seen.until(2, AT_ONCE_S)
            await settle(seen.deliveries[1:])
        assert time.monotonic() - began >= delay_s * 0.9
        assert [one.attempts for one in seen.deliveries] == [1, 2]

    async def test_what_is_not_settled_counts_as_lag(self, broker: Broker, stream: str) -> None:
        seen = Seen(settles=False)
        await publish(broker, stream, range(1, 6))
        await lags(broker, stream, 5)
        async with following(broker, stream, seen.take):
            await seen.until(5)
            await lags(broker, stream, 5)
            await settle(seen.deliveries[:2] + seen.deliveries[3:4])
            await lags(broker, stream, 2)
            assert await settled(broker, stream) == 2, "3 is not settled"
            await settle(seen.deliveries[2:3])
            await lags(broker, stream, 1)
            assert await settled(broker, stream) == 4
            await settle(seen.deliveries[4:])
            await lags(broker, stream, 0)
            assert await settled(broker, stream) == 5

    async def test_a_consumer_that_exists_keeps_its_place(self, broker: Broker, stream: str) -> None:
        seen = Seen()
        await publish(broker, stream, range(1, 6))
        async with following(broker, stream, seen.take):
            await lags(broker, stream, 0)
        await broker.ensure_consumer(stream, "one", 2, LONG_S)
        assert await settled(broker, stream) == 5
        await publish(broker, stream, [6])
        async with following(broker, stream, seen.take):
            await lags(broker, stream, 0)
        assert seen.numbers == list(range(1, 7))

    async def test_a_consumer_that_is_not_there_has_no_progress(self, broker: Broker, stream: str) -> None:
        assert await broker.progress(stream, "two") is None
        await broker.delete_consumer(stream, "two")

    async def test_a_consumer_deleted_underneath_is_noticed_and_made_anew(
        self, connect: Connect, broker: Broker, stream: str
    ) -> None:
        first, second = Seen(), Seen()
        await publish(broker, stream, range(3))
        async with following(broker, stream, first.take):
            await lags(broker, stream, 0)
            await (await connect()).delete_consumer(stream, "one")
            assert await broker.progress(stream, "one") is None
        await broker.ensure_consumer(stream, "one", 0, LONG_S)
        async with following(broker, stream, second.take):
            await second.until(3)
        assert first.numbers == second.numbers == [0, 1, 2]
