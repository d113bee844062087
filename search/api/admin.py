"""The API calls of a tenant's admins; each needs a module of its own."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field, create_model

from mappings.catalogue import Catalogue
from mappings.entities import ID_PATTERN
from search.api import examples
from search.api.dependencies import CallerRoute, Proven, Used, taking
from search.api.routes import PROBLEMS
from search.api.schemas import Query as QueryText
from search.explain.explainer import Inquiry
from search.explain.explanation import Explanation, Finding, Outcome, State, Step

DENIED = PROBLEMS[403] | {"description": "An unknown or disabled caller, or one without the module."}


class ExplainQuestion(BaseModel):
    """Who is asked about, and which entity. All of it is in the query string, so that the audit log holds it."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.EXPLAIN_QUESTION]})

    vertical: str = Field(max_length=40)
    id: str = Field(
        pattern=r"^([a-z]+:)?[A-Za-z0-9._-]{1,128}$",
        description="The entity's id; of contacts with the kind before it, such as `user:u-12`, where ids meet.",
        examples=[examples.MESSAGE_ID],
    )
    user: str = Field(pattern=ID_PATTERN, description="Who does or does not find it, by id.", examples=["u-27"])
    q: QueryText = ""


def explain_question(catalogue: Catalogue) -> type[ExplainQuestion]:
    """Return the model of the parameters, with the catalogue's verticals as the only ones allowed."""
    named = Field(
        max_length=40, examples=[next(iter(catalogue.verticals))], json_schema_extra={"enum": list(catalogue.verticals)}
    )
    base = ExplainQuestion
    return create_model(base.__name__, __base__=base, __doc__=base.__doc__, vertical=(str, named))


class FactsBody(BaseModel):
    """Facts of one step; each is absent where it does not apply or may not be told."""

    principals: list[str] | None = Field(None, description="The principals that decide.")
    conversation: str | None = Field(None, description="The conversation that decides.")
    since: str | None = Field(None, description="From when on the user reads it, RFC 3339.")
    behind: int | None = Field(None, description="Events, of all tenants, that have not yet come to where this looks.")
    conditions: list[str] | None = Field(None, description="Operators, phrases and exclusions of `q` that it fails.")
    words: list[str] | None = Field(None, description="Words of `q` that it does not hold.")
    rank: int | None = Field(None, description="Within the vertical, from 1, among what the admin may find too.")
    rank_of_all: int | None = Field(None, description="The same in the list over all verticals.")


class ReasonBody(BaseModel):
    code: str = Field(description="For machines; one per rule.")
    text: str = Field(description="The code in a sentence; it names nothing and nobody.")
    facts: FactsBody


class StepBody(BaseModel):
    step: Step
    state: State
    code: str
    text: str
    facts: FactsBody


class ExplanationBody(BaseModel):
    """Why a user does or does not find an entity. If the admin cannot find it, only the deciding rule is told."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.EXPLANATION]})

    vertical: str
    id: str
    user: str
    entity: str | None = Field(None, description="Its kind; absent where nothing is indexed.")
    outcome: Outcome
    reason: ReasonBody = Field(description="Of the step that decides.")
    steps: list[StepBody] = Field(description="What was looked at, in order; the first that failed decides.")

    @classmethod
    def of(cls, found: Explanation) -> ExplanationBody:
        steps = [StepBody(step=one.step, state=one.state, **_reason(one)) for one in found.findings]
        reason = ReasonBody(**_reason(found.deciding))
        return cls(
            vertical=found.vertical,
            id=found.id,
            user=found.user,
            entity=found.entity,
            outcome=found.outcome,
            reason=reason,
            steps=steps,
        )


def _reason(finding: Finding) -> dict[str, Any]:
    return {"code": finding.code, "text": finding.text, "facts": FactsBody(**finding.facts.given())}


def router(catalogue: Catalogue) -> APIRouter:
    """Return the router with all calls of admins."""
    calls = APIRouter(prefix="/v1/admin", tags=["admin"], route_class=CallerRoute, responses=PROBLEMS | {403: DENIED})
    asked = explain_question(catalogue)
    summary = "Why a user does or does not find an entity"
    calls.get("/explain", summary=summary, response_model_exclude_none=True)(
        taking(explain, "asked", Annotated[asked, Query()])
    )
    calls.post(
        "/explain",
        summary=f"{summary}, with the query in the body and so out of logs",
        response_model_exclude_none=True,
    )(taking(post_explain, "asked", asked))
    return calls


async def explain(services: Used, who: Proven, asked: ExplainQuestion) -> ExplanationBody:
    """Explain why a user does or does not find an entity.

    Needs the module `admin.explain`; the departments of the user and of the entity must lie where the admin has it.
    Entities that do not exist, belong to another tenant or are out of reach get the same answer. Whether the text of
    `q` matches, and at which rank, is told only if the admin could find the entity too; ranks count only hits that the
    admin could find.
    """
    admin = await services.callers.principal(who)
    inquiry = Inquiry(**asked.model_dump())
    return ExplanationBody.of(await services.explain.for_admin(admin, inquiry, datetime.now(UTC)))


async def post_explain(services: Used, who: Proven, asked: ExplainQuestion) -> ExplanationBody:
    """Explain the same, asked with a JSON body."""
    return await explain(services, who, asked)
