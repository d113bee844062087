"""A question as it was asked, and what it amounts to once every name in it is resolved for the caller."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import get_args

from analyzers import Lexicon
from search.core.errors import BadRequest
from search.core.timezones import zone_named
from search.query.filters import Dates, FilterLanguage, Operator, in_order, resolve_conditions
from search.query.names_meant import NameResolver
from search.query.parse import ParsedQuery
from search.query.resolved import ResolvedQuery, Sort

# Each phrase is looked for in every text of a vertical; past what anyone types, one is words like any other.
MOST_PHRASES = 16


@dataclass(frozen=True)
class Question:
    """What a client sent: the query box, and the parameters beside it.

    `verticals`: by name; None for all. `filters`: values of the parameters that narrow, by the filter's name.
    `timezone`: an IANA name, which says where the days of dates begin; None for the service's own.
    """

    q: str = ""
    verticals: Sequence[str] | None = None
    filters: Mapping[str, str] = field(default_factory=dict)
    sort: str = "relevance"
    limit: int = 20
    cursor: str | None = None
    timezone: str | None = None

    def zone(self, default: tzinfo) -> tzinfo:
        """Return the time zone that is asked for, else `default`. Raises BadRequest for one that there is not."""
        if not self.timezone:
            return default
        try:
            return zone_named(self.timezone)
        except ValueError as error:
            raise BadRequest(f"timezone: {self.timezone!r:.40}: {error}.") from None


async def resolve_question(
    question: Question,
    parsed: ParsedQuery,
    language: FilterLanguage,
    names: NameResolver,
    lexicon: Lexicon,
    dates: Dates,
) -> ResolvedQuery:
    """Resolve a question, of which `parsed` is the query box, for the caller of `names`.

    `dates`: what a date means. Raises BadRequest for a parameter that makes no sense; what stands in the query box
    never does.
    """
    if question.sort not in get_args(Sort):
        raise BadRequest(f"sort: {question.sort!r:.40} is none of {', '.join(get_args(Sort))}.")
    return ResolvedQuery(
        text=" ".join((parsed.text, *parsed.phrases[MOST_PHRASES:])).strip(),
        phrases=parsed.phrases[:MOST_PHRASES],
        excluded=parsed.excluded[:MOST_PHRASES],
        conditions=in_order(
            *await resolve_conditions(language, parsed.operators, names, dates),
            # What stands beside the box narrows what is typed in it, so that a box can be bound to a conversation.
            *await resolve_conditions(language, _parameters(question), names, dates),
        ),
        sort=question.sort,  # type: ignore[arg-type]
        name_in_departments=await names.name_in_departments(parsed.text),
        nearby=names.caller.nearby_departments,
        lexicon=lexicon,
    )


def _parameters(question: Question) -> Iterator[Operator]:
    yield from (Operator(name, value) for name, value in question.filters.items() if value)
