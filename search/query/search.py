"""One search from question to answer: parse, resolve, ask every vertical, merge, check against the present, show."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from functools import partial
from typing import Any

from prometheus_client import Counter

from analyzers import Lexicons
from mappings.catalogue import Catalogue
from mappings.vertical import Vertical
from search.access.candidates import Candidates, Request
from search.access.directory import Directory
from search.access.principal import Principal
from search.access.reader import Reader
from search.access.sealing import Sealing
from search.core.errors import BadRequest, ModuleMissing
from search.query import build
from search.query.answer import Answer, Section
from search.query.correct import Corrector
from search.query.cursor import Cursors, Seen
from search.query.dates import SHANGHAI, resolve_date
from search.query.filters import concerns, filter_language
from search.query.hits import HitView
from search.query.names_meant import NameResolver
from search.query.opened import NothingOpened, OpenedAfter
from search.query.page import Page, Paging, one_more
from search.query.parse import ParsedQuery, parse
from search.query.question import Question, resolve_question
from search.query.resolved import ResolvedQuery

ANSWERS = Counter("office_search_answers_total", "Answers to searches, by whether a vertical is missing", ["outcome"])
FAILED = Counter(
    "office_search_verticals_failed_total", "Verticals that failed or were late in an answer", ["vertical"]
)

# More than a page is asked for, as the last check may drop some; where it drops these too, many more.
SPARE = (10, 200, 2_000)

Answers = dict[str, Candidates | None]
"""Each vertical's candidates by its name; None where its backend failed or was late."""


@dataclass(frozen=True)
class Search:
    """The read side's one use case. `timezone`: in which dates are understood where the question names none."""

    reader: Reader
    directory: Directory
    catalogue: Catalogue
    lexicons: Lexicons = field(default_factory=Lexicons)
    timezone: tzinfo = SHANGHAI
    sealing: Sealing = field(default_factory=Sealing)
    opened: OpenedAfter = field(default_factory=NothingOpened)

    async def answer(self, caller: Principal, question: Question, now: datetime) -> Answer:
        """Answer a question. `now` is aware; dates in the question are resolved against it.

        Raises BadRequest for a parameter that makes no sense, ModuleMissing for the one vertical that is denied.
        """
        return await replace(self, reader=self.reader.for_one_answer())._answer(caller, question, now)

    async def resolve(self, caller: Principal, question: Question, now: datetime) -> ResolvedQuery:
        """Return what a question amounts to for a caller. Raises BadRequest."""
        return (await self.understood(caller, question, now))[1]

    async def understood(
        self, caller: Principal, question: Question, now: datetime
    ) -> tuple[ParsedQuery, ResolvedQuery]:
        """Return the parts of a question, and what it amounts to for a caller. Raises BadRequest."""
        parsed = self._parse(caller, question, now)
        return parsed, await self._resolve(caller, question, parsed, now)

    async def _answer(self, caller: Principal, question: Question, now: datetime) -> Answer:
        began = time.monotonic()
        asked, denied = _permitted(caller, self.catalogue.of(caller.tenant).verticals, question.verticals)
        cursors = Cursors(self.sealing, caller, question)
        seen = cursors.decode()
        parsed, query = await self.understood(caller, question, now)
        for spare in SPARE:
            page, answers, fuzzy, found = await self._page(caller, query, asked, seen, question.limit, spare)
            is_whole = len(page.hits) >= one_more(question.limit, seen) or all(_is_all(one, seen) for one in found)
            if is_whole:
                break
        corrected = None
        if not question.cursor:
            corrected = await self._corrected(caller, query, question, answers, fuzzy=fuzzy)
        sections = {answer.vertical.name: _section(answer, page.dropped) for answer in found}
        more = page.cut(question.limit)
        failed = _counted([name for name, answer in answers.items() if answer is None])
        return Answer(
            hits=page.hits,
            sections=sections,
            text=parsed.text,
            filters=shown_filters(parsed, question.filters),
            denied=denied,
            failed=failed,
            corrected=corrected,
            cursor=cursors.encode(page.seen(seen, query.sort, failed)) if more else None,
            took_ms=round((time.monotonic() - began) * 1000),
        )

    async def _page(
        self, caller: Principal, query: ResolvedQuery, asked: Sequence[Vertical], seen: Seen, limit: int, spare: int
    ) -> tuple[Page, Answers, bool, Sequence[Candidates]]:
        """Return the page behind what was seen, what it is made of, and whether names were looked for with a typo."""
        sizes = {vertical.name: seen.counts.get(vertical.name, 0) + limit + spare for vertical in asked}
        answers = await self._ask(caller, query, asked, sizes, seen)
        fuzzy = await self._ask_fuzzily(caller, query, answers, sizes, seen)
        answers |= fuzzy
        found = [answer for answer in answers.values() if answer]
        contacts = self._contacts(caller)
        names_are_there = answers.get(contacts.name, True) is not None
        paging = Paging(self.reader, self.directory, caller, contacts, names_are_there)
        page = await paging.page(HitView(query, caller, fuzzy.keys()), found, seen, limit)
        return page, answers, bool(fuzzy), found

    def _parse(self, caller: Principal, question: Question, now: datetime) -> ParsedQuery:
        language = filter_language(self.catalogue.of(caller.tenant))
        return parse(question.q, language, now=now, tz=question.zone(self.timezone))

    async def _resolve(
        self, caller: Principal, question: Question, parsed: ParsedQuery, now: datetime
    ) -> ResolvedQuery:
        language = filter_language(self.catalogue.of(caller.tenant))
        names = NameResolver(self.reader, caller, self._contacts(caller))
        dates = partial(resolve_date, now=now, tz=question.zone(self.timezone))
        lexicon = self.lexicons.of(caller.tenant)
        query = await resolve_question(question, parsed, language, names, lexicon, dates)
        return replace(query, opened=await self.opened.after(caller.tenant, query.text))

    def _contacts(self, caller: Principal) -> Vertical:
        """Return the vertical in which people and conversations are looked up by name."""
        return self.catalogue.of(caller.tenant).holding("user")

    async def _ask(
        self, caller: Principal, query: ResolvedQuery, asked: Sequence[Vertical], sizes: Mapping[str, int], seen: Seen
    ) -> Answers:
        """Return every vertical's list; one that the question does not concern is empty without being asked."""
        answers: Answers = {vertical.name: Candidates(vertical, [], 0, True) for vertical in asked}
        if not query.has_text and not query.has_conditions:
            return answers
        concerned = [vertical for vertical in asked if concerns(query.conditions, vertical)]
        requests = [_request(query, vertical, sizes[vertical.name], seen) for vertical in concerned]
        found = await self.reader.candidates(caller, requests)
        return answers | {vertical.name: answer for vertical, answer in zip(concerned, found, strict=True)}

    async def _ask_fuzzily(
        self, caller: Principal, query: ResolvedQuery, answers: Answers, sizes: Mapping[str, int], seen: Seen
    ) -> Answers:
        """Ask for names once more, a small typo allowed, when nothing goes by what was typed."""
        fuzzy = replace(query, fuzzy=True)
        if any(answer and answer.total and answer.vertical.matching.names for answer in answers.values()):
            return {}
        nothing = [
            answer.vertical
            for answer in answers.values()
            if answer and not answer.total and fuzzy.fuzzily_named(answer.vertical)
        ]
        return await self._ask(caller, fuzzy, nothing, sizes, seen) if nothing else {}

    async def _corrected(
        self, caller: Principal, query: ResolvedQuery, question: Question, answers: Answers, *, fuzzy: bool
    ) -> str | None:
        """Return the query box with its text put right; operators in it stay as they are."""
        if None in answers.values():
            return None
        found = [answer for answer in answers.values() if answer]
        verticals = [answer.vertical for answer in found if concerns(query.conditions, answer.vertical)]
        corrector = Corrector(self.reader, caller, replace(query, fuzzy=fuzzy), verticals)
        better = await corrector.correct(found)
        if better is None or question.q.count(query.text) != 1:
            return better
        return question.q.replace(query.text, better)


def _counted(failed: list[str]) -> list[str]:
    """Count an answer, and the verticals that are missing in it; return their names."""
    ANSWERS.labels("partial" if failed else "whole").inc()
    for vertical in failed:
        FAILED.labels(vertical).inc()
    return failed


def _permitted(
    caller: Principal, there: Mapping[str, Vertical], names: Sequence[str] | None
) -> tuple[list[Vertical], list[str]]:
    """Return which of the verticals that are asked for the caller may search, and the names of the others."""
    if unknown := [name for name in names or () if name not in there]:
        raise BadRequest(f"verticals: there is no {unknown[0]!r:.40}; there are {', '.join(there)}.")
    asked = [vertical for vertical in there.values() if not names or vertical.name in names]
    denied = [vertical.name for vertical in asked if not caller.may_call(vertical.module)]
    if denied and names and len(asked) == 1:
        raise ModuleMissing(f"You may not search {denied[0]}: none of your roles has the module.")
    return [vertical for vertical in asked if vertical.name not in denied], denied


def _request(query: ResolvedQuery, vertical: Vertical, size: int, seen: Seen) -> Request:
    joined = vertical.display.joined
    fields = (joined.conversation, *joined.people) if joined else ()
    return Request(
        vertical,
        build.query_body(query, vertical),
        build.sort_order(query, vertical),
        size=size,
        fields=fields,
        after=_after(query, vertical, seen),
    )


def _after(query: ResolvedQuery, vertical: Vertical, seen: Seen) -> Sequence[Any]:
    """Return the sort values behind which a later page begins; none where it begins with the list.

    So that what has come since, however much, is not asked for. Of the moment itself all is: it has seconds, and more
    than one hit.
    """
    place = seen.passed(vertical) if query.sort != "relevance" else None
    if place is None or place[0]:
        return ()
    moment = place[1] - 1 if query.sort == "oldest" else 1 - place[1]
    return build.just_before(query, vertical, moment)


def _is_all(answer: Candidates, seen: Seen) -> bool:
    """Return whether the engine has given all that there is; behind a place, what it counted says nothing of that."""
    if seen.passed(answer.vertical) is not None:
        return len(answer.found) < answer.asked
    return len(answer.found) >= answer.total


def _section(answer: Candidates, dropped: Mapping[str, int]) -> Section:
    total = max(0, answer.total - dropped.get(answer.vertical.name, 0))
    return Section(total, "eq" if answer.exact else "gte")


def shown_filters(parsed: ParsedQuery, beside: Mapping[str, str]) -> dict[str, Any]:
    """Return the conditions in force, for chips: from the query box, and from the parameters beside it."""
    filters: dict[str, Any] = {}
    for operator in parsed.operators:
        name = f"-{operator.name}" if operator.negated else operator.name
        filters.setdefault(name, []).append(operator.value)
    for name, value in beside.items():
        filters.setdefault(name, []).append(value)
    if parsed.phrases:
        filters["phrases"] = list(parsed.phrases)
    if parsed.excluded:
        filters["excluded"] = list(parsed.excluded)
    return filters
