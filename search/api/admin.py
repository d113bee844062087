"""The calls of a tenant's admins; each needs a module of its own."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field, create_model

from mappings.catalogue import Catalogue
from mappings.entities import ID_PATTERN
from search.api.dependencies import CallerRoute, Proven, Used, taking
from search.api.routes import PROBLEMS
from search.api.schemas import Query as QueryText
from search.explain.explain import Question
from search.explain.explanation import Explanation, Finding, Outcome, State, Step

DENIED = PROBLEMS[403] | {"description": "An unknown or disabled caller, or one without the module."}


class ExplainQuestion(BaseModel):
    """Whom and what an explanation is about; all of it in the query, so that the audit log holds it."""

    model_config = ConfigDict(extra="forbid")

    vertical: str = Field(max_length=40)
    id: str = Field(
        pattern=r"^([a-z]+:)?[A-Za-z0-9._-]{1,128}$",
        description="The entity's id; of contacts with the kind before it, such as `user:u-12`, where ids meet.",
    )
    user: str = Field(pattern=ID_PATTERN, description="Who does or does not find it, by id.")
    q: QueryText = ""


def explain_question(catalogue: Catalogue) -> type[ExplainQuestion]:
    """Return the parameters for the verticals that there are."""
    named = Field(max_length=40, json_schema_extra={"enum": list(catalogue.verticals)})
    base = ExplainQuestion
    return create_model(base.__name__, __base__=base, __doc__=base.__doc__, vertical=(str, named))


class FactsBody(BaseModel):
    """What makes a step concrete; each is absent where it does not apply, or is not told."""

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
    """Why a user does or does not find an entity; of one that the admin may not find, only which rule decides."""

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
    """Return the calls of admins."""
    calls = APIRouter(prefix="/v1/admin", tags=["admin"], route_class=CallerRoute, responses=PROBLEMS | {403: DENIED})
    asked = explain_question(catalogue)
    summary = "Why a user does or does not find an entity"
    calls.get("/explain", summary=summary, response_model_exclude_none=True)(
        taking(explain, "asked", Annotated[asked, Query()])
    )
    return calls


async def explain(services: Used, who: Proven, asked: ExplainQuestion) -> ExplanationBody:
    """Needs the module `admin.explain`, within whose departments both the user and the entity must lie.

    What does not exist, lies in another tenant or out of reach is told alike. Whether the text of `q` matches, and at
    which rank, is told only of what the admin could find too, and counts only what they could find.
    """
    admin = await services.callers.principal(who)
    question = Question(**asked.model_dump())
    return ExplanationBody.of(await services.explain.for_admin(admin, question, datetime.now(UTC)))
