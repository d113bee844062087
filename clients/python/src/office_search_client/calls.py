"""The calls without I/O: what each sends, and what its answer means."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar
from urllib.parse import quote, urlencode

import httpx
from pydantic import BaseModel, ValidationError

from office_search_client.models import (
    Answer,
    AppList,
    AppPage,
    Apps,
    Click,
    Question,
    Recent,
    RecommendedList,
    Suggestions,
    SuggestQuestion,
    Surroundings,
    Verticals,
)
from office_search_client.problem import Problem, misshapen, refused

Result = TypeVar("Result")
Body = TypeVar("Body", bound=BaseModel)
Sort = Literal["relevance", "popular", "trending", "new"]

# The most that one `POST /v1/clicks` takes.
MOST_CLICKS = 50


@dataclass(frozen=True)
class Call(Generic[Result]):
    """One request. `path`: below the endpoint, with its query. `read`: what a good answer holds."""

    method: str
    path: str
    read: Callable[[httpx.Response], Result]
    body: bytes | None = None

    def result(self, response: httpx.Response) -> Result:
        """Return what was asked for. Raises Problem for an error, and for what is no answer of this API."""
        if response.is_success:
            return self.read(response)
        # No redirect is followed: the token is for the endpoint alone.
        raise misshapen(response) if response.is_redirect else refused(response)


def search(question: Question | str) -> Call[Answer]:
    """Return the call for one page of hits; a POST, so that queries stay out of logs."""
    asked = Question(q=question) if isinstance(question, str) else question
    return Call("POST", "v1/search", _reading(Answer), _sent(asked))


def next_page(question: Question | str, answer: Answer) -> Question | None:
    """Return what to ask for the page after `answer`; None after the last."""
    asked = Question(q=question) if isinstance(question, str) else question
    return asked.model_copy(update={"cursor": answer.cursor}) if answer.cursor else None


def suggest(question: SuggestQuestion | str) -> Call[Suggestions]:
    """Return the call for what may be meant by what is typed so far."""
    asked = SuggestQuestion(q=question) if isinstance(question, str) else question
    return Call("POST", "v1/suggest", _reading(Suggestions), _sent(asked))


def verticals() -> Call[Verticals]:
    """Return the call for what the caller may search."""
    return Call("GET", "v1/verticals", _reading(Verticals))


def context(id: str, before: int | None, after: int | None) -> Call[Surroundings]:
    """Return the call for a message in its place. Raises Problem 404 for an id that nothing can have."""
    path = _asked(f"v1/messages/{_segment(id)}/context", before=before, after=after)
    return Call("GET", path, _reading(Surroundings))


def apps(**asked: str | int | bool | None) -> Call[Apps]:
    """Return the call for one page of the app store; `asked`: its parameters by name, None for what is not asked."""
    return Call("GET", _asked("v1/apps", **asked), _reading(Apps))


def app(id: str) -> Call[AppPage]:
    """Return the call for one app's page. Raises Problem 404 for an id that nothing can have."""
    return Call("GET", f"v1/apps/{_segment(id)}", _reading(AppPage))


def similar(id: str, limit: int | None) -> Call[AppList]:
    """Return the call for apps like one app. Raises Problem 404 for an id that nothing can have."""
    return Call("GET", _asked(f"v1/apps/{_segment(id)}/similar", limit=limit), _reading(AppList))


def recommended(limit: int | None) -> Call[RecommendedList]:
    """Return the call for apps that may help the caller."""
    return Call("GET", _asked("v1/apps/recommended", limit=limit), _reading(RecommendedList))


def clicks(events: Iterable[Click]) -> Iterator[Call[None]]:
    """Yield the calls that tell these events, in order."""
    told = list(events)
    for start in range(0, len(told), MOST_CLICKS):
        bodies = [event.model_dump(mode="json", exclude_none=True) for event in told[start : start + MOST_CLICKS]]
        yield Call("POST", "v1/clicks", _nothing, json.dumps(bodies).encode())


def recent() -> Call[Recent]:
    """Return the call for the caller's own recent searches."""
    return Call("GET", "v1/recent", _reading(Recent))


def remove_recent(id: str | None) -> Call[None]:
    """Return the call that removes one of them, or all. Raises Problem 404 for an id that nothing can have."""
    return Call("DELETE", "v1/recent" if id is None else f"v1/recent/{_segment(id)}", _nothing)


def _sent(question: BaseModel) -> bytes:
    """Return what was set of a question, so that the service's own defaults hold for the rest."""
    return question.model_dump_json(by_alias=True, exclude_unset=True).encode()


def _reading(model: type[Body]) -> Callable[[httpx.Response], Body]:
    def read(response: httpx.Response) -> Body:
        try:
            return model.model_validate_json(response.content)
        except ValidationError:
            raise misshapen(response) from None

    return read


def _nothing(_: httpx.Response) -> None:
    return None


def _asked(path: str, **asked: str | int | bool | None) -> str:
    """Return a path with its query."""
    said = {name: str(value).lower() if isinstance(value, bool) else value for name, value in asked.items()}
    query = urlencode({name: value for name, value in said.items() if value is not None})
    return f"{path}?{query}" if query else path


def _segment(id: str) -> str:
    """Escape an id for a path; dots alone would be another path."""
    if id in ("", ".", ".."):
        raise Problem(404, "Not Found", "There is nothing with such an id.")
    return quote(id, safe="")
