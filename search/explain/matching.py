"""The steps of an explanation that need the text: whether it matches, and at which rank the user finds it.

They run only if the viewer could find the entity too, and see only those hits of the user's search that the viewer may
see: a rank that counted other hits would tell how many there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from search.access.candidates import Candidate, Request
from search.access.clauses import Clause
from search.access.principal import Principal
from search.core.errors import Unavailable
from search.explain.explanation import Facts, Finding, State, Step
from search.explain.subject import Subject
from search.query import build
from search.query.answer import Hit
from search.query.mismatch import report
from search.query.question import Question
from search.query.resolved import ResolvedQuery
from search.query.search import Search

DEEPEST = 200
PAGE = 50


@dataclass(frozen=True)
class Matching:
    """The text steps for one user and one entity.

    `search`: reads what both the user and the viewer may see. `caller`: the user who is asked about.
    """

    search: Search
    caller: Principal
    subject: Subject
    now: datetime

    async def unasked(self) -> list[Finding]:
        """Return, without a query, whether searches see the present state of the entity."""
        if await self._is_fresh():
            return [Finding(Step.SEARCH, State.PASSED, "searchable")]
        return [Finding(Step.SEARCH, State.FAILED, "not_searchable_yet")]

    async def asked(self, q: str) -> list[Finding]:
        """Return the text step and the search step for query `q`.

        The user's search is run first; only if it does not find the entity, the reason is looked for.
        """
        name = self.subject.vertical.name
        if rank := await self._rank(q, [name]):
            facts = Facts(rank=rank, rank_of_all=await self._rank(q, None))
            return [_text(State.PASSED, "matches"), Finding(Step.SEARCH, State.PASSED, "found", facts)]
        query = await self._resolved(q)
        text = self._held(query)
        return [text] if text.state is State.FAILED else [text, await self._unfound(query)]

    async def text(self, q: str) -> Finding:
        """Return whether the entity's present state matches `q`, regardless of who may see it."""
        return self._held(await self._resolved(q))

    async def _resolved(self, q: str) -> ResolvedQuery:
        return await self.search.resolve(self.caller, Question(q=q), self.now)

    def _held(self, query: ResolvedQuery) -> Finding:
        if not query.has_text and not query.has_conditions:
            return _text(State.FAILED, "nothing_asked")
        found = report(query, self.subject.vertical, self.subject.document)
        if not found.matches:
            return _text(State.FAILED, "lacking", Facts(conditions=found.conditions, words=found.words))
        return _text(State.FAILED, "only_misspelt") if found.fuzzy else _text(State.PASSED, "matches")

    async def _unfound(self, query: ResolvedQuery) -> Finding:
        """Return why the entity is not among the first hits although it matches."""
        if not await self._is_fresh():
            return Finding(Step.SEARCH, State.FAILED, "not_searchable_yet")
        there = await self._candidate(build.query_body(query, self.subject.vertical))
        return Finding(Step.SEARCH, State.FAILED, "beyond" if there else "indexed_otherwise")

    async def _is_fresh(self) -> bool:
        searched = await self._candidate({"match_all": {}})
        return searched is not None and searched.version == self.subject.stored.version

    async def _candidate(self, query: Clause) -> Candidate | None:
        """Return the entity as searches see it, None if it does not match `query` there."""
        only = {"ids": {"values": [self.subject.stored.document_id]}}
        request = Request(self.subject.vertical, {"bool": {"must": [query], "filter": [only]}}, size=1)
        [answer] = await self.search.reader.candidates(self.caller, [request])
        if answer is None:
            raise Unavailable("The search engine was too slow; try again in a moment.")
        return next(iter(answer.found), None)

    async def _rank(self, q: str, verticals: Sequence[str] | None) -> int | None:
        """Return the entity's rank from 1; None if it is not among the first DEEPEST hits of these verticals."""
        rank, cursor = 0, None
        while rank < DEEPEST:
            question = Question(q=q, verticals=verticals, limit=PAGE, cursor=cursor)
            answer = await self.search.answer(self.caller, question, self.now)
            if answer.failed:
                raise Unavailable(f"{answer.failed[0].capitalize()} did not answer in time; try again in a moment.")
            for hit in answer.hits:
                rank += 1
                if self._is(hit):
                    return rank
            cursor = answer.cursor
            if cursor is None:
                break
        return None

    def _is(self, hit: Hit) -> bool:
        subject = self.subject
        if (hit.vertical, hit.id) != (subject.vertical.name, subject.id):
            return False
        return len(subject.vertical.entities) == 1 or hit.fields["kind"] == subject.entity


def _text(state: State, code: str, facts: Facts | None = None) -> Finding:
    return Finding(Step.TEXT, state, code, facts or Facts())
