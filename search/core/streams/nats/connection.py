"""The process's one connection to NATS: how it is made, and who may use it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from nats.aio.client import Client
from nats.errors import Error as NatsError

from search.core.errors import Unavailable
from search.core.settings import BrokerSettings

FIRST_CONNECTION_S = 5.0
LAST_WORDS_S = 5


def options(settings: BrokerSettings, url: str) -> dict[str, Any]:
    """Return what a NATS client needs to connect to `url`: address, credentials, TLS."""
    found: dict[str, Any] = {"servers": [url]}
    if settings.username and settings.password:
        found |= {"user": settings.username, "password": settings.password.get_secret_value()}
    if settings.token:
        found["token"] = settings.token.get_secret_value()
    if settings.ca_file or settings.client_cert:
        context = ssl.create_default_context(cafile=settings.ca_file)
        if settings.client_cert:
            context.load_cert_chain(settings.client_cert, settings.client_key)
        found["tls"] = context
    return found


async def connect(settings: BrokerSettings, url: str) -> Client:
    """Return a connected client, which from then on finds the broker again by itself, for ever.

    Raises Unavailable, with the last thing that went wrong, when the first connection does not come about.
    """
    wrong: list[Exception] = []

    async def note(error: Exception) -> None:
        # Losing the broker later shows in lag and readiness; nats-py would print a traceback each time.
        wrong[:] = [error]

    client = Client()
    try:
        async with asyncio.timeout(FIRST_CONNECTION_S):
            await client.connect(**options(settings, url), connect_timeout=2, max_reconnect_attempts=-1, error_cb=note)
    except (NatsError, OSError, TimeoutError) as error:
        await client.close()
        reason = str(wrong[0] if wrong else error) or type(error).__name__
        raise Unavailable(f"The broker does not answer ({reason}); is it up? Try `office-search status`.") from None
    return client


class NatsConnection:
    """One part of the process opens and closes it, the others borrow its client."""

    def __init__(self, connect: Callable[[], Awaitable[Client]]) -> None:
        self._connect = connect
        self._client: Client | None = None
        self._opening = asyncio.Lock()

    async def open(self) -> None:
        """Connect, unless that is done. Raises Unavailable, like `connect`; to be tried until it succeeds."""
        async with self._opening:
            if self._client is None:
                self._client = await self._connect()

    @property
    def is_connected(self) -> bool:
        return self._client is not None and self._client.is_connected

    def client(self) -> Client:
        """Return the client, for what must be answered now.

        Raises Unavailable while there is none, or while the connection is interrupted.
        """
        if self._client is None or not self._client.is_connected:
            raise Unavailable("The broker does not answer.")
        return self._client

    def patient_client(self) -> Client:
        """Return the client, for what may wait until an interrupted connection is found again.

        Raises Unavailable while there is none.
        """
        if self._client is None:
            raise Unavailable("The broker does not answer.")
        return self._client

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is None:
            return
        if client.is_connected:
            # Acknowledgements may still be on their way.
            with suppress(NatsError, OSError, TimeoutError):
                await client.flush(LAST_WORDS_S)
        await client.close()
