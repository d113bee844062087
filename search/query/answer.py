"""One search from question to answer: parse, resolve, ask every vertical, merge, check against the present, show."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from html import escape
from typing import Any

from analyzers import Lexicons
from mappings.catalogue import Catalogue
from mappings.vertical import Vertical
from search.access.directory import Directory
from search.access.principal import Principal
from search.access.reader import Candidate, Candidates, Found, Reader, Request
from search.core.errors import BadRequest, Forbidden
from search.query import build, cursor, merge, titles
from search.query.correct import Corrector
from search.query.highlight import mark, mark_name, matches, needles, snippet
from search.query.parse import ParsedQuery, parse
from search.query.present import meets
from search.query.question import Question, wanted_from
from search.query.resolve import Resolver
from search.query.wanted import Wanted

# A few more than a page, so that what the last check drops leaves no gap.
SPARE = 10


@dataclass(frozen=True)
class Hit:
    vertical: str
    id: str
    score: float
    title: str
    snippet: str
    fields: Mapping[str, Any]


@dataclass(frozen=True)
class Section:
    total: int
    relation: str


@dataclass(frozen=True)
class Answer:
    hits: Sequence[Hit]
    sections: Mapping[str, Section]
    text: str
    filters: Mapping[str, Any]
    denied: Sequence[str]
    failed: Sequence[str] = ()
    corrected: str | None = None
    cursor: str | None = None
    took_ms: int = 0


@dataclass(frozen=True)
class Search:
    """The read side's one use case."""

    reader: Reader
    directory: Directory
    catalogue: Catalogue
    lexicons: Lexicons = field(default_factory=Lexicons)

    async def answer(self, caller: Principal, question: Question, now: datetime) -> Answer:
        """Raises BadRequest for a parameter that makes no sense, Forbidden for the one vertical that is denied."""
        return await replace(self, reader=self.reader.for_one_answer())._answer(caller, question, now)

    async def _answer(self, caller: Principal, question: Question, now: datetime) -> Answer:
        began = time.monotonic()
        there = self.catalogue.of(caller.tenant)
        asked, denied = _permitted(caller, there.verticals, question.verticals)
        taken = cursor.decode(question.cursor)
        parsed = parse(question.q, now=now)
        wanted = await self.wanted(caller, question, parsed, now)
        answers = await self._ask(caller, wanted, asked, taken, question.limit)
        nearly = await self._ask_nearly(caller, wanted, answers, taken, question.limit)
        answers |= nearly
        view = _View(wanted, caller, nearly.keys())
        corrected = None if taken else await self._corrected(caller, wanted, question, answers, bool(nearly))
        page = await self._page(caller, view, question, [a for a in answers.values() if a], taken)
        return Answer(
            hits=page.hits,
            sections={name: _section(answer, page.dropped) for name, answer in answers.items() if answer},
            text=parsed.text,
            filters=_shown_filters(parsed, question),
            denied=denied,
            failed=[name for name, answer in answers.items() if answer is None],
            corrected=corrected,
            cursor=page.cursor,
            took_ms=round((time.monotonic() - began) * 1000),
        )

    async def wanted(self, caller: Principal, question: Question, parsed: ParsedQuery, now: datetime) -> Wanted:
        """What a question wants, with the names in it resolved for the caller. Raises BadRequest."""
        resolver = Resolver(self.reader, caller, self.catalogue.of(caller.tenant).holding("user"))
        return await wanted_from(resolver, question, parsed, now, self.lexicons.of(caller.tenant))

    async def _ask(
        self, caller: Principal, wanted: Wanted, asked: Sequence[Vertical], taken: Mapping[str, int], limit: int
    ) -> dict[str, Candidates | None]:
        """Every vertical's list; one that has nothing to do with the question is empty without being asked."""
        answers: dict[str, Candidates | None] = {v.name: Candidates(v, [], 0, True) for v in asked}
        if not wanted.has_text and not wanted.has_filters:
            return answers
        concerned = [vertical for vertical in asked if build.concerns(wanted, vertical)]
        requests = [
            Request(
                vertical,
                build.query(wanted, vertical),
                build.sort(wanted, vertical),
                taken.get(vertical.name, 0),
                limit + SPARE,
                [name for name in (vertical.conversation, vertical.people) if name],
            )
            for vertical in concerned
        ]
        found = await self.reader.search(caller, requests)
        return answers | {vertical.name: answer for vertical, answer in zip(concerned, found, strict=True)}

    async def _ask_nearly(
        self,
        caller: Principal,
        wanted: Wanted,
        answers: Mapping[str, Candidates | None],
        taken: Mapping[str, int],
        limit: int,
    ) -> dict[str, Candidates | None]:
        """Names are asked for once more, a small typo allowed, when nothing goes by what was typed."""
        nearly = replace(wanted, misspelt=True)
        if any(answer and answer.total and answer.vertical.by_name for answer in answers.values()):
            return {}
        nothing = [
            answer.vertical
            for answer in answers.values()
            if answer and not answer.total and nearly.nearly_named(answer.vertical)
        ]
        return await self._ask(caller, nearly, nothing, taken, limit) if nothing else {}

    async def _corrected(
        self,
        caller: Principal,
        wanted: Wanted,
        question: Question,
        answers: Mapping[str, Candidates | None],
        misspelt: bool,
    ) -> str | None:
        """The query box with its text put right; operators in it stay as they are."""
        if None in answers.values():
            return None
        verticals = [
            answer.vertical for answer in answers.values() if answer and build.concerns(wanted, answer.vertical)
        ]
        corrector = Corrector(self.reader, caller, replace(wanted, misspelt=misspelt), verticals)
        better = await corrector.correct(filter(None, answers.values()))
        if better is None or question.q.count(wanted.text) != 1:
            return better
        return question.q.replace(wanted.text, better)

    async def _page(
        self,
        caller: Principal,
        view: _View,
        question: Question,
        answers: Sequence[Candidates],
        taken: Mapping[str, int],
    ) -> _Page:
        contacts = self.catalogue.of(caller.tenant).holding("user")
        ranked = merge.merge(answers, taken, view.wanted.sort)
        page = _Page(dict(taken))
        position = 0
        while len(page.hits) < question.limit and position < len(ranked):
            batch = ranked[position : position + question.limit - len(page.hits)]
            position += len(batch)
            candidates = [place.candidate for place in batch]
            found = await self.reader.now(
                caller,
                [(candidate.vertical, candidate.document_id) for candidate in candidates],
                joined=[(contacts, id) for id in titles.needed(candidates)],
            )
            names = await titles.read(self.reader, self.directory, caller, contacts, found)
            for place in batch:
                page.take(place, found.get((place.candidate.vertical.name, place.candidate.document_id)), view, names)
        page.cursor = _next(page.taken, answers)
        return page


@dataclass
class _Page:
    """Hits as they are accepted, and how many of each vertical's list they used up."""

    taken: dict[str, int]
    hits: list[Hit] = field(default_factory=list)
    dropped: dict[str, int] = field(default_factory=dict)
    cursor: str | None = None

    def take(self, place: merge.Ranked, found: Found | None, view: _View, names: titles.Names) -> None:
        name = place.candidate.vertical.name
        self.taken[name] = self.taken.get(name, 0) + 1
        if found is None or not view.still_matches(place.candidate, found):
            self.dropped[name] = self.dropped.get(name, 0) + 1
        else:
            self.hits.append(view.hit(place, found, names))


class _View:
    """How a document is shown under one question."""

    def __init__(self, wanted: Wanted, caller: Principal, misspelt: Collection[str] = ()) -> None:
        """`misspelt`: verticals in which names were looked for with a typo."""
        self.wanted = wanted
        self._misspelt = misspelt
        self._rules = caller.rules
        said = " ".join((wanted.text, *(way.text for way in wanted.variants)))
        self._needles = needles(said, wanted.phrases, wanted.lexicon.cut)

    def still_matches(self, candidate: Candidate, found: Found) -> bool:
        """What was changed after the engine's last refresh must be found by what it is now."""
        if candidate.version == found.version:
            return True
        wanted = replace(self.wanted, misspelt=found.vertical.name in self._misspelt)
        return meets(found.vertical, found.document, build.query(wanted, found.vertical), wanted.lexicon.cut)

    def hit(self, place: merge.Ranked, found: Found, names: titles.Names) -> Hit:
        vertical = found.vertical
        shown = vertical.show(vertical.entity_of(found.document), found.document["original"])
        id = found.document_id.rpartition(":")[2]
        fields = dict(shown.fields)
        if vertical.conversation:
            title = escape(names.conversations.get(fields[vertical.conversation], ""))
            if sender := names.people.get(fields["sender_id"]):
                fields["sender_name"] = sender
            if (rule := self._rules.get(fields[vertical.conversation])) and rule.archived:
                fields["archived"] = True
        elif shown.title is None:
            title = self._title(vertical, names.conversations.get(id, ""))
        else:
            title = self._title(vertical, shown.title)
        return Hit(vertical.name, id, place.score, title, self._snippet(shown.passages), fields)

    def _title(self, vertical: Vertical, title: str) -> str:
        if not vertical.by_name:
            return mark(title, self._needles)
        return mark_name(title, self.wanted.text, self._needles, misspelt=vertical.name in self._misspelt)

    def _snippet(self, passages: Sequence[str]) -> str:
        """From the first passage that matches, else the beginning of the first."""
        if len(passages) > 1:
            passages = [text for text in passages if matches(text, self._needles)] or passages
        return snippet(passages[0], self._needles) if passages else ""


def _permitted(
    caller: Principal, there: Mapping[str, Vertical], names: Sequence[str] | None
) -> tuple[list[Vertical], list[str]]:
    if unknown := [name for name in names or () if name not in there]:
        raise BadRequest(f"verticals: there is no {unknown[0]!r:.40}; there are {', '.join(there)}.")
    asked = [vertical for vertical in there.values() if not names or vertical.name in names]
    denied = [vertical.name for vertical in asked if not caller.may_call(vertical.module)]
    if denied and names and len(asked) == 1:
        raise Forbidden(f"You may not search {denied[0]}: none of your roles has the module.")
    return [vertical for vertical in asked if vertical.name not in denied], denied


def _section(answer: Candidates, dropped: Mapping[str, int]) -> Section:
    total = max(0, answer.total - dropped.get(answer.vertical.name, 0))
    return Section(total, "eq" if answer.exact else "gte")


def _next(taken: Mapping[str, int], answers: Sequence[Candidates]) -> str | None:
    more = any(taken.get(answer.vertical.name, 0) < answer.total for answer in answers)
    deepest = max(taken.values(), default=0)
    return cursor.encode(taken) if more and deepest < cursor.DEEPEST else None


def _shown_filters(parsed: ParsedQuery, question: Question) -> dict[str, Any]:
    """The conditions in force, for chips: from the query box, and from the parameters beside it."""
    filters: dict[str, Any] = {}
    for operator in parsed.operators:
        name = f"-{operator.name}" if operator.negated else operator.name
        filters.setdefault(name, []).append(operator.value)
    for name, value in question.conditions().items():
        filters.setdefault(name, []).append(value)
    if parsed.phrases:
        filters["phrases"] = list(parsed.phrases)
    if parsed.excluded:
        filters["excluded"] = list(parsed.excluded)
    return filters
