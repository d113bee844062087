"""`/v1/apps/recommended`: the apps that may help a caller whom nobody has told of them."""

from __future__ import annotations

from html import escape
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from search.access.personal import may_personal
from search.api import examples
from search.api.dependencies import CallerRoute, Proven, Used
from search.api.noting import noted
from search.api.routes import PROBLEMS
from search.api.store import AppReasonBody
from search.api.suggest import Languages, language_of
from search.core.errors import ScopeMissing
from search.query.highlight import highlight_terms, snippet
from search.query.hits import shown
from search.recommend.recommend import Recommended

DENIED = PROBLEMS[403] | {
    "description": "An unknown or disabled user, none of whose roles has `discover.apps`, or an app without the scope "
    "`search.personal`."
}
WITHOUT_SCOPE = (
    "This app acts without the scope `search.personal`, which recommendations need; have the app granted it."
)
MOST = 50
# Nobody has asked for a word.
NOTHING_MARKED = highlight_terms("")

router = APIRouter(prefix="/v1", route_class=CallerRoute, responses=PROBLEMS)

Limit = Annotated[int, Query(ge=1, le=MOST, examples=[10])]


class RecommendedBody(BaseModel):
    id: str
    title: str = Field(description="HTML-escaped.")
    snippet: str = Field(description="The beginning of its description, HTML-escaped.")
    access: Literal["open", "request"]
    fields: dict[str, Any]
    use: dict[Literal["department", "tenant"], int] = Field(
        description="How many people use it, rounded down to 10, 20, 50, …; absent where they are too few, or all."
    )
    rating: float | None = Field(description="The mean, where enough people have rated it.")
    reason: AppReasonBody

    @classmethod
    def of(cls, one: Recommended) -> RecommendedBody:
        told = shown(one.found)
        return cls(
            id=one.found.document_id,
            title=escape(told.title or ""),
            snippet=snippet(told.passages[0], NOTHING_MARKED) if told.passages else "",
            access="open" if one.found.opens else "request",
            fields=dict(told.fields),
            use=dict(one.use),
            rating=one.rating,
            reason=AppReasonBody(kind=one.kind, text=one.text, app_id=one.because_of),
        )


class RecommendedListBody(BaseModel):
    """Apps, best first."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.APP_LIST]})

    apps: list[RecommendedBody]
    query_id: str = Field(description="Names this answer, for `POST /v1/clicks`.")
    took_ms: int


# Before `/apps/{id}`, which would take it for an app's id.
@router.get("/apps/recommended", summary="Apps that may help the caller, each with its reason", responses={403: DENIED})
async def recommended(services: Used, who: Proven, limit: Limit = 10, languages: Languages = "") -> RecommendedListBody:
    """Recommend apps that the caller may see, does not use and has not dismissed."""
    caller = await services.callers.principal(who)
    if not may_personal(who):
        raise ScopeMissing(WITHOUT_SCOPE)
    answer = await services.recommend.answer(caller, limit, language_of(languages))
    entities = [(one.found.vertical.name, one.found.document_id) for one in answer.apps]
    services.feedback.note(noted(who, "apps", answer.query_id, "", entities))
    return RecommendedListBody(
        apps=[RecommendedBody.of(one) for one in answer.apps], query_id=answer.query_id, took_ms=answer.took_ms
    )
