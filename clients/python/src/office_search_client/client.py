"""The client for programs that wait for each answer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
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
GetToken = Callable[[Reason], str]


class Client:
    """Asks one service as one caller; may be used by several threads, and as a context manager.

    Every call raises Problem when it fails. After a 401 the token is renewed once, for all requests that wait for it,
    and the request is sent once more; nothing else is sent twice, and no redirect is followed.
    """

    def __init__(
        self,
        endpoint: str,
        get_token: GetToken | None = None,
        *,
        language: Language | None = None,
        timeout_s: float = TIMEOUT_S,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """Connect to nothing yet.

        `endpoint`: root of the API, such as https://search.example/. `get_token`: gives a token for a reason; without
        it none is sent, as where a gateway in front names the caller. `timeout_s`: seconds for the connection, and
        between two pieces of an answer. `transport`: how to send, where httpx's own way will not do. Raises ValueError
        for an endpoint that is none.
        """
        self._core = Core(endpoint, language)
        self._get_token = get_token
        self._renewing = threading.Lock()
        self._http = httpx.Client(timeout=timeout_s, transport=transport, follow_redirects=False)

    def search(self, question: Question | str) -> Answer:
        """Return one page of hits; a text stands for a question with nothing else."""
        return self._ask(calls.search(question))

    def pages(self, question: Question | str) -> Iterator[Answer]:
        """Yield the pages of an answer, from the question's own cursor to the last."""
        following: Question | str | None = question
        while following is not None:
            answer = self.search(following)
            yield answer
            following = calls.next_page(question, answer)

    def hits(self, question: Question | str) -> Iterator[Hit]:
        """Yield the hits of all pages, in order."""
        for answer in self.pages(question):
            yield from answer.hits

    def suggest(self, question: SuggestQuestion | str = "") -> Suggestions:
        """Return what the caller may mean by what is typed so far, or want next."""
        return self._ask(calls.suggest(question))

    def verticals(self) -> Verticals:
        """Return what the caller may search, with names for people."""
        return self._ask(calls.verticals())

    def context(self, id: str, *, before: int | None = None, after: int | None = None) -> Surroundings:
        """Return a message with up to 20 before and after it; by default 5 each."""
        return self._ask(calls.context(id, before, after))

    def apps(
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
        return self._ask(calls.apps(q=q, **facets, sort=sort, mine=mine, limit=limit, cursor=cursor))

    def app(self, id: str) -> AppPage:
        """Return one app's page."""
        return self._ask(calls.app(id))

    def similar(self, id: str, *, limit: int | None = None) -> AppList:
        """Return apps like one app, best first; by default 8."""
        return self._ask(calls.similar(id, limit))

    def recommended(self, *, limit: int | None = None) -> RecommendedList:
        """Return apps that may help the caller, each with its reason, best first; by default 10."""
        return self._ask(calls.recommended(limit))

    def clicks(self, events: Iterable[Click]) -> None:
        """Tell what was seen and opened of answers."""
        for call in calls.clicks(events):
            self._ask(call)

    def recent(self) -> Recent:
        """Return the caller's own recent searches, newest first."""
        return self._ask(calls.recent())

    def remove_recent(self, id: str | None = None) -> None:
        """Remove one recent search, or all of them without an id."""
        self._ask(calls.remove_recent(id))

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ask(self, call: Call[Result]) -> Result:
        for _ in range(TRIES):
            token = self._token()
            response = self._send(self._core.request(call, token))
            if not self._core.may_try_again(token, response):
                break
        return call.result(response)

    def _send(self, request: httpx.Request) -> httpx.Response:
        try:
            return self._http.send(request)
        except httpx.RequestError as error:
            # Not chained: the error holds the request, and so the token.
            raise unanswered(error) from None

    def _token(self) -> Token | None:
        if self._get_token is None:
            return None
        tokens = self._core.tokens
        with self._renewing:
            return tokens.held or tokens.take(self._given(self._get_token, tokens.reason))

    def _given(self, get_token: GetToken, reason: Reason) -> str:
        try:
            return get_token(reason)
        except Exception as error:
            raise Problem(401, "No token", "get_token failed, so the service was not asked.") from error
