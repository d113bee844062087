"""The call for a message in its place: what was said before and after it in its conversation."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from search.api import examples
from search.api.dependencies import CallerRoute, Proven, Used
from search.api.routes import PROBLEMS
from search.api.schemas import ProblemBody
from search.query.context import LONGEST_TEXT, Surroundings

MOST = 20

MISSING: dict[str, object] = {
    "model": ProblemBody,
    "content": {"application/problem+json": {}},
    "description": "There is no such message, or the caller may not see it; the answer is the same.",
}
router = APIRouter(prefix="/v1", route_class=CallerRoute, responses=PROBLEMS | {404: MISSING})

Count = Annotated[int, Field(ge=0, le=MOST)]


class Around(BaseModel):
    """How much of a conversation is asked for."""

    model_config = ConfigDict(extra="forbid")

    before: Count = Field(5, description="How many earlier messages.", examples=[5])
    after: Count = Field(5, description="How many later ones.", examples=[5])


class SaidBody(BaseModel):
    """A message; what a hit says of it, without marks and without a rank."""

    vertical: str
    id: str
    snippet: str = Field(
        description=f"The whole text, HTML-escaped, line breaks kept; of a longer one {LONGEST_TEXT:,} characters and …"
    )
    fields: dict[str, Any] = Field(description="The same as a hit's.")


class SurroundingsBody(BaseModel):
    """A message in its conversation, as the caller may see it now."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.SURROUNDINGS]})

    message: SaidBody
    before: list[SaidBody] = Field(description="Those before it, oldest first, up to the message.")
    after: list[SaidBody] = Field(description="Those after it, oldest first.")
    has_more_before: bool = Field(description="Whether the caller may see still earlier ones.")
    has_more_after: bool = Field(description="Whether the caller may see still later ones.")
    title: str = Field(description="The conversation's name, of a direct one the other person's; HTML-escaped.")

    @classmethod
    def of(cls, found: Surroundings) -> SurroundingsBody:
        return cls.model_validate(
            {
                "message": vars(found.message),
                "before": [vars(one) for one in found.before],
                "after": [vars(one) for one in found.after],
                "has_more_before": found.has_more_before,
                "has_more_after": found.has_more_after,
                "title": found.title,
            }
        )


@router.get("/messages/{id}/context", summary="A message with those before and after it in its conversation")
async def context(
    services: Used,
    who: Proven,
    id: Annotated[str, Path(description="The message's id.", examples=[examples.MESSAGE_ID])],
    asked: Annotated[Around, Query()],
) -> SurroundingsBody:
    """Return a message with up to 20 before and after it, by `sent_at` and, at one time, by id.

    Each is there under the rules that hold for the message itself, as of now. A caller whose roles lack the module
    `search.messages` gets 403 for every id.
    """
    caller = await services.callers.principal(who)
    return SurroundingsBody.of(await services.contexts.around(caller, id, asked.before, asked.after))
