"""Errors as the API tells them (RFC 9457), and those of the way to it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import ceil
from typing import Any

import httpx


class Problem(Exception):
    """Why a call failed. Its texts are the service's own or the client's; they never hold the token.

    `status`: the answer's HTTP status; 0 if no whole answer came; 200 if one came and made no sense; 401 also where
    there was no token to send. `retry_after_s`: whole seconds after which asking again makes sense, None where the
    service does not say. `request_id`: names the request in the service's log.
    """

    def __init__(
        self,
        status: int,
        title: str,
        detail: str = "",
        *,
        type: str = "about:blank",
        retry_after_s: int | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(detail or title)
        self.status = status
        self.type = type
        self.title = title
        self.detail = detail
        self.retry_after_s = retry_after_s
        self.request_id = request_id

    def __str__(self) -> str:
        status = f"{self.status} " if self.status else ""
        return f"{status}{self.title}: {self.detail}" if self.detail else f"{status}{self.title}"


def unanswered(error: httpx.RequestError) -> Problem:
    """Return the problem of a request that got no whole answer."""
    what = type(error).__name__
    return Problem(0, "No answer", f"No whole answer came from the service ({what}); is it reachable from here?")


def refused(response: httpx.Response) -> Problem:
    """Return the problem that an answer tells; its body counts only if it is JSON."""
    told = _told(response)
    return Problem(
        response.status_code,
        _text(told.get("title")) or f"Status {response.status_code}",
        _text(told.get("detail")),
        type=_text(told.get("type")) or "about:blank",
        retry_after_s=_seconds(response.headers.get("Retry-After", "")),
        request_id=response.headers.get("X-Request-Id"),
    )


def misshapen(response: httpx.Response) -> Problem:
    """Return the problem of an answer that is none of this API's."""
    return Problem(
        response.status_code,
        "Unexpected answer",
        "The answer has not the form of this API's; is the endpoint right?",
        request_id=response.headers.get("X-Request-Id"),
    )


def _told(response: httpx.Response) -> dict[str, Any]:
    try:
        told = json.loads(response.content)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _seconds(value: str) -> int | None:
    """Read `Retry-After`, seconds or a date; None for anything else."""
    if value.isascii() and value.strip().isdigit():
        return int(value)
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    # A date that names no zone is in UTC (RFC 9110).
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0, ceil((at - datetime.now(UTC)).total_seconds()))
