"""Batches to a handler: from where, how large, how soon; shared, stopped, taken up again."""

from __future__ import annotations

import asyncio
import time

import pytest
from streamcontract.ground import AT_ONCE_S, LONG_S, Connect, Ground
from streamkit import BATCH, Seen, Stuck, following, lags, publish, settle

from search.core.streams.port import Broker


class Following(Ground):
    async def test_a_delivery_tells_what_it_is(self, broker: Broker, stream: str) -> None:
        seen = Seen()
        await broker.publish(stream, b"\x00\xff", "k-1")
        await broker.publish(stream, b"", "k-2")
        async with following(broker, stream, seen.take):
            await seen.until(2)
        assert [(one.data, one.stream, one.position, one.attempts) for one in seen.deliveries] == [
            (b"\x00\xff", stream, 1, 1),
            (b"", stream, 2, 1),
        ]
        assert [one.key for one in seen.deliveries] in (["k-1", "k-2"], [None, None])

    @pytest.mark.parametrize(("start", "first"), [(0, 1), (1, 1), (3, 3), (6, 6)])
    async def test_a_consumer_begins_where_it_is_told_to(
        self, broker: Broker, stream: str, start: int, first: int
    ) -> None:
        seen = Seen()
        await publish(broker, stream, range(1, 6))
        await broker.ensure_consumer(stream, "two", start, LONG_S)
        await publish(broker, stream, range(6, 8))
        async with following(broker, stream, seen.take, "two"):
            await seen.until(8 - first)
        assert [one.position for one in seen.deliveries] == seen.numbers == list(range(first, 8))

    async def test_consumers_are_listed_by_name(self, broker: Broker, stream: str) -> None:
        before = await broker.consumers(stream)
        for name in ("two", "three"):
            await broker.ensure_consumer(stream, name, 0, LONG_S)
        assert await broker.consumers(stream) == before | {"two", "three"}
        await broker.delete_consumer(stream, "two")
        assert await broker.consumers(stream) == before | {"three"}
        assert await broker.consumers("changes.never") == frozenset()

    async def test_a_batch_that_is_not_full_is_handed_over_at_once(self, broker: Broker, stream: str) -> None:
        seen, waited = Seen(), []
        async with following(broker, stream, seen.take):
            for number in range(1, 11):
                began = time.monotonic()
                await broker.publish(stream, b"%d" % number)
                await seen.until(number)
                waited.append(time.monotonic() - began)
        assert sorted(waited)[len(waited) // 2] < 0.25
        assert seen.batches == [1] * 10

    async def test_no_batch_is_larger_than_was_asked_for_and_all_keep_their_order(
        self, broker: Broker, stream: str
    ) -> None:
        seen = Seen()
        async with following(broker, stream, seen.take):
            for start in range(0, 2_000, 100):
                await publish(broker, stream, range(start, start + 100))
            await seen.until(2_000)
        assert seen.numbers == list(range(2_000))
        assert max(seen.batches) <= BATCH
        assert {one.attempts for one in seen.deliveries} == {1}

    async def test_several_batches_may_be_under_way(self, broker: Broker, stream: str) -> None:
        """A handler that returns before it has settled gets the next batch all the same."""
        seen = Seen(settles=False)
        await publish(broker, stream, range(3 * BATCH))
        async with following(broker, stream, seen.take):
            await seen.until(3 * BATCH)
            assert len(seen.batches) >= 3
            await settle(reversed(seen.deliveries))
            await lags(broker, stream, 0)

    async def test_two_followers_share_a_consumer(self, connect: Connect, broker: Broker, stream: str) -> None:
        one, two = Seen(), Seen()
        async with following(broker, stream, one.take), following(await connect(), stream, two.take):
            await publish(broker, stream, range(1_000))
            await lags(broker, stream, 0)
        assert sorted(one.numbers + two.numbers) == list(range(1_000))

    async def test_consumers_do_not_share(self, broker: Broker, stream: str) -> None:
        one, two = Seen(), Seen()
        await broker.ensure_consumer(stream, "two", 0, LONG_S)
        await publish(broker, stream, range(5))
        async with following(broker, stream, one.take, "one"), following(broker, stream, two.take, "two"):
            await one.until(5)
            await two.until(5)
        assert one.numbers == two.numbers == list(range(5))

    async def test_whoever_stops_gives_back_what_was_not_begun(
        self, connect: Connect, broker: Broker, stream: str
    ) -> None:
        first, second = Stuck(), Seen()
        await publish(broker, stream, range(4 * BATCH))
        subscription = await broker.follow(stream, "one", BATCH, first.take)
        await first.stuck.wait()
        stopping = asyncio.create_task(subscription.stop())
        async with following(await connect(), stream, second.take):
            # The batch that it is stuck with may be a full one, however small the first was.
            await second.until(3 * BATCH - first.batches[0], AT_ONCE_S)
            first.released.set()
            await stopping
            await lags(broker, stream, 0, AT_ONCE_S)
        assert sorted(first.numbers + second.numbers) == list(range(4 * BATCH))
        assert len(first.batches) == 2, "it took one more after it was stopped"

    async def test_the_next_goes_on_where_the_last_stopped(self, broker: Broker, stream: str) -> None:
        first, second = Seen(), Seen()
        await publish(broker, stream, range(5))
        async with following(broker, stream, first.take):
            await first.until(5)
            await lags(broker, stream, 0)
        await publish(broker, stream, range(5, 10))
        async with following(broker, stream, second.take):
            await second.until(5)
        assert (first.numbers, second.numbers) == (list(range(5)), list(range(5, 10)))
