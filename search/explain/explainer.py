"""Explains why a user does or does not find an entity, for an admin over HTTP and for the command line."""

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
from search.access.known import Known
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
class Inquiry:
    """What to explain.

    `id`: the entity's id, with or without its kind before it (`user:u-12`). `user`: the id of the user. `q`: the query;
    empty asks only whether the user may see the entity.
    """

    vertical: str
    id: str
    user: str
    q: str = ""


class Explainer:
    """Explains within one tenant. Only it reads through the bypass, and it decides what of that is told."""

    def __init__(
        self,
        engine: AsyncOpenSearch,
        deadline_ms: int,
        search: Search,
        behind: Callable[[str], Awaitable[int | None]],
        known: Known,
    ) -> None:
        """Explain answers of `search`.

        `behind` returns how many events of a collection are not indexed yet; `known` tells lost indices.
        """
        self._known = known
        self._engine = engine
        self._deadline_ms = deadline_ms
        self._bypass = Bypass(engine, known)
        self._search = search
        self._behind = behind

    async def for_admin(self, admin: Principal, inquiry: Inquiry, now: datetime) -> Explanation:
        """Return what this admin may be told. `now`: the moment of the question.

        Raises AdminRequired without the module, BadRequest for an unknown vertical or an impossible id.
        """
        require(admin, vertical := self._checked(admin.tenant, inquiry))
        reader = SharedReader(self._engine, self._deadline_ms, admin, self._known)
        return await self._explain(Admin(admin, reader), vertical, inquiry, now)

    async def for_operator(self, tenant: str, inquiry: Inquiry, now: datetime) -> Explanation:
        """Return everything, for an operator with the engine's credentials. Never call it for a user's request."""
        viewer = Operator(tenant, self._search.reader)
        return await self._explain(viewer, self._checked(tenant, inquiry), inquiry, now)

    async def _explain(self, viewer: Viewer, vertical: Vertical, inquiry: Inquiry, now: datetime) -> Explanation:
        standing = await self._search.directory.standing(viewer.tenant, inquiry.user)
        subject = await find(self._bypass, viewer, vertical, inquiry.id)
        findings = [
            checks.user(viewer, standing, await self._behind(directory.NAME)),
            checks.index(subject, await self._behind(vertical.name)),
        ]
        if standing and standing.access and subject and all(one.state is State.PASSED for one in findings):
            subject = subject.as_noted(standing.access.now)
            findings += await self._of_both(viewer, standing.access, subject, inquiry.q, now)
        entity = subject.entity if subject else None
        return Explanation(inquiry.vertical, inquiry.id, inquiry.user, entity, findings)

    async def _of_both(
        self, viewer: Viewer, user: UserAccess, subject: Subject, q: str, now: datetime
    ) -> list[Finding]:
        """Return the steps after user and index, once both the user and the entity are there."""
        findings = [checks.module(user, subject), checks.access(viewer, user, subject)]
        may = all(one.state is State.PASSED for one in findings)
        if not viewer.finds(subject.vertical, subject.id, subject.document):
            return findings + ([Finding(Step.TEXT, State.NOT_TOLD, "text_not_told")] if q else [])
        matching = Matching(replace(self._search, reader=viewer.reader), user.now, subject, now)
        if may:
            return findings + await (matching.asked(q) if q else matching.unasked())
        return findings + ([await matching.text(q)] if q else [])

    def _checked(self, tenant: str, inquiry: Inquiry) -> Vertical:
        """Return the vertical of a valid question. Raises BadRequest for any other."""
        for name, id in (("id", inquiry.id.rpartition(":")[2]), ("user", inquiry.user)):
            if not _is_id(id):
                raise BadRequest(
                    f"{name}: {id!r:.60} can be no id; one is of A-Z, a-z, 0-9, dot, hyphen and underscore."
                )
        there = self._search.catalogue.of(tenant).verticals
        if vertical := there.get(inquiry.vertical):
            return vertical
        raise BadRequest(f"vertical: there is no {inquiry.vertical!r:.40}; there are {', '.join(there)}.")
