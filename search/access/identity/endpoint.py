"""HTTP requests to the identity service: over https, within a deadline, with answers of bounded size."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from ipaddress import ip_address

import httpx

from search.core.errors import ConfigurationError

# What can go wrong on the way to an answer, or with it.
FAILURES = (OSError, httpx.HTTPError, ValueError)
# Answers that speak of what was sent: malformed, too large, not to be processed.
_REJECTED = frozenset({400, 413, 414, 422, 431})
_TIMED_OUT = 408


class Endpoint:
    """One address of the identity service. `setting`: the name of the setting, for error texts."""

    def __init__(self, setting: str, url: str) -> None:
        """Raise ConfigurationError for a URL that is not https, unless it is on this machine."""
        self._url = _address(setting, url)
        # Made once: reading all the certificates takes long enough to delay other requests.
        self._tls = httpx.create_ssl_context()

    async def ask(
        self,
        method: str,
        headers: Mapping[str, str],
        *,
        deadline_s: float,
        most_bytes: int,
        form: Mapping[str, str] | None = None,
    ) -> bytes:
        """Return the body of a 2xx answer to one request, on a new connection. Raises one of FAILURES."""
        # A proxy from the environment must not see, or answer, what should stay on this machine.
        client = httpx.AsyncClient(verify=self._tls, timeout=deadline_s, trust_env=not _loopback(self._url.host))
        # No compression, as a small answer could unpack into a very large one.
        sent = {**headers, "Accept-Encoding": "identity"}
        async with (
            asyncio.timeout(deadline_s),
            client,
            client.stream(method, self._url, headers=sent, data=form) as answer,
        ):
            answer.raise_for_status()
            return await _bounded(answer, most_bytes)


def rejects_input(failure: Exception) -> bool:
    """Return whether the other side answered that it cannot take this very input, so that another may be fine.

    401 and 403 are not among them: they speak of this service's own credentials.
    """
    return isinstance(failure, httpx.HTTPStatusError) and failure.response.status_code in _REJECTED


def is_away(failure: Exception) -> bool:
    """Return whether a failure says that the other side is down: no answer, or one that says so (5xx, 408).

    429 is none: whoever asks too much on somebody's behalf could otherwise have everybody's questions paused.
    """
    if isinstance(failure, httpx.HTTPStatusError):
        return failure.response.is_server_error or failure.response.status_code == _TIMED_OUT
    return isinstance(failure, OSError | httpx.HTTPError)


def reason(failure: Exception) -> str:
    """Return what went wrong, in words for a log; never the other side's words, which may repeat what we sent."""
    if isinstance(failure, httpx.HTTPStatusError):
        return f"HTTP {failure.response.status_code}"
    if isinstance(failure, httpx.ProtocolError):
        return type(failure).__name__
    return str(failure) or type(failure).__name__


def _address(setting: str, url: str) -> httpx.URL:
    try:
        address = httpx.URL(url)
    except httpx.InvalidURL:
        raise ConfigurationError(f"{setting} is no URL.") from None
    if address.userinfo or not (address.scheme == "https" or (address.scheme == "http" and _loopback(address.host))):
        raise ConfigurationError(f"{setting} must be https, without a user name in it; http is for this machine only.")
    return address


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


async def _bounded(answer: httpx.Response, most_bytes: int) -> bytes:
    body = bytearray()
    async for part in answer.aiter_raw():
        body += part
        if len(body) > most_bytes:
            raise ValueError(f"the answer is larger than {most_bytes} bytes")
    return bytes(body)
