"""The connection: away, opened, lost and found again, closed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import kit
import pytest
from streamcontract.ground import AT_ONCE_S, Connect, Ground, Server
from streamkit import Seen, following, handed_to, lags, publish

from search.core.errors import Unavailable
from search.core.streams.port import Broker


class Connection(Ground):
    async def test_before_it_is_opened_and_after_it_is_closed_it_is_unavailable(
        self, server: Server, stream: str
    ) -> None:
        broker = self.connection(server)
        for _ in range(2):
            assert not broker.is_connected
            with pytest.raises(Unavailable):
                await broker.publish(stream, b"1")
            with pytest.raises(Unavailable):
                await broker.end(stream)
            await broker.open()
            await broker.open()
            assert broker.is_connected
            await broker.publish(stream, b"1")
            await broker.close()
        await broker.close()

    async def test_what_was_settled_before_it_was_closed_is_settled(
        self, connect: Connect, server: Server, broker: Broker, stream: str
    ) -> None:
        seen, short = Seen(), self.connection(server)
        await publish(broker, stream, range(500))
        await short.open()
        async with following(short, stream, seen.take, batch=500):
            await seen.until(500)
        await short.close()
        await lags(broker, stream, 0, AT_ONCE_S)

    async def test_a_broker_that_is_away_is_unavailable_until_it_is_there(self, server: Server) -> None:
        server.stop()
        broker = self.connection(server)
        with pytest.raises(Unavailable, match="The broker does not answer"):
            await broker.open()
        assert not broker.is_connected
        server.start()
        await broker.open()
        assert broker.is_connected
        await broker.close()

    async def test_a_publisher_does_not_wait_for_ever(self, server: Server, broker: Broker, stream: str) -> None:
        publisher = broker.publisher(patience_s=0.5)
        server.stop()
        with pytest.raises(Unavailable, match="The broker did not take an event"):
            await handed_to(publisher, stream, b"1")

    async def test_a_restart_of_the_broker_is_survived(self, server: Server, broker: Broker, stream: str) -> None:
        seen = Seen()

        async def is_back() -> bool:
            return broker.is_connected

        await broker.ensure_consumer(stream, "soon", 0, 2)
        async with following(broker, stream, seen.take, "soon"):
            await publish(broker, stream, range(100))
            await seen.until(100)
            server.stop()
            await kit.until(_not(is_back), "the loss to be noticed")
            server.start()
            await kit.until(is_back, "the broker to be found again")
            await publish(broker, stream, range(100, 200))
            await lags(broker, stream, 0, consumer="soon")
        assert set(seen.numbers) == set(range(200))


def _not(condition: Callable[[], Awaitable[bool]]) -> Callable[[], Awaitable[bool]]:
    async def holds() -> bool:
        return not await condition()

    return holds
