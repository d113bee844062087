"""Dead letters: bytes, reason and origin, once."""

from __future__ import annotations

import pytest
from streamcontract.ground import Ground
from streamkit import DeadLetter, GivenDelivery, Seen, following, lags, publish, settle

from search.core.streams.port import Broker


class Letters(Ground):
    async def test_a_dead_letter_tells_where_it_came_from_and_why(self, broker: Broker, stream: str) -> None:
        seen = Seen(settles=False)
        for event in (b"1", b"\xff{\x00"):
            await broker.publish(stream, event)
        async with following(broker, stream, seen.take):
            await seen.until(2)
            await broker.send_to_dead_letters(seen.deliveries[1], "not JSON", "docs-000001")
            await lags(broker, stream, 2)  # it settles nothing by itself
            await settle(seen.deliveries)
        assert await self.dead_letters(broker) == [DeadLetter(stream, 2, "not JSON", "docs-000001", b"\xff{\x00")]

    async def test_a_generation_s_dead_letter_is_kept_once(self, broker: Broker, stream: str) -> None:
        seen = Seen()
        await publish(broker, stream, [1])
        async with following(broker, stream, seen.take):
            await seen.until(1)
        for generation in ("docs-000001", "docs-000001", "docs-000002"):
            await broker.send_to_dead_letters(seen.deliveries[0], "not JSON", generation)
        assert [one.generation for one in await self.dead_letters(broker)] == ["docs-000001", "docs-000002"]

    async def test_another_event_at_the_same_position_is_kept_too(self, broker: Broker, stream: str) -> None:
        """As after a stream was made anew."""
        for data in (b"1", b"2", b"1"):
            await broker.send_to_dead_letters(GivenDelivery(data, stream, 1), "not JSON", "docs-000001")
        assert [one.data for one in await self.dead_letters(broker)] == [b"1", b"2"]

    @pytest.mark.parametrize("reason", ["", "a\r\nb: c", "公司\ud800\x00", "x" * 100_000])
    async def test_any_text_may_be_the_reason(self, broker: Broker, stream: str, reason: str) -> None:
        seen = Seen()
        await publish(broker, stream, [1])
        async with following(broker, stream, seen.take):
            await seen.until(1)
        await broker.send_to_dead_letters(seen.deliveries[0], reason, "docs-000001")
        (letter,) = await self.dead_letters(broker)
        assert (letter.stream, letter.position, letter.data) == (stream, 1, b"1")
        assert letter.reason[:1] == reason[:1].encode("ascii", "backslashreplace").decode()[:1]
