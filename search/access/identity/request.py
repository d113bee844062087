"""The parts of a request that identify its sender, and the caller that they prove."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from search.core.errors import Unauthenticated

_TENANT = re.compile(r"[a-z0-9-]{1,40}")
_USER = re.compile(r"[A-Za-z0-9._-]{1,128}")
_PRINTABLE = re.compile(rb"[\x20-\x7e]*")


@dataclass(frozen=True, slots=True)
class Caller:
    """A proven identity and nothing more: what this user may do is decided elsewhere.

    `mode`: the name of the identity mode that proved it. `app`: the third-party app that acts for the user, None
    without one. `scopes`: OAuth scopes of the token that proved it, None without a token; they only ever narrow what
    the user may do.

    Raises Unauthenticated when tenant or user break the contract's formats, so no such caller can exist.
    """

    tenant: str
    user: str
    mode: str
    app: str | None = None
    scopes: frozenset[str] | None = None

    def __post_init__(self) -> None:
        if not _TENANT.fullmatch(self.tenant) or not _USER.fullmatch(self.user):
            raise Unauthenticated("The credentials name a tenant or user in a form that this service does not use.")


class Headers:
    """Header fields as received: names are case-insensitive, several values are never merged into one."""

    __slots__ = ("_values",)

    def __init__(self, raw: Iterable[tuple[bytes, bytes]]) -> None:
        self._values: dict[bytes, list[bytes]] = {}
        for name, value in raw:
            self._values.setdefault(name.lower(), []).append(value)

    def __contains__(self, name: str) -> bool:
        return name.lower().encode() in self._values

    def one(self, name: str) -> str | None:
        """Return the field's only value, None without one. Raises Unauthenticated if sent twice or not in ASCII."""
        values = self._values.get(name.lower().encode(), [])
        if not values:
            return None
        # Of several values, or of other bytes, a proxy might read something else than we do.
        if len(values) > 1 or not _PRINTABLE.fullmatch(values[0]):
            raise Unauthenticated(f"The header {name} must be sent once, in plain ASCII.")
        return values[0].decode("ascii")


@dataclass(frozen=True, slots=True)
class RequestLines:
    """The parts of a request that credentials can sign.

    `path_and_query`: exactly as received, percent-encoded; without `?` when there is no query. `peer`: the address at
    the other end of the connection, never one that a header names; empty if there is none.
    """

    method: str
    path_and_query: bytes
    headers: Headers
    body: bytes = b""
    peer: str = ""


class IdentityMode(Protocol):
    """One way for a caller to prove who they are."""

    @property
    def name(self) -> str: ...

    def present(self, headers: Headers) -> bool:
        """Return whether the request carries credentials of this mode, valid or not."""
        ...

    async def prove(self, request: RequestLines) -> Caller:
        """Return the caller that the credentials prove.

        Raises Unauthenticated for false credentials; Unavailable when what the check needs, such as keys, is not there.
        """
        ...
