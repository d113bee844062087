"""`/v1/apps`: the app store."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from mappings.entities import ID_PATTERN
from search.access.identity import Caller
from search.access.personal import may_personal
from search.api import examples
from search.api.dependencies import CallerRoute, Proven, Used
from search.api.noting import noted
from search.api.routes import PROBLEMS
from search.api.schemas import LONGEST_CURSOR, QueryBody
from search.api.schemas import Query as QueryText
from search.api.suggest import Languages, language_of
from search.bootstrap import Services
from search.core.errors import ScopeMissing
from search.store.answer import StoreApp
from search.store.question import StoreQuestion

MOST_SIMILAR = 20
DENIED = PROBLEMS[403] | {"description": "An unknown or disabled user, or one without the module `discover.apps`."}
MISSING: dict[int | str, dict[str, Any]] = {
    404: PROBLEMS[400] | {"description": "No such app, or none for the caller."}
}
NOT_PERSONAL = "This app acts without the scope `search.personal`, which the user's own apps need; have it granted."

router = APIRouter(prefix="/v1/apps", route_class=CallerRoute, responses=PROBLEMS | {403: DENIED})

Chosen = Annotated[str, Field(max_length=200)]


class AppsQuestion(BaseModel):
    """What of the store is asked for; without `q` all of it."""

    model_config = ConfigDict(extra="forbid")

    q: QueryText = Field("", examples=["报销"])
    category: Chosen | None = Field(None, description="Only apps of this category.", examples=["财务"])
    kind: Chosen | None = Field(
        None, description="Only apps of this kind: mini_program, web, bot, service_account.", examples=["web"]
    )
    developer: Chosen | None = Field(None, description="Only apps of this developer.", examples=["流程平台组"])
    sort: Literal["relevance", "popular", "trending", "new"] = Field("relevance", examples=["popular"])
    mine: bool = Field(
        False, description="Only what the caller opened or installed, the latest first.", examples=[True]
    )
    limit: int = Field(20, ge=1, le=50, examples=[20])
    cursor: Annotated[str, Field(max_length=LONGEST_CURSOR)] | None = Field(None, examples=[examples.CURSOR])

    def question(self) -> StoreQuestion:
        """Return what is asked, for the store."""
        chosen = {name: value for name in ("category", "kind", "developer") if (value := getattr(self, name))}
        return StoreQuestion(self.q, chosen, self.sort, self.limit, self.cursor, self.mine)


class AppReasonBody(BaseModel):
    kind: Literal["department_use", "similar_to", "used_together", "popular", "new"]
    text: str = Field(description="For people, as plain text, in the language that was asked for; it names nobody.")
    app_id: str | None = Field(description="The app of the caller's own, or the one asked about, that it speaks of.")


class AppBody(BaseModel):
    id: str
    title: str = Field(description="HTML-escaped; `<em>` is the only markup.")
    snippet: str = Field(description="HTML-escaped; `<em>` is the only markup.")
    access: Literal["open", "request"] = Field(
        description="`request`: the caller may ask for it, at `fields.request_url` where there is one, but not open it."
    )
    fields: dict[str, Any]
    use: dict[Literal["department", "tenant"], int] = Field(
        description="How many people use it, rounded down to 10, 20, 50, …; absent where they are too few, or all."
    )
    rating: float | None = Field(description="The mean rating; null where it would tell of too few.")
    reason: AppReasonBody | None

    @classmethod
    def of(cls, app: StoreApp) -> Self:
        return cls.model_validate(
            vars(app) | {"use": dict(app.use), "reason": vars(app.reason) if app.reason else None}
        )


class CountBody(BaseModel):
    value: str
    count: int


class TotalBody(BaseModel):
    value: int
    relation: Literal["eq", "gte"]


class AppsBody(BaseModel):
    """One page of the store, with counts of what each choice would leave."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.APPS]})

    apps: list[AppBody]
    total: TotalBody
    facets: dict[str, list[CountBody]] = Field(description="By facet: counted under what is chosen in the others.")
    query: QueryBody
    cursor: str | None
    query_id: str = Field(description="Names this answer, for `POST /v1/clicks`.")
    took_ms: int


class AppPageBody(BaseModel):
    """One app's page."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.APP_PAGE]})

    app: AppBody
    description: str = Field(description="All of it, as plain text.")
    query_id: str = Field(description="Names this answer, for `POST /v1/clicks`.")
    took_ms: int


class AppListBody(BaseModel):
    """Apps alone, each with its reason."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.APP_LIST]})

    apps: list[AppBody]
    query_id: str = Field(description="Names this answer, for `POST /v1/clicks`.")
    took_ms: int


class SimilarQuestion(BaseModel):
    model_config = ConfigDict(extra="forbid")

    limit: int = Field(8, ge=1, le=MOST_SIMILAR, examples=[8])


AppId = Annotated[str, Path(pattern=ID_PATTERN, examples=[examples.APP_ID])]


@router.get("", summary="Search and browse the apps that the caller may find")
async def get_apps(services: Used, who: Proven, asked: Annotated[AppsQuestion, Query()]) -> AppsBody:
    caller = await services.callers.principal(who)
    if asked.mine and not may_personal(who):
        raise ScopeMissing(NOT_PERSONAL)
    answer = await services.store.browse(caller, asked.question(), datetime.now(UTC))
    _note(services, who, answer.query_id, asked.q, answer.apps)
    return AppsBody(
        apps=[AppBody.of(one) for one in answer.apps],
        total=TotalBody(value=answer.total.total, relation=answer.total.relation),
        facets={
            name: [CountBody(value=value, count=count) for value, count in counts]
            for name, counts in answer.facets.items()
        },
        query=QueryBody(text=answer.text, filters=dict(answer.filters), corrected=answer.corrected),
        cursor=answer.cursor,
        query_id=answer.query_id,
        took_ms=answer.took_ms,
    )


@router.get("/{id}", summary="One app's page", responses=MISSING)
async def get_app(services: Used, who: Proven, id: AppId) -> AppPageBody:
    """Return what the store tells of one app. An app that is not there, or not for the caller, is 404."""
    caller = await services.callers.principal(who)
    page = await services.store.page(caller, id)
    _note(services, who, page.query_id, "", [page.app])
    return AppPageBody(
        app=AppBody.of(page.app), description=page.description, query_id=page.query_id, took_ms=page.took_ms
    )


@router.get("/{id}/similar", summary="Apps like one app", responses=MISSING)
async def get_similar(
    services: Used, who: Proven, id: AppId, asked: Annotated[SimilarQuestion, Query()], languages: Languages = ""
) -> AppListBody:
    """Return what is used with an app, or says the same of itself, best first. Raises as the app's page does."""
    caller = await services.callers.principal(who)
    answer = await services.store.similar(caller, id, asked.limit, language_of(languages))
    _note(services, who, answer.query_id, "", answer.apps)
    return AppListBody(apps=[AppBody.of(one) for one in answer.apps], query_id=answer.query_id, took_ms=answer.took_ms)


def _note(services: Services, who: Caller, query_id: str, text: str, apps: Sequence[StoreApp]) -> None:
    services.feedback.note(noted(who, "apps", query_id, text, [("apps", one.id) for one in apps]))
