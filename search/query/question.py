"""A question as it was asked → what is wanted, with every name in it resolved for the caller."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import get_args

from analyzers import Lexicon
from mappings.entities import EPOCH, MICROSECOND
from search.core.errors import BadRequest
from search.query.dates import resolve_date
from search.query.operators import has_value, type_values
from search.query.parse import ParsedQuery
from search.query.resolve import Resolver
from search.query.wanted import Sort, Wanted

# Each phrase is looked for in every text of a vertical; past what anyone types, one is words like any other.
MOST_PHRASES = 16


@dataclass(frozen=True)
class Question:
    """What a client sent: the query box and the parameters beside it."""

    q: str = ""
    verticals: Sequence[str] | None = None
    sender: str | None = None
    conversation: str | None = None
    type: str | None = None
    before: str | None = None
    after: str | None = None
    has: str | None = None
    sort: str = "relevance"
    limit: int = 20
    cursor: str | None = None

    def conditions(self) -> dict[str, str]:
        """The parameters that narrow, under the names of the operators that mean the same."""
        named = {
            "from": self.sender,
            "in": self.conversation,
            "type": self.type,
            "before": self.before,
            "after": self.after,
            "has": self.has,
        }
        return {name: value for name, value in named.items() if value}


async def wanted_from(
    resolver: Resolver, question: Question, parsed: ParsedQuery, now: datetime, lexicon: Lexicon
) -> Wanted:
    """Raises BadRequest for a parameter that makes no sense; what stands in the query box never does."""
    if question.sort not in get_args(Sort):
        raise BadRequest(f"sort: {question.sort!r:.40} is none of {', '.join(get_args(Sort))}.")
    box = _Box(parsed, question)
    after, before = _limits(parsed, question, now)
    return Wanted(
        text=" ".join((parsed.text, *parsed.phrases[MOST_PHRASES:])).strip(),
        phrases=parsed.phrases[:MOST_PHRASES],
        excluded=parsed.excluded[:MOST_PHRASES],
        senders=await _resolved(resolver, "user", box.values("from")),
        not_senders=await resolver.resolve("user", box.values("from", negated=True)),
        conversations=await _resolved(resolver, "conversation", box.values("in")),
        not_conversations=await resolver.resolve("conversation", box.values("in", negated=True)),
        kinds=_kinds(box.values("type")),
        not_kinds=_kinds(box.values("type", negated=True)) or frozenset(),
        features=frozenset(map(has_value, box.values("has"))),
        not_features=frozenset(map(has_value, box.values("has", negated=True))),
        after=after,
        before=before,
        sort=question.sort,  # type: ignore[arg-type]
        within=await resolver.within(parsed.text),
        rings=resolver.caller.rings,
        lexicon=lexicon,
    )


@dataclass(frozen=True)
class _Box:
    """Operators of the query box and parameters together; several of one name are alternatives."""

    parsed: ParsedQuery
    question: Question

    def values(self, name: str, *, negated: bool = False) -> list[str]:
        return list(self._values(name, negated))

    def _values(self, name: str, negated: bool) -> Iterator[str]:
        for operator in self.parsed.operators:
            if operator.name == name and operator.negated == negated:
                yield operator.value
        if not negated and (value := self.question.conditions().get(name)):
            yield value


async def _resolved(resolver: Resolver, kind: str, values: Sequence[str]) -> frozenset[str] | None:
    return await resolver.resolve(kind, values) if values else None


def _kinds(values: Sequence[str]) -> frozenset[str] | None:
    return frozenset(kind for value in values for kind in type_values(value)) if values else None


def _limits(parsed: ParsedQuery, question: Question, now: datetime) -> tuple[int | None, int | None]:
    """The narrowest of all limits, in microseconds."""
    after = [moment for moment in (parsed.after, _date("after", question.after, now)) if moment]
    before = [moment for moment in (parsed.before, _date("before", question.before, now)) if moment]
    return _micros(max(after)) if after else None, _micros(min(before)) if before else None


def _date(name: str, value: str | None, now: datetime) -> datetime | None:
    if not value:
        return None
    moment = resolve_date(value, now=now)
    if moment is None:
        raise BadRequest(f"{name}: {value!r:.40} is no date; write it as 2026-01-31, or 7d for seven days ago.")
    return moment


def _micros(moment: datetime) -> int:
    return (moment - EPOCH) // MICROSECOND
