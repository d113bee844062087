"""The client for programs with an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from types import TracebackType
from typing import Self, TypeVar

import httpx

from office_search_client import calls
from office_search_client.calls import Call
from office_search_client.core import TIMEOUT_S, TRIES, Core, Language
from office_search_client.models import (
    Answer,
    AppList,
    AppPage,
    Apps,
    Click,
    Hit,
    Question,
    Recent,
    RecommendedList,
    Suggestions,
    SuggestQuestion,
    Surroundings,
    Verticals,
)
from office_search_client.problem import Problem, unanswered
from office_search_client.tokens import Reason, Token

Result = TypeVar("Result")
AsyncGetToken = Callable[[Reason], Awaitable[str]]


class AsyncClient:
    """Asks one service as one caller, in one event loop; the same as Client, but that its calls are awaited."""

    def __init__(
        self,
        endpoint: str,
        get_token: AsyncGetToken | None = None,
        *,
        language: Language | None = None,
        timeout_s: float = TIMEOUT_S,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """Connect to nothing yet. The parameters are those of Client; `get_token` is awaited."""
        self._core = Core(endpoint, language)
        self._get_token = get_token
        self._renewing = asyncio.Lock()
        self._http = httpx.AsyncClient(timeout=timeout_s, transport=transport, follow_redirects=False)

    async def search(self, question: Question | str) -> Answer:
        """Return one page of hits; a text stands for a question with nothing else."""
        return await self._ask(calls.search(question))

    async def pages(self, question: Question | str) -> AsyncIterator[Answer]:
        """Yield the pages of an answer, from the question's own cursor to the last."""
        following: Question | str | None = question
        while following is not None:
            answer = await self.search(following)
            yield answer
            following = calls.next_page(question, answer)

    async def hits(self, question: Question | str) -> AsyncIterator[Hit]:
        """Yield the hits of all pages, in order."""
        async for answer in self.pages(question):
            for hit in answer.hits:
                yield hit

    async def suggest(self, question: SuggestQuestion | str = "") -> Suggestions:
        """Return what the caller may mean by what is typed so far, or want next."""
        return await self._ask(calls.suggest(question))

    async def verticals(self) -> Verticals:
        """Return what the caller may search, with names for people."""
        return await self._ask(calls.verticals())

    async def context(self, id: str, *, before: int | None = None, after: int | None = None) -> Surroundings:
        """Return a message with up to 20 before and after it; by default 5 each."""
        return await self._ask(calls.context(id, before, after))

    async def apps(
        self,
        q: str | None = None,
        *,
        category: str | None = None,
        kind: str | None = None,
        developer: str | None = None,
        sort: calls.Sort | None = None,
        mine: bool | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> Apps:
        """Return one page of the app store; without `q` all of it. `mine`: only what the caller uses, latest first."""
        facets = {"category": category, "kind": kind, "developer": developer}
        return await self._ask(calls.apps(q=q, **facets, sort=sort, mine=mine, limit=limit, cursor=cursor))

    async def app(self, id: str) -> AppPage:
        """Return one app's page."""
        return await self._ask(calls.app(id))

    async def similar(self, id: str, *, limit: int | None = None) -> AppList:
        """Return apps like one app, best first; by default 8."""
        return await self._ask(calls.similar(id, limit))

    async def recommended(self, *, limit: int | None = None) -> RecommendedList:
        """Return apps that may help the caller, each with its reason, best first; by default 10."""
        return await self._ask(calls.recommended(limit))

    async def clicks(self, events: Iterable[Click]) -> None:
        """Tell what was seen and opened of answers."""
        for call in calls.clicks(events):
            await self._ask(call)

    async def recent(self) -> Recent:
        """Return the caller's own recent searches, newest first."""
        return await self._ask(calls.recent())

    async def remove_recent(self, id: str | None = None) -> None:
        """Remove one recent search, or all of them without an id."""
        await self._ask(calls.remove_recent(id))

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _ask(self, call: Call[Result]) -> Result:
        for _ in range(TRIES):
            token = await self._token()
            response = await self._send(self._core.request(call, token))
            if not self._core.may_try_again(token, response):
                break
        return call.result(response)

    async def _send(self, request: httpx.Request) -> httpx.Response:
        try:
            return await self._http.send(request)
        except httpx.RequestError as error:
            # Not chained: the error holds the request, and so the token.
            raise unanswered(error) from None

    async def _token(self) -> Token | None:
        if self._get_token is None:
            return None
        tokens = self._core.tokens
        async with self._renewing:
            return tokens.held or tokens.take(await self._given(self._get_token, tokens.reason))

    async def _given(self, get_token: AsyncGetToken, reason: Reason) -> str:
        try:
            return await get_token(reason)
        except Exception as error:
            raise Problem(401, "No token", "get_token failed, so the service was not asked.") from error
