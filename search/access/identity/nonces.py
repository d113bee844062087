"""Used nonces of signed requests, kept where every API process sees them: in a key-value bucket of the broker."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from typing import Protocol

from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import KeyValueConfig, StorageType
from nats.js.errors import BucketNotFoundError, KeyWrongLastSequenceError
from nats.js.kv import KeyValue
from prometheus_client import Counter

from search.access.identity.signing import WINDOW_S
from search.core.errors import Unavailable

TAKEN = Counter("office_search_nonces_total", "Nonces of signed requests: new, used before, or failed", ["outcome"])

BUCKET = "app_nonces"
# A timestamp is valid from WINDOW_S before now to WINDOW_S after; the rest is for clocks of our own processes.
KEPT_S = 2 * WINDOW_S + 30
DEADLINE_S = 2


class Nonces(Protocol):
    """A store of used nonces."""

    async def take(self, tenant: str, app: str, nonce: str) -> bool:
        """Return whether the nonce is new, and mark it as used. Raises Unavailable when the store does not answer."""
        ...


class BrokerNonces:
    """Nonces in a JetStream key-value bucket, which is created when it is first needed."""

    def __init__(self, borrow: Callable[[], Client], kept_s: float = KEPT_S) -> None:
        """Keep nonces for `kept_s` seconds; `borrow` returns the broker connection, or raises Unavailable."""
        self._borrow = borrow
        self._kept_s = kept_s
        self._bucket: tuple[Client, KeyValue] | None = None

    async def take(self, tenant: str, app: str, nonce: str) -> bool:
        # No part holds a line break, so the join is unambiguous. The hash has a known form and hides the nonce.
        key = hashlib.sha256(f"{tenant}\n{app}\n{nonce}".encode()).hexdigest()
        try:
            is_new = await self._is_new(key)
        except Unavailable:
            TAKEN.labels("failed").inc()
            raise
        TAKEN.labels("new" if is_new else "used").inc()
        return is_new

    async def _is_new(self, key: str) -> bool:
        client = self._borrow()
        try:
            async with asyncio.timeout(DEADLINE_S):
                bucket = await self._bucket_at(client)
                # Expecting revision 0 succeeds for new keys only, in one request; KeyValue.create may need two.
                await bucket.update(key, b"", last=0)
        except KeyWrongLastSequenceError:
            return False
        except (NatsError, OSError, TimeoutError) as error:
            # The bucket may be gone: look for it anew.
            self._bucket = None
            raise Unavailable(f"The broker does not take nonces of signed apps ({error!r:.200}).") from None
        return True

    async def _bucket_at(self, client: Client) -> KeyValue:
        if self._bucket is None or self._bucket[0] is not client:
            self._bucket = client, await self._opened(client.jetstream())
        return self._bucket[1]

    async def _opened(self, stream: JetStreamContext) -> KeyValue:
        """Return the bucket, created if it is missing; an existing one keeps its configuration."""
        try:
            bucket = await stream.key_value(BUCKET)
        except BucketNotFoundError:
            config = KeyValueConfig(
                bucket=BUCKET, description="Nonces of signed apps", ttl=self._kept_s, storage=StorageType.FILE
            )
            return await stream.create_key_value(config)
        kept_s = (await bucket.status()).ttl
        if kept_s and kept_s < self._kept_s:
            raise Unavailable(
                f"The broker's bucket {BUCKET} keeps nonces for {kept_s:.0f} s, and {self._kept_s:.0f} s are needed; "
                "make it anew, or delete it."
            )
        return bucket
