"""What the service gives out and takes back: sealed so that nobody reads or changes it, or hashed under its own key."""

from __future__ import annotations

import base64
import binascii
import hmac
import os
import secrets
from typing import Self

import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from search.access.identity import Caller
from search.access.identity.keys import secret_bytes
from search.core.settings import SealingSettings

NONCE_BYTES = 12

_log = structlog.get_logger(__name__)


class Broken(ValueError):
    """What came back is not what was sealed: changed, made up, of another key, or given for something else."""


class Sealing:
    """Seals and hashes under one key. `key` None: a random one, which ends with this process.

    Each purpose has a key of its own, derived by HKDF (RFC 5869), so that what was made for one is nothing for another.
    """

    def __init__(self, key: bytes | None = None) -> None:
        self._key = key or secrets.token_bytes(32)
        self._derived: dict[str, bytes] = {}

    @classmethod
    def configured(cls, settings: SealingSettings) -> Self:
        """Return what the settings describe. Raises ConfigurationError on a weak key."""
        if settings.key is None:
            _log.info(
                "sealing_key_is_random",
                hint="Cursors and X-Caller hold for this process alone; set OFFICE_SEARCH_SEALING_KEY.",
            )
            return cls()
        return cls(secret_bytes("OFFICE_SEARCH_SEALING_KEY", settings.key))

    def seal(self, purpose: str, content: bytes, bound: bytes) -> str:
        """Return `content` encrypted and authenticated (AES-256-GCM), for an address; good with `bound` alone."""
        nonce = os.urandom(NONCE_BYTES)
        sealed = AESGCM(self._key_of(purpose)).encrypt(nonce, content, bound)
        return _encoded(nonce + sealed)

    def unseal(self, purpose: str, text: str, bound: bytes) -> bytes:
        """Return what was sealed for this purpose and bound to this. Raises Broken for anything else."""
        try:
            raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            if _encoded(raw) != text:  # spelt in another way
                raise Broken
            return AESGCM(self._key_of(purpose)).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], bound)
        except (binascii.Error, InvalidTag, ValueError):
            raise Broken(f"no {purpose} of this service's") from None

    def hash(self, purpose: str, *parts: str) -> str:
        """Return 32 hex digits that stand for the parts: alike for equal ones, telling nothing without the key."""
        # Each with its length before it: ("a", "bc") and ("ab", "c") are not alike.
        said = b"".join(len(raw).to_bytes(4, "big") + raw for raw in (part.encode("utf-8") for part in parts))
        return hmac.digest(self._key_of(purpose), said, "sha256").hex()[:32]

    def _key_of(self, purpose: str) -> bytes:
        if purpose not in self._derived:
            self._derived[purpose] = HKDF(SHA256(), 32, None, purpose.encode()).derive(self._key)
        return self._derived[purpose]


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def caller_hash(sealing: Sealing, caller: Caller) -> str:
    """Return what stands for a caller in `X-Caller`: alike for the same tenant, user and app, whatever the mode."""
    return sealing.hash("caller", caller.tenant, caller.user, caller.app or "")
