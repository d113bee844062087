"""Events that are published: stored, in order, once, of any size that the contract allows."""

from __future__ import annotations

import pytest
from streamcontract.ground import Ground
from streamkit import Seen, following, handed_to, publish

from search.core.errors import Unavailable
from search.core.streams.port import MAX_EVENT_BYTES, Broker


class Publishing(Ground):
    async def test_what_is_published_lies_at_the_end(self, broker: Broker, stream: str) -> None:
        assert await broker.end(stream) == 0
        for number in range(1, 4):
            await broker.publish(stream, b"%d" % number)
            assert await broker.end(stream) == number

    async def test_a_stream_tells_where_it_begins_and_ends_and_which_it_is(self, broker: Broker, stream: str) -> None:
        empty = await broker.info(stream)
        assert empty
        assert empty.last == 0
        assert empty.is_whole
        await publish(broker, stream, range(3))
        full = await broker.info(stream)
        assert full
        assert (full.first, full.last, full.epoch) == (1, 3, empty.epoch)
        assert full.is_whole
        assert await broker.info("changes.nowhere") is None

    async def test_many_are_stored_in_order(self, broker: Broker, stream: str) -> None:
        seen, publisher = Seen(), broker.publisher(under_way=10)
        for number in range(95):
            await publisher.publish(stream, b"%d" % number)
        await publisher.flush()
        assert await broker.end(stream) == 95
        async with following(broker, stream, seen.take):
            await seen.until(95)
        assert seen.numbers == list(range(95))

    async def test_of_events_with_one_id_the_first_is_kept(self, broker: Broker, stream: str) -> None:
        seen, publisher = Seen(), broker.publisher()
        await broker.publish(stream, b"1", id="a")
        await broker.publish(stream, b"2", id="a")
        for number, id in enumerate(("a", "b", "b", None, None), 3):
            await publisher.publish(stream, b"%d" % number, id=id)
        await publisher.flush()
        async with following(broker, stream, seen.take):
            await seen.until(4)
        assert seen.numbers == [1, 4, 6, 7]

    async def test_the_largest_event_passes(self, broker: Broker, stream: str) -> None:
        seen, event = Seen(), b"x" * MAX_EVENT_BYTES
        await broker.publish(stream, event)
        async with following(broker, stream, seen.take):
            await seen.until(1)
        assert seen.deliveries[0].data == event

    async def test_a_larger_one_is_refused(self, broker: Broker, stream: str) -> None:
        event = b"x" * (MAX_EVENT_BYTES + 1)
        with pytest.raises(Unavailable):
            await broker.publish(stream, event)
        with pytest.raises(Unavailable):
            await handed_to(broker.publisher(patience_s=1), stream, event)
        assert await broker.end(stream) == 0

    async def test_where_there_is_no_stream_nothing_is_stored(self, broker: Broker) -> None:
        with pytest.raises(Unavailable):
            await broker.publish("changes.nowhere", b"1")

    async def test_a_stream_that_is_there_keeps_what_it_holds(self, broker: Broker, stream: str) -> None:
        await publish(broker, stream, range(3))
        await broker.ensure_streams([stream])
        assert await broker.end(stream) == 3
