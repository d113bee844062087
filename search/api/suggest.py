"""`/v1/suggest`: what is told while somebody types."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query
from pydantic import BaseModel, ConfigDict, Field

from search.access.identity import Caller
from search.access.personal import may_personal
from search.api import examples
from search.api.dependencies import CallerRoute, Proven, Used
from search.api.noting import noted
from search.api.routes import PROBLEMS
from search.api.schemas import LONGEST_QUERY
from search.bootstrap import Services
from search.suggest.answer import Suggestion
from search.suggest.suggest import MOST, Asked

router = APIRouter(prefix="/v1", route_class=CallerRoute, responses=PROBLEMS)

Language = Literal["zh", "en"]
Languages = Annotated[
    str,
    Header(
        alias="Accept-Language",
        description="zh or en: of the labels and reasons in the answer.",
        examples=["zh"],
    ),
]


def language_of(languages: str) -> Language:
    """Return the language of what is said to people, by the header that asks for it."""
    return "en" if languages.strip().lower().startswith("en") else "zh"


class SuggestQuestion(BaseModel):
    """What is typed so far. A POST sends the same as a JSON body, which keeps it out of access logs."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.SUGGEST_QUESTION]})

    q: Annotated[str, Field(max_length=LONGEST_QUERY)] = Field(
        "", description="What the search box holds so far.", examples=[examples.SUGGEST_QUESTION["q"]]
    )
    limit: int = Field(8, ge=1, le=MOST, examples=[examples.SUGGEST_QUESTION["limit"]])


class SuggestionBody(BaseModel):
    kind: Literal["person", "group", "department", "app", "doc", "query"]
    vertical: str | None = Field(description="Where the entity is; null for a query.")
    id: str | None = Field(description="The entity's; null for a query.")
    title: str = Field(description="Its name, HTML-escaped; `<em>` is the only markup.")
    detail: str = Field(description="By what it is told from its namesakes; plain text.")
    why: str | None = Field(description="The best reason why it is here.")
    fields: dict[str, Any]
    text: str | None = Field(description="The whole query that it stands for, for the search box.")
    token: str | None = Field(description="Behind an operator: it with this value, which means this one alone.")

    @classmethod
    def of(cls, one: Suggestion) -> SuggestionBody:
        return cls.model_validate(vars(one))


class SuggestionsBody(BaseModel):
    """Suggestions, best first."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.SUGGESTIONS]})

    suggestions: list[SuggestionBody]
    failed: list[str] = Field(description="Verticals whose backend did not answer in time.")
    partial: bool
    query_id: str = Field(description="Names this answer, for `POST /v1/clicks`.")
    took_ms: int


@router.get("/suggest", summary="What the caller may mean by what is typed so far, or want next")
async def get_suggest(
    services: Used, who: Proven, asked: Annotated[SuggestQuestion, Query()], languages: Languages = ""
) -> SuggestionsBody:
    return await _answer(services, who, asked, languages)


@router.post("/suggest", summary="The same, with what is typed in the body and so out of logs")
async def post_suggest(
    services: Used, who: Proven, asked: SuggestQuestion, languages: Languages = ""
) -> SuggestionsBody:
    return await _answer(services, who, asked, languages)


async def _answer(services: Services, who: Caller, asked: SuggestQuestion, languages: str) -> SuggestionsBody:
    caller = await services.callers.principal(who)
    asking = Asked(asked.q, asked.limit, may_personal(who), language_of(languages))
    answer = await services.suggest.answer(caller, asking)
    entities = [(one.vertical, one.id) for one in answer.found if one.vertical and one.id]
    services.feedback.note(noted(who, "suggest", answer.query_id, asked.q, entities))
    return SuggestionsBody(
        suggestions=[SuggestionBody.of(one) for one in answer.found],
        failed=list(answer.failed),
        partial=bool(answer.failed),
        query_id=answer.query_id,
        took_ms=answer.took_ms,
    )
