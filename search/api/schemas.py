"""Requests and answers of the query API, as OpenAPI describes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model

from mappings.catalogue import Catalogue
from mappings.parts.filtering import Filter
from search.api import examples
from search.api.problems import MEANINGS
from search.core.errors import ProblemType
from search.query.answer import Answer
from search.query.question import Question

LONGEST_QUERY = 1000
# Of the last page but one; a POST keeps it out of the address.
LONGEST_CURSOR = 8000

Query = Annotated[
    str,
    Field(
        max_length=LONGEST_QUERY,
        description="What the search box holds, operators included.",
        examples=[examples.QUERY],
    ),
]
Value = Annotated[str, Field(max_length=200)]


class SearchQuestion(BaseModel):
    """The parameters of a search. A POST sends the same as a JSON body, which keeps queries out of access logs."""

    # `search_question` adds one field for each filter of a catalogue.
    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    filters: ClassVar[Mapping[str, str]] = {}
    """By the name of a model's field: the name of the filter whose value it is."""

    q: Query = ""
    verticals: Value | None = Field(
        None, description="Comma-separated; absent: all that the caller may search.", examples=["messages,docs"]
    )
    sort: Literal["relevance", "newest", "oldest"] = Field("relevance", examples=["newest"])
    limit: int = Field(20, ge=1, le=50, examples=[10])
    cursor: Annotated[str, Field(max_length=LONGEST_CURSOR)] | None = Field(
        None, description="Of the answer before, for the next page; absent: the first.", examples=[examples.CURSOR]
    )
    timezone: Annotated[str, Field(max_length=64)] | None = Field(
        None,
        description="An IANA name: where the days of dates begin, such as `Europe/Berlin`.",
        examples=["Asia/Shanghai"],
    )

    def question(self) -> Question:
        """Return what is asked, for the search."""
        names = [name.strip() for name in (self.verticals or "").split(",") if name.strip()]
        given = {name: getattr(self, field) for field, name in self.filters.items()}
        return Question(
            q=self.q,
            verticals=names or None,
            filters={name: value for name, value in given.items() if value},
            sort=self.sort,
            limit=self.limit,
            cursor=self.cursor,
            timezone=self.timezone,
        )


def search_question(catalogue: Catalogue) -> type[SearchQuestion]:
    """Return the model of the parameters for this catalogue, with one for each of its filters."""
    fields: dict[str, Any] = {}
    for filter in catalogue.filters.values():
        described = Field(
            None,
            alias=filter.parameter_name,
            description=_described(catalogue, filter),
            examples=[examples.value_of(catalogue, filter)],
        )
        # `from` is a word of Python's, and can be no attribute.
        fields[f"filter_{filter.name}"] = (Value | None, described)
    model = create_model("SearchQuestion", __base__=SearchQuestion, __doc__=SearchQuestion.__doc__, **fields)
    model.model_config["json_schema_extra"] = {"examples": [examples.question(catalogue)]}
    model.filters = {f"filter_{name}": name for name in catalogue.filters}
    return model


def _described(catalogue: Catalogue, filter: Filter) -> str:
    values = [choice.value for choice in catalogue.choices(filter)]
    return f"{filter.description}: {', '.join(dict.fromkeys(values))}." if values else filter.description


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
    """One ranked list of hits over the verticals that the caller may search."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.ANSWER]})

    hits: list[HitBody]
    sections: dict[str, SectionBody]
    query: QueryBody
    denied: list[str] = Field(description="Verticals for which none of the caller's roles has the module.")
    failed: list[str] = Field(description="Verticals whose backend did not answer in time.")
    partial: bool
    cursor: str | None
    query_id: str = Field(description="Names this answer, for `POST /v1/clicks`.")
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
                "query_id": answer.query_id,
                "took_ms": answer.took_ms,
            }
        )


def _types() -> str:
    names = "; ".join(f"`{type}`: {meaning}" for type, meaning in MEANINGS.items())
    return f"What went wrong, for clients: {ProblemType.BAD_REQUEST.urn.removesuffix('bad-request')}… with {names}."


class ProblemBody(BaseModel):
    """RFC 9457 problem details."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.PROBLEM]})

    type: str = Field(description=_types(), json_schema_extra={"enum": [type.urn for type in ProblemType]})
    title: str = Field(description="The status in words.")
    status: int
    detail: str = Field(description="What happened and what to do next, in English; it may change.")
