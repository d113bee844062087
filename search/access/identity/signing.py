"""Signatures over requests: what they cover and when they count, for gateways and apps alike."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable
from itertools import product

from search.access.identity.request import Headers, RequestLines
from search.core.errors import Unauthenticated

WINDOW_S = 60

_SECONDS = re.compile(r"[0-9]{1,12}")
_SHA256_HEX = re.compile(r"[0-9a-fA-F]{64}")


def signed_lines(request: RequestLines, user: str, tenant: str, timestamp: str, *more: str) -> tuple[bytes, ...]:
    r"""Return what may be signed: `METHOD\nPATH?QUERY\nSHA256(body)\nuser\ntenant\ntimestamp`, then `more`, one a line.

    The hash is in lower-case hex. No part may hold a line break. Without a query the path stands alone; for those who
    sign the address as they send it, with a `?` that nothing follows, it also stands with that, which says the same.
    """
    digest = hashlib.sha256(request.body).hexdigest()
    described = "\n".join((digest, user, tenant, timestamp, *more)).encode()
    target = request.path_and_query
    targets = (target,) if b"?" in target else (target, target + b"?")
    return tuple(b"\n".join((request.method.encode(), target, described)) for target in targets)


def mac(secret: bytes, lines: bytes) -> bytes:
    """Return the HMAC-SHA256 of `lines`."""
    return hmac.digest(secret, lines, "sha256")


def required(headers: Headers, name: str, why: str) -> str:
    """Return a header's value. Raises Unauthenticated, saying `why` it is needed, when it was not sent."""
    value = headers.one(name)
    if value is None:
        raise Unauthenticated(f"The header {name} is missing; {why}.")
    return value


def require_recent(name: str, timestamp: str, now: float) -> None:
    """Raise Unauthenticated unless header `name` holds Unix seconds at most WINDOW_S before or after `now`."""
    if not _SECONDS.fullmatch(timestamp):
        raise Unauthenticated(f"{name} must be Unix time in whole seconds.")
    if abs(now - int(timestamp)) > WINDOW_S:
        raise Unauthenticated(f"{name} is more than {WINDOW_S} s from now; sign again and check the clocks.")


def is_signed(name: str, signature: str, lines: Iterable[bytes], secrets: Iterable[bytes]) -> bool:
    """Return whether the header `name` holds the MAC of one of `lines` with one of `secrets`.

    Raises Unauthenticated if it is not in hex.
    """
    if not _SHA256_HEX.fullmatch(signature):
        raise Unauthenticated(f"{name} must be 64 hexadecimal digits.")
    given = bytes.fromhex(signature)
    # All are tried, so that the time taken does not tell which one matched.
    matches = [hmac.compare_digest(mac(secret, one), given) for secret, one in product(secrets, lines)]
    return any(matches)


def require_signed(name: str, signature: str, lines: Iterable[bytes], secrets: Iterable[bytes]) -> None:
    """Raise Unauthenticated unless the header `name` holds the MAC of one of `lines` with one of `secrets`, in hex."""
    if not is_signed(name, signature, lines, secrets):
        raise Unauthenticated(f"{name} does not match this request; check the shared secret and what is signed.")
