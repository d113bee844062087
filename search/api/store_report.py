"""`/v1/admin/apps`: how the store's apps are found and used."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Self

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from search.api import examples
from search.api.dependencies import CallerRoute, Proven, Used
from search.api.routes import PROBLEMS
from search.store.report import AppReport, StoreReport

DENIED = PROBLEMS[403] | {"description": "An unknown or disabled caller, or one without the module `admin.status`."}

router = APIRouter(prefix="/v1/admin", tags=["admin"], route_class=CallerRoute, responses=PROBLEMS | {403: DENIED})


class AppReportBody(BaseModel):
    """One app. Numbers are of people, rounded down to 10, 20, 50, …; 0: too few to be told of."""

    id: str
    name: str
    category: str
    asked: int = Field(description="Opened it from an answer to a question, in the last 90 days.")
    shown: int = Field(description="Saw it in an answer.")
    opened: int = Field(description="Opened it from any answer.")
    people: int = Field(description="Use it, however they come to it.")
    trend: float = Field(description="Above 0 where more use it than before, as a logarithm to the base of 2.")
    rating: float | None = Field(description="The mean; null where too few have rated it.")
    unopened: bool = Field(description="Nobody opens it, or too few to be told of.")

    @classmethod
    def of(cls, app: AppReport) -> Self:
        return cls(**vars(app), unopened=app.is_unopened)


class UnservedBody(BaseModel):
    people: int = Field(description="How many looked for it, rounded down.")
    text: str | None = Field(description="What they typed; null where the tenant's questions are not kept as text.")


class AppsReportBody(BaseModel):
    """How the apps are doing that the admin may see, those of most people first."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.APPS_REPORT]})

    apps: list[AppReportBody]
    unserved: list[UnservedBody] = Field(description="What people look for in the store, and no app serves.")
    made_at: datetime | None = Field(description="When questions were last put together: once a week.")

    @classmethod
    def of(cls, report: StoreReport) -> Self:
        return cls(
            apps=[AppReportBody.of(one) for one in report.apps],
            unserved=[UnservedBody(people=one.people, text=one.text) for one in report.unserved],
            made_at=datetime.fromtimestamp(report.at / 1000, UTC) if report.at else None,
        )


@router.get("/apps", summary="How the store's apps are found and used, by the rule of groups")
async def apps(services: Used, who: Proven) -> AppsReportBody:
    """Report on the apps that the admin may see. Needs the module `admin.status`."""
    admin = await services.callers.principal(who)
    return AppsReportBody.of(await services.reporting.report(admin))
