"""The audit log: who did what, and who was refused; one structured line each, with a keyed hash of the query."""

from __future__ import annotations

import hmac
import os
import pwd
import secrets
import socket
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Literal, Self

import structlog

from search.access.identity import Caller
from search.access.identity.keys import secret_bytes
from search.core.errors import Forbidden, TooManyRequests, Unauthenticated
from search.core.log import AUDIT
from search.core.settings import AuditSettings

LONGEST_TARGET = 200
LONGEST_TEXT = 1000
DENIALS = (Unauthenticated, Forbidden, TooManyRequests)

_log = structlog.get_logger(__name__)
_lines = structlog.get_logger(AUDIT)


@dataclass(frozen=True, slots=True)
class Who:
    """Who acted, as far as it is proven; all None when nothing is. `mode`: the identity mode that proved it."""

    tenant: str | None = None
    user: str | None = None
    app: str | None = None
    mode: str | None = None
    host: str | None = None

    @classmethod
    def proven(cls, caller: Caller) -> Self:
        """Return the fields of a proven caller."""
        return cls(caller.tenant, caller.user, caller.app, caller.mode)

    @classmethod
    def at_the_command_line(cls) -> Self:
        """Return the account that this process runs as; not from environment variables, which anybody can set."""
        return cls(user=_account(), mode="command line", host=socket.gethostname())


def _account() -> str:
    """Return the name of the account that this process runs as, or its number where it has no name."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


@dataclass(frozen=True, slots=True)
class What:
    """What was done. `target`: the parameters that say to what. `query`: the text searched for, as it was sent."""

    action: str
    method: str | None = None
    route: str | None = None
    target: Mapping[str, str] = field(default_factory=dict)
    query: bytes | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it ended. `reason`: the class of the error. `status`: the HTTP status of the answer."""

    result: Literal["allowed", "denied", "failed"]
    reason: str | None = None
    status: int | None = None


class Audit:
    """Writes the audit log. `key`: for hashing queries; None means a random key that ends with this process.

    `text_tenants`: tenants whose queries are also written down as plain text.
    """

    def __init__(self, key: bytes | None = None, text_tenants: Collection[str] = ()) -> None:
        self._given_key = key
        self._text_tenants = frozenset(text_tenants)

    @classmethod
    def configured(cls, settings: AuditSettings) -> Self:
        """Return the audit log that the settings describe. Raises ConfigurationError on a weak key."""
        key = settings.key
        return cls(secret_bytes("OFFICE_SEARCH_AUDIT_KEY", key) if key else None, settings.text_tenants)

    def record(
        self,
        who: Who,
        what: What,
        outcome: Outcome,
        request_id: str | None = None,
        client_request_id: str | None = None,
    ) -> None:
        """Write one line. Every line has the same keys. `client_request_id`: the one that the client chose."""
        tenant = who.tenant or what.target.get("tenant")
        method = None if what.method is None else visible(what.method, LONGEST_TARGET)
        target = {name: visible(value, LONGEST_TARGET) for name, value in what.target.items()}
        _lines.info(
            "audit",
            who=asdict(who),
            what={"action": what.action, "method": method, "route": what.route, "target": target},
            query=self._text(what.query) if tenant in self._text_tenants else None,
            query_hash=self._hash(what.query),
            outcome=outcome.result,
            reason=outcome.reason,
            status=outcome.status,
            request_id=request_id,
            client_request_id=client_request_id,
        )

    def _text(self, query: bytes | None) -> str | None:
        return None if query is None else visible(query.decode("utf-8", "replace"), LONGEST_TEXT)

    def _hash(self, query: bytes | None) -> str | None:
        return None if query is None else hmac.digest(self._key, query, "sha256").hex()

    @cached_property
    def _key(self) -> bytes:
        if self._given_key is None:
            _log.warning(
                "audit_key_not_set",
                hint="Hashes in the audit log hold for this process alone; set OFFICE_SEARCH_AUDIT_KEY.",
            )
        return self._given_key or secrets.token_bytes(32)


@contextmanager
def action(settings: AuditSettings, name: str, *, q: str | None = None, **target: object) -> Iterator[None]:
    """Record what an admin does at the command line: one line when the block ends, also when it fails.

    `name`: the module in the contract, such as `admin.reindex`. `q`: the text of a query. `target`: all other
    parameters that say to what it is done; those that are None are left out. Raises ConfigurationError on a weak key.
    """
    audit = Audit.configured(settings)
    given = {key: str(value) for key, value in target.items() if value is not None}
    what = What(name, target=given, query=None if q is None else q.encode("utf-8", "surrogateescape"))
    outcome = Outcome("failed")
    try:
        yield
        outcome = Outcome("allowed")
    except BaseException as error:
        outcome = Outcome("denied" if isinstance(error, DENIALS) else "failed", type(error).__name__)
        raise
    finally:
        audit.record(Who.at_the_command_line(), what, outcome)


def visible(text: str, longest: int) -> str:
    """Return at most `longest` characters of `text`, with invisible ones escaped as Python does.

    So a text in a log line can neither break the line nor look like another one.
    """
    seen = (c if c.isprintable() and c != "\\" else c.encode("unicode_escape").decode("ascii") for c in text[:longest])
    return "".join(seen)[:longest]
