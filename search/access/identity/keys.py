"""Keys that verify tokens: where they come from, and how strong a shared secret must be."""

from __future__ import annotations

import base64
from typing import Protocol

from jwt import PyJWK
from pydantic import SecretStr

from search.core.errors import ConfigurationError

# RFC 7518, 3.2: a key of the hash's size or larger. The gateway's signature uses the same hash.
MIN_SECRET_BYTES = 32


class KeySource(Protocol):
    """Keys by id. Each key is bound to one algorithm; what a token's header says does not change that."""

    async def find(self, kid: str | None, algorithm: str) -> PyJWK | None:
        """Return the key for `algorithm` with that id; if the token names none, the only key; None if there is none.

        Raises Unavailable when the keys cannot be fetched.
        """
        ...


class SharedKey:
    """The one HS256 key that this service shares with the issuer of tokens."""

    def __init__(self, secret: bytes) -> None:
        self._key = PyJWK({"kty": "oct", "k": base64.urlsafe_b64encode(secret).decode()}, "HS256")

    async def find(self, kid: str | None, algorithm: str) -> PyJWK | None:
        # There is only one secret, so the token's key id does not matter.
        return self._key if algorithm == "HS256" else None


def secret_bytes(setting: str, secret: SecretStr) -> bytes:
    """Return a shared secret as bytes. Raises ConfigurationError, naming `setting`, if weak or a public key."""
    key = secret.get_secret_value().encode()
    if len(key) < MIN_SECRET_BYTES:
        raise ConfigurationError(
            f"A secret in {setting} has {len(key)} bytes; use at least {MIN_SECRET_BYTES}, "
            "such as the output of `openssl rand -hex 32`."
        )
    # Everybody can read a public key, and could sign with it if it were a shared secret.
    if key.startswith((b"-----BEGIN", b"ssh-", b"ecdsa-")):
        raise ConfigurationError(f"{setting} holds a key in PEM or SSH form; set a random shared secret instead.")
    return key


def secrets_file(setting: str, raw: bytes) -> tuple[bytes, ...]:
    """Return the shared secrets of a file with one a line. Raises ConfigurationError, naming `setting`, for faults."""
    try:
        lines = raw.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise ConfigurationError(f"The file that {setting} names is not UTF-8; write one secret a line.") from None
    secrets = tuple(secret_bytes(setting, SecretStr(line.strip())) for line in lines if line.strip())
    # A file that is just being written also looks like this.
    if not secrets:
        raise ConfigurationError(f"The file that {setting} names holds no secret; write one a line.")
    return secrets
