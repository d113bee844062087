"""What the suite stands on: a server of the tests' own, connections to it, a stream with nothing in it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from itertools import count
from typing import Protocol

import pytest
from streamkit import DeadLetter

from search.core.streams.port import Broker

LONG_S = 60.0
"""An `ack_wait` that is never over within a test."""
AT_ONCE_S = 10.0
"""Far less than that, and enough for a machine that is busy with other tests."""
_names = count(1)


class Server(Protocol):
    """A broker that a test may stop and start again; what was stored stays."""

    def start(self) -> None: ...

    def stop(self) -> None: ...


Connect = Callable[[], Awaitable[Broker]]


class Ground:
    """What the tests of a broker give: a running `server`, connections to it, and its dead letters."""

    @pytest.fixture
    def server(self) -> Server:
        raise NotImplementedError

    def connection(self, server: Server) -> Broker:
        """Return a connection to the server, not opened."""
        raise NotImplementedError

    async def dead_letters(self, broker: Broker) -> list[DeadLetter]:
        """Return all that there are, oldest first."""
        raise NotImplementedError

    @pytest.fixture
    async def connect(self, server: Server) -> AsyncIterator[Connect]:
        """Open one more connection, as another process would."""
        async with AsyncExitStack() as stack:

            async def opened() -> Broker:
                broker = self.connection(server)
                await broker.open()
                stack.push_async_callback(broker.close)
                return broker

            yield opened

    @pytest.fixture
    async def broker(self, connect: Connect) -> Broker:
        return await connect()

    @pytest.fixture
    async def stream(self, broker: Broker) -> str:
        """A stream with nothing in it, and one consumer that begins where it begins."""
        name = f"changes.contract-{next(_names)}"
        await broker.ensure_streams([name])
        await broker.ensure_consumer(name, "one", 0, LONG_S)
        return name
