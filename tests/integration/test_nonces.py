"""Nonces at a real broker: good once whichever process is asked, kept long enough, and nobody let in without it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import kit
import pytest
from nats.js.api import StorageType
from outside import OwnBroker

from search.access.identity import BrokerNonces
from search.access.identity.nonces import BUCKET, DEADLINE_S, KEPT_S
from search.access.identity.signing import WINDOW_S
from search.core.errors import Unavailable
from search.core.settings import BrokerSettings
from search.core.streams.nats import NatsConnection
from search.core.streams.nats.connection import connect


@pytest.fixture
def server(tmp_path: Path) -> Iterator[OwnBroker]:
    with OwnBroker(tmp_path) as server:
        yield server


@asynccontextmanager
async def connected(server: OwnBroker) -> AsyncIterator[NatsConnection]:
    """The connection of one API process."""
    connection = NatsConnection(lambda: connect(BrokerSettings(), server.url))
    await connection.open()
    yield connection
    await connection.close()


@pytest.fixture
async def connection(server: OwnBroker) -> AsyncIterator[NatsConnection]:
    async with connected(server) as connection:
        yield connection


@pytest.fixture
def nonces(connection: NatsConnection) -> BrokerNonces:
    return BrokerNonces(connection.client)


async def test_a_nonce_is_good_once_for_its_app_in_its_tenant(nonces: BrokerNonces) -> None:
    assert await nonces.take("acme", "notes", "n-1")
    assert not await nonces.take("acme", "notes", "n-1")
    assert await nonces.take("acme", "others", "n-1")
    assert await nonces.take("other", "notes", "n-1")
    assert await nonces.take("acme", "notes", "n-2")


async def test_of_many_processes_that_are_asked_at_once_one_takes_it(server: OwnBroker) -> None:
    async with connected(server) as one, connected(server) as two:
        processes = [BrokerNonces(one.client), BrokerNonces(two.client)]
        for number in range(20):
            taken = await asyncio.gather(
                *(process.take("acme", "notes", f"n-{number}") for process in processes for _ in range(10))
            )
            assert sum(taken) == 1


async def test_the_bucket_is_on_disk_and_keeps_them_for_longer_than_a_timestamp_counts(
    nonces: BrokerNonces, connection: NatsConnection
) -> None:
    await nonces.take("acme", "notes", "n-1")
    bucket = await connection.client().jetstream().key_value(BUCKET)
    status = await bucket.status()
    assert status.stream_info.config.storage == StorageType.FILE
    assert status.ttl == KEPT_S > 2 * WINDOW_S


async def test_what_is_stored_tells_no_nonce(nonces: BrokerNonces, connection: NatsConnection) -> None:
    await nonces.take("acme", "notes", "a-secret-nonce")
    bucket = await connection.client().jetstream().key_value(BUCKET)
    [key] = await bucket.keys()
    assert len(key) == 64
    assert (await bucket.get(key)).value in (b"", None)


async def test_the_place_of_an_old_one_is_free_again(connection: NatsConnection) -> None:
    nonces = BrokerNonces(connection.client, kept_s=1)
    assert await nonces.take("acme", "notes", "n-1")
    assert not await nonces.take("acme", "notes", "n-1")
    await kit.until(lambda: nonces.take("acme", "notes", "n-1"), "the nonce to be forgotten")


async def test_while_the_broker_is_away_nobody_is_told_anything_and_afterwards_nothing_is_forgotten(
    server: OwnBroker, nonces: BrokerNonces
) -> None:
    assert await nonces.take("acme", "notes", "n-1")
    server.stop()
    for _ in range(3):
        with pytest.raises(Unavailable):
            async with asyncio.timeout(DEADLINE_S + 1):
                await nonces.take("acme", "notes", "n-2")
    server.start()

    async def answers() -> bool:
        try:
            return not await nonces.take("acme", "notes", "n-1")
        except Unavailable:
            return False

    await kit.until(answers, "the broker to know the nonce again")


async def test_before_the_first_connection_it_is_unavailable(server: OwnBroker) -> None:
    connection = NatsConnection(lambda: connect(BrokerSettings(), server.url))
    nonces = BrokerNonces(connection.client)
    with pytest.raises(Unavailable):
        await nonces.take("acme", "notes", "n-1")
    await connection.open()
    try:
        assert await nonces.take("acme", "notes", "n-1")
    finally:
        await connection.close()
    with pytest.raises(Unavailable):
        await nonces.take("acme", "notes", "n-2")


async def test_a_bucket_that_forgets_too_early_is_not_used(connection: NatsConnection) -> None:
    stream = connection.client().jetstream()
    await stream.create_key_value(bucket=BUCKET, ttl=60)
    nonces = BrokerNonces(connection.client)
    with pytest.raises(Unavailable, match=f"{BUCKET} keeps nonces for 60 s"):
        await nonces.take("acme", "notes", "n-1")
    await stream.delete_key_value(BUCKET)
    await stream.create_key_value(bucket=BUCKET, ttl=600)
    assert await nonces.take("acme", "notes", "n-1")


async def test_a_bucket_that_was_deleted_is_made_again(nonces: BrokerNonces, connection: NatsConnection) -> None:
    await nonces.take("acme", "notes", "n-1")
    await connection.client().jetstream().delete_key_value(BUCKET)
    with pytest.raises(Unavailable):
        await nonces.take("acme", "notes", "n-2")
    assert await nonces.take("acme", "notes", "n-3")
