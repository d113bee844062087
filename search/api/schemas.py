"""What the query API takes and gives, as OpenAPI sees it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from mappings.catalogue import Catalogue
from search.query.answer import Answer
from search.query.question import Question

LONGEST_QUERY = 1000

Query = Annotated[str, Field(max_length=LONGEST_QUERY, description="What the search box holds, operators included.")]
Value = Annotated[str, Field(max_length=200)]


class SearchQuestion(BaseModel):
    """The parameters of a search; a POST carries the same as a JSON body, so that queries stay out of logs."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    q: Query = ""
    verticals: Value | None = Field(None, description="Comma-separated; absent: all that the caller may search.")
    sender: Value | None = Field(None, alias="from", description="A person by id or name.")
    conversation: Value | None = Field(None, description="A conversation by id or name.")
    type: Value | None = Field(None, description="A kind, such as doc, sheet, group, bot.")
    before: Value | None = Field(None, description="A date; what is older.")
    after: Value | None = Field(None, description="A date; what is not older.")
    has: Value | None = Field(None, description="file, link or image.")
    sort: Literal["relevance", "newest", "oldest"] = "relevance"
    limit: int = Field(20, ge=1, le=50)
    cursor: Annotated[str, Field(max_length=400)] | None = None

    def question(self) -> Question:
        names = [name.strip() for name in (self.verticals or "").split(",") if name.strip()]
        return Question(verticals=names or None, **self.model_dump(exclude={"verticals"}))


def search_question(catalogue: Catalogue) -> type[SearchQuestion]:
    """Return the parameters for what there is."""
    return SearchQuestion


class HitBody(BaseModel):
    vertical: str
    id: str
    score: float = Field(description="Falls with the place in the list, in (0, 1]; says nothing else.")
    title: str = Field(description="HTML-escaped; `<em>` is the only markup.")
    snippet: str = Field(description="HTML-escaped; `<em>` is the only markup.")
    fields: dict[str, Any]


class SectionBody(BaseModel):
    total: int
    relation: Literal["eq", "gte"]


class QueryBody(BaseModel):
    text: str
    filters: dict[str, Any]
    corrected: str | None


class AnswerBody(BaseModel):
    """One ranked list over the verticals that the caller may search."""

    hits: list[HitBody]
    sections: dict[str, SectionBody]
    query: QueryBody
    denied: list[str] = Field(description="Verticals for which none of the caller's roles has the module.")
    failed: list[str] = Field(description="Verticals whose backend did not answer in time.")
    partial: bool
    cursor: str | None
    took_ms: int

    @classmethod
    def of(cls, answer: Answer) -> AnswerBody:
        return cls.model_validate(
            {
                "hits": [vars(hit) for hit in answer.hits],
                "sections": {name: vars(section) for name, section in answer.sections.items()},
                "query": {"text": answer.text, "filters": answer.filters, "corrected": answer.corrected},
                "denied": answer.denied,
                "failed": answer.failed,
                "partial": bool(answer.failed),
                "cursor": answer.cursor,
                "took_ms": answer.took_ms,
            }
        )


class ProblemBody(BaseModel):
    """RFC 9457 problem details."""

    type: str
    title: str
    status: int
    detail: str
