"""An HTTP client that asks a running service as any user of any tenant, with the gateway's signature."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote, urlencode, urlsplit

import httpx

from search.access.identity.gateway import sign
from search.core.errors import ConfigurationError, OfficeSearchError, Unavailable
from search.evaluate.questions import PlayedQuestion

LIMIT = 50
SUGGESTED = 20
TIMEOUT_S = 30.0
PAUSES_S = (0.2, 0.5, 1.0, 2.0)


@dataclass(frozen=True)
class Answered:
    """A complete answer or a refusal. `ms`: the client's time in milliseconds, including repeated tries."""

    status: int
    body: Mapping[str, Any]
    ms: float


class ApiClient:
    """Asks the service at `url`, which may include a path before the service's own."""

    def __init__(self, url: str, secret: str, *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise ConfigurationError(f"{url!r} is no address of a service, such as http://127.0.0.1:8080.")
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._path = parts.path.rstrip("/")
        self._secret = secret
        self._http = httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False, transport=transport)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def search(self, question: PlayedQuestion, *verticals: str) -> Answered:
        """Return the answer over these verticals, or over all that the caller may search.

        A partial answer proves neither a hit nor a leak, so it is asked for again. Raises Unavailable if no complete
        answer comes, OfficeSearchError for any status but 200 and 403.
        """
        asked = {"verticals": ",".join(verticals)} if verticals else {}
        return await self._answer(question, "search", {"q": question.q, "limit": str(LIMIT), **asked})

    async def suggest(self, question: PlayedQuestion) -> Answered:
        """Return what is suggested for a query that is typed so far; entities are its `hits`. Raises as `search`."""
        answered = await self._answer(question, "suggest", {"q": question.q, "limit": str(SUGGESTED)})
        entities = [one for one in answered.body.get("suggestions", ()) if one["id"]]
        return replace(answered, body={**answered.body, "hits": entities})

    async def store(self, question: PlayedQuestion) -> Answered:
        """Return what the app store finds; its apps are the `hits`, of the vertical apps. Raises as `search`."""
        answered = await self._answer(question, "apps", {"q": question.q, "limit": str(LIMIT)})
        apps = [{**app, "vertical": "apps"} for app in answered.body.get("apps", ())]
        return replace(answered, body={**answered.body, "hits": apps})

    async def recommended(self, question: PlayedQuestion, limit: int) -> Answered:
        """Return the apps that are recommended to who asks. Raises as `search`."""
        return await self._answer(question, "apps/recommended", {"limit": str(limit)})

    async def _answer(self, question: PlayedQuestion, call: str, params: Mapping[str, str]) -> Answered:
        query = urlencode(params, quote_via=quote, safe="")
        began = time.perf_counter()
        for pause in (*PAUSES_S, None):
            response = await self._get(f"{self._path}/v1/{call}?{query}", question)
            reason = _unfinished(response)
            if reason is None:
                break
            if pause is None:
                raise Unavailable(f"{question.id}: no whole answer came after {len(PAUSES_S) + 1} tries: {reason}.")
            await asyncio.sleep(max(pause, _seconds_to_wait(response)))
        ms = (time.perf_counter() - began) * 1000
        _check(response, question)
        return Answered(response.status_code, _body(response), ms)

    async def ready(self) -> bool:
        try:
            return (await self._http.get(f"{self._origin}{self._path}/readyz")).status_code == 200
        except httpx.TransportError:
            return False

    async def _get(self, target: str, question: PlayedQuestion) -> httpx.Response:
        headers = sign(self._secret, "GET", target, user=question.user, tenant=question.tenant)
        try:
            return await self._http.get(self._origin + target, headers=headers)
        except httpx.TransportError as error:
            raise Unavailable(f"{self._origin} does not answer ({error!r:.200}).") from error


def _unfinished(response: httpx.Response) -> str | None:
    """Return why asking again may help; None if this answer is final."""
    if response.status_code in (429, 503):
        return response.text[:300]
    if response.status_code == 200:
        body = _body(response)
        if body.get("partial") or body.get("failed"):
            return f"these verticals failed: {', '.join(body.get('failed', ()))}"
    return None


def _seconds_to_wait(response: httpx.Response) -> int:
    """Return how many whole seconds the service asks us to wait, after too many requests."""
    return int(response.headers.get("Retry-After", 0)) if response.status_code == 429 else 0


def _check(response: httpx.Response, question: PlayedQuestion) -> None:
    if response.status_code == 401:
        raise OfficeSearchError(
            f"The service refused the credentials ({_body(response).get('detail', response.text[:300])}); "
            "OFFICE_SEARCH_GATEWAY_SECRETS must begin with one of its secrets."
        )
    if response.status_code not in (200, 403):
        raise OfficeSearchError(f"{question.id}: the service answered {response.status_code}: {response.text[:300]}")


def _body(response: httpx.Response) -> Mapping[str, Any]:
    try:
        body = response.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise OfficeSearchError(f"{response.url.host} answers, but not as the search service does: is --url right?")
    return body
