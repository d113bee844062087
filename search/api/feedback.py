"""The API calls by which callers tell what they opened, and see and remove their own recent searches."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self

from fastapi import APIRouter, Body, Path
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from mappings.entities import ID_PATTERN
from search.access.identity import Caller
from search.access.personal import WITHOUT_SCOPE, may_personal
from search.access.principal import Principal
from search.api import examples
from search.api.dependencies import CallerRoute, Proven, Used
from search.api.routes import PROBLEMS
from search.bootstrap import Services
from search.core.errors import ScopeMissing
from search.feedback import Action, Click

MOST_EVENTS = 50

DENIED = PROBLEMS[403] | {"description": "An unknown or disabled user, or an app without the scope `search.personal`."}

router = APIRouter(prefix="/v1", route_class=CallerRoute, responses=PROBLEMS)


class ClickBody(BaseModel):
    """What the caller did with an answer: meant its question (`submit`), or saw, opened or dismissed a hit."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.CLICK, examples.SUBMIT]})

    query_id: str = Field(min_length=1, max_length=100, description="Of the answer.")
    action: Action
    vertical: str | None = Field(None, pattern=r"^[a-z][a-z0-9_-]{0,39}$", description="Of the hit; not with `submit`.")
    id: str | None = Field(None, pattern=ID_PATTERN, description="Of the hit; not with `submit`.")
    position: int | None = Field(
        None, ge=0, le=100_000, description="In the list as shown; else its place in the answer."
    )

    @model_validator(mode="after")
    def _names_an_entity(self) -> Self:
        if self.action != "submit" and (self.vertical is None or self.id is None):
            raise ValueError(f"{self.action} needs the hit's vertical and id")
        return self

    def click(self) -> Click:
        return Click(**self.model_dump())


class RecentSearch(BaseModel):
    id: str
    text: str
    at: datetime = Field(description="When it was last meant.")


class RecentBody(BaseModel):
    """The caller's own recent searches, newest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.RECENT]})

    recent: list[RecentSearch]


Clicks = Annotated[list[ClickBody], Field(max_length=MOST_EVENTS)]


@router.post("/clicks", status_code=204, response_class=Response, summary="Tell what was seen and opened of an answer")
async def clicks(
    services: Used,
    who: Proven,
    told: Annotated[ClickBody | Clicks, Body(examples=[examples.CLICK, [examples.SUBMIT, examples.CLICK]])],
) -> None:
    """Tell one thing that the caller did, or up to 50.

    What names no answer given to this caller, or an entity that is not in it, is dropped without a word.
    """
    await services.callers.principal(who)
    events = told if isinstance(told, list) else [told]
    services.feedback.clicked(who, [event.click() for event in events])


@router.get("/recent", summary="The caller's own recent searches", responses={403: DENIED})
async def recent(services: Used, who: Proven) -> RecentBody:
    caller = await _personal(services, who)
    found = await services.feedback.recent(caller.tenant, caller.user)
    return RecentBody(recent=[RecentSearch(id=one.id, text=one.text, at=one.at) for one in found])


@router.delete(
    "/recent", status_code=204, response_class=Response, summary="Remove all of them", responses={403: DENIED}
)
async def remove_all(services: Used, who: Proven) -> None:
    caller = await _personal(services, who)
    await services.feedback.remove_recent(caller.tenant, caller.user, None)


@router.delete(
    "/recent/{id}", status_code=204, response_class=Response, summary="Remove one of them", responses={403: DENIED}
)
async def remove_one(
    services: Used, who: Proven, id: Annotated[str, Path(max_length=100, examples=[examples.RECENT_ID])]
) -> None:
    """Remove one; what is not there, or is somebody else's, is no error."""
    caller = await _personal(services, who)
    await services.feedback.remove_recent(caller.tenant, caller.user, id)


async def _personal(services: Services, who: Caller) -> Principal:
    """Return who asks for their own past. Raises ScopeMissing, what `principal` raises."""
    caller = await services.callers.principal(who)
    if not may_personal(who):
        raise ScopeMissing(WITHOUT_SCOPE)
    return caller
