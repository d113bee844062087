"""Why somebody does or does not find something: one use case for an admin over HTTP and for the command line."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime

from opensearchpy import AsyncOpenSearch

from mappings import directory
from mappings.entities import ID_PATTERN
from mappings.vertical import Vertical
from search.access.bypass import Bypass
from search.access.principal import Principal
from search.access.shared import SharedReader
from search.access.standing import UserAccess
from search.core.errors import BadRequest
from search.explain import checks
from search.explain.explanation import Explanation, Finding, State, Step
from search.explain.matching import Matching
from search.explain.subject import Subject, find
from search.explain.viewer import Admin, Operator, Viewer, require
from search.query.search import Search

_is_id = re.compile(ID_PATTERN).fullmatch


@dataclass(frozen=True)
class Question:
    """`id`: the entity's own, or with its kind before it. `user`: who does not find it. `q`: empty for none."""

    vertical: str
    id: str
    user: str
    q: str = ""


class Explain:
    """Explains within one tenant. It alone reads through the bypass, and decides what of that is told."""

    def __init__(
        self,
        engine: AsyncOpenSearch,
        deadline_ms: int,
        search: Search,
        behind: Callable[[str], Awaitable[int | None]],
    ) -> None:
        """`behind`: how many events a collection's indexers have not settled, None where that cannot be told."""
        self._engine = engine
        self._deadline_ms = deadline_ms
        self._bypass = Bypass(engine)
        self._search = search
        self._behind = behind

    async def for_admin(self, admin: Principal, question: Question, now: datetime) -> Explanation:
        """Raises Forbidden without the module, BadRequest for a question that makes no sense."""
        require(admin, vertical := self._checked(admin.tenant, question))
        reader = SharedReader(self._engine, self._deadline_ms, admin)
        return await self._explain(Admin(admin, reader), vertical, question, now)

    async def for_operator(self, tenant: str, question: Question, now: datetime) -> Explanation:
        """For whoever holds the engine's credentials: everything is told. Never call it for a request."""
        viewer = Operator(tenant, self._search.reader)
        return await self._explain(viewer, self._checked(tenant, question), question, now)

    async def _explain(self, viewer: Viewer, vertical: Vertical, question: Question, now: datetime) -> Explanation:
        standing = await self._search.directory.standing(viewer.tenant, question.user)
        subject = await find(self._bypass, viewer, vertical, question.id)
        findings = [
            checks.user(viewer, standing, await self._behind(directory.NAME)),
            checks.index(subject, await self._behind(vertical.name)),
        ]
        if standing and standing.access and subject and all(one.state is State.PASSED for one in findings):
            findings += await self._of_both(viewer, standing.access, subject, question.q, now)
        entity = subject.entity if subject else None
        return Explanation(question.vertical, question.id, question.user, entity, findings)

    async def _of_both(
        self, viewer: Viewer, user: UserAccess, subject: Subject, q: str, now: datetime
    ) -> list[Finding]:
        """What can be told once user and entity are both there."""
        findings = [checks.module(user, subject), checks.access(viewer, user, subject)]
        may = all(one.state is State.PASSED for one in findings)
        if not viewer.finds(subject.vertical, subject.id, subject.document):
            return findings + ([Finding(Step.TEXT, State.NOT_TOLD, "text_not_told")] if q else [])
        matching = Matching(replace(self._search, reader=viewer.reader), user.now, subject, now)
        if may:
            return findings + await (matching.asked(q) if q else matching.unasked())
        return findings + ([await matching.text(q)] if q else [])

    def _checked(self, tenant: str, question: Question) -> Vertical:
        """Return the vertical of a question that can be asked. Raises BadRequest for any other."""
        for name, id in (("id", question.id.rpartition(":")[2]), ("user", question.user)):
            if not _is_id(id):
                raise BadRequest(
                    f"{name}: {id!r:.60} can be no id; one is of A-Z, a-z, 0-9, dot, hyphen and underscore."
                )
        there = self._search.catalogue.of(tenant).verticals
        if vertical := there.get(question.vertical):
            return vertical
        raise BadRequest(f"vertical: there is no {question.vertical!r:.40}; there are {', '.join(there)}.")
