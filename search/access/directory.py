"""The directory, read in real time: makes a caller's principal from its documents.

A request takes these steps, in this order:

    1. One multi-get without sources checks the versions of the documents that the user's principal was last made of:
       the index's incarnation, the shared documents (departments, roles, the pages of conversation rules), the user's
       own document, and those of the departments and groups that led to it (`_open`). It checks the pages of
       withdrawals too, which are no part of a principal and are read when they have changed.
    2. Another incarnation than the one kept means a new index: all that was kept of the tenant is dropped.
    3. If every version is as it was, and no membership has begun or ended since, the kept principal is the answer.
    4. Else the documents whose version changed are read and parsed (`_parse`), and the user must be active.
    5. Memberships are followed from the user and their departments. Documents of groups that were not checked in this
       request are read, until none is missing (`_resolve`).
    6. The principal is kept with the versions it was made of, for step 3 of the next request.

A parsed document is used only under the version that this very request has read, never for a length of time: so a
revocation counts from the moment it is written. A version is the index's incarnation, the primary term and the
`_seq_no`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from opensearchpy import AsyncOpenSearch
from opensearchpy.exceptions import OpenSearchException

from mappings import directory as stored
from mappings import withdrawals
from mappings.withdrawals import NOTHING_WITHDRAWN, Withdrawal
from search.access.closure import Access, Reached, UserState, principal, reach, starts
from search.access.known import Known, nothing_known
from search.access.parsed import parse
from search.access.principal import Principal, Rules, Tree
from search.access.read_document import ABSENT, ReadDocument, Token
from search.access.standing import Assumption, Standing, UserAccess, as_it_is, ignoring_expiry, ignoring_start
from search.core.errors import CallerNotActive, Unavailable

UNKNOWN_CALLER = "This user is unknown or disabled."
SHARED = (stored.DEPARTMENTS, stored.ROLES, *stored.CONVERSATION_PAGE_IDS)


@dataclass
class _Tenant:
    """What is kept of one tenant's directory, for one incarnation of its index.

    `parsed`: documents by id. `closures`: by user, the ids of the departments and groups that their memberships led
    through. `principals`: by user, the versions used, the time until which they hold, and the result.
    """

    incarnation: str
    parsed: OrderedDict[str, tuple[Token, Any]] = field(default_factory=OrderedDict)
    closures: OrderedDict[str, tuple[str, ...]] = field(default_factory=OrderedDict)
    principals: OrderedDict[str, tuple[Mapping[str, Token], int, Principal]] = field(default_factory=OrderedDict)
    rules: tuple[tuple[Token, ...], Rules] | None = None
    withdrawals: tuple[tuple[Token, ...], Mapping[str, Withdrawal]] | None = None


class Directory:
    """Resolves users to principals.

    `clock`: microseconds since 1970. `keep`: how many documents and principals are kept per tenant. `patience_s`: how
    many seconds to wait for each answer of the engine. `known`: tells a lost directory from that of an unknown tenant.
    """

    def __init__(
        self,
        engine: AsyncOpenSearch,
        clock: Callable[[], int],
        keep: int = 2000,
        patience_s: float = 5.0,
        known: Known = nothing_known,
    ) -> None:
        self._known = known
        self._engine = engine
        self._clock = clock
        self._keep = keep
        self._patience_s = patience_s
        self._tenants: dict[str, _Tenant] = {}

    async def principal(self, tenant: str, user: str) -> Principal:
        """Return what a user may see and do now.

        Raises CallerNotActive for an unknown or disabled user, Unavailable when the engine does not answer.
        """
        view = await self._open(tenant, user)
        return await view.principal()

    async def standing(self, tenant: str, user: str) -> Standing | None:
        """Return a user's state for explanations, None for an unknown or deleted user. Raises Unavailable."""
        try:
            view = await self._open(tenant, user)
        except CallerNotActive:
            return None
        return await view.standing()

    async def deleted_among(self, tenant: str, users: Collection[str]) -> frozenset[str]:
        """Return those of the users who were deleted; not whoever is unknown, as all are in a directory that is lost.

        Raises Unavailable.
        """
        pages = {f"user:{user}": user for user in users}
        found = await self._read(tenant, pages, with_source=[stored.SELF]) if pages else {}
        states = {pages[id]: (document.source or {}).get(stored.SELF) for id, document in found.items()}
        return frozenset(user for user, state in states.items() if state is not None and len(state) == 1)

    async def other_members(self, caller: Principal, conversation_ids: Iterable[str]) -> dict[str, str]:
        """Return conversation id → user id of the other member, for direct conversations that the caller is in.

        A conversation with none or several other members is left out.
        """
        pages = {stored.members_page(id): id for id in conversation_ids if id in caller.joined}
        found = await self._read(caller.tenant, pages, with_source=True) if pages else {}
        others = {}
        for page, document in found.items():
            present = [key for key, value in (document.source or {}).items() if key.startswith("user:") and value[1:]]
            rest = [key.removeprefix("user:") for key in present if key != f"user:{caller.user}"]
            if len(rest) == 1:
                others[pages[page]] = rest[0]
        return others

    async def _open(self, tenant: str, user: str) -> _View:
        """Check the versions of what the user's principal was last made of: steps 1 and 2 of the module's docstring."""
        known = self._tenants.get(tenant)
        closure = known.closures.get(user, ()) if known else ()
        wanted = [stored.INCARNATION, *withdrawals.PAGE_IDS, *SHARED, f"user:{user}", *closure]
        found = await self._read(tenant, wanted, with_source=False)
        incarnation = (found[stored.INCARNATION].source or {}).get("id")
        if incarnation is None and self._known(stored.NAME, tenant):
            raise Unavailable(f"The directory of {tenant} is lost or not ready; look at `office-search status`.")
        if incarnation is None:
            raise CallerNotActive(UNKNOWN_CALLER)  # a tenant of which nothing is known has no users
        if known is None or known.incarnation != incarnation:
            known = self._tenants[tenant] = _Tenant(incarnation)
        tokens = {id: document.token for id, document in found.items() if id != stored.INCARNATION}
        pages = {id: tokens.pop(id) for id in withdrawals.PAGE_IDS}
        return _View(self, known, tenant, user, tokens, pages)

    async def _read(
        self, tenant: str, ids: Iterable[str], *, with_source: bool | Sequence[str]
    ) -> dict[str, ReadDocument]:
        """Read documents in real time. `with_source`: whole, not at all, or these keys of it."""
        docs = [{"_id": id, "_source": with_source or id == stored.INCARNATION} for id in ids]
        try:
            answer = await self._engine.mget(
                body={"docs": docs}, index=f"{stored.NAME}.{tenant}", request_timeout=self._patience_s
            )
        except OpenSearchException as error:
            raise Unavailable("The directory does not answer; nobody can be told what they may see.") from error
        return {document["_id"]: ReadDocument.of(document) for document in answer["docs"]}


class _View:
    """One request's view of the directory: every document that it uses was checked by this request."""

    def __init__(
        self,
        directory: Directory,
        kept: _Tenant,
        tenant: str,
        user: str,
        tokens: dict[str, Token],
        pages: Mapping[str, Token],
    ) -> None:
        self._directory = directory
        self._kept = kept
        self._tenant = tenant
        self._user = user
        self._tokens = tokens
        self._pages = pages
        # What this request itself found current; another one, under way at the same time, may know less.
        self._parsed: dict[str, Any] = {}

    async def principal(self) -> Principal:
        return (await self._principal()).with_withdrawals(await self._withdrawals())

    async def _principal(self) -> Principal:
        now = self._directory._clock()
        known = self._kept.principals.get(self._user)
        if known and known[0] == self._tokens and now < known[1]:
            self._kept.principals.move_to_end(self._user)
            return known[2]
        state = await self._state()
        if state is None or not state.active:
            raise CallerNotActive(UNKNOWN_CALLER)
        caller, roots, reached = await self._resolve(state, now)
        self._keep(caller, roots, reached.scopes, reached.until)
        return caller

    async def standing(self) -> Standing | None:
        now = self._directory._clock()
        state = await self._state()
        if state is None:
            return None
        if not state.active:
            return Standing(state.department_ids, None)
        assumptions = (as_it_is, ignoring_expiry, ignoring_start)
        noted = await self._withdrawals()
        principals = [
            (await self._resolve(state, now, assumption))[0].with_withdrawals(noted) for assumption in assumptions
        ]
        return Standing(state.department_ids, UserAccess(*principals))

    async def _state(self) -> UserState | None:
        await self._parse(self._tokens)
        me: Access | None = self._get(f"user:{self._user}")
        return me.user if me else None

    async def _resolve(
        self, state: UserState, now: int, assumption: Assumption = as_it_is
    ) -> tuple[Principal, list[str], Reached]:
        """Return the user's principal under an assumption, with the roots and the scopes that it follows from."""
        tree: Tree = self._get(stored.DEPARTMENTS) or Tree({})
        roots = starts(self._user, state, tree)
        reached = reach(roots, self._accesses(assumption, now), now)
        while reached.missing:
            await self._fetch(reached.missing)
            reached = reach(roots, self._accesses(assumption, now), now)
        roles = self._get(stored.ROLES) or {}
        return principal(self._tenant, self._user, roots, reached, tree, roles, self._rules()), roots, reached

    def _keep(self, caller: Principal, roots: Iterable[str], scopes: Iterable[str], until: int) -> None:
        used = {*roots, *(scope for scope in scopes if scope.startswith("group:"))} - {f"user:{self._user}"}
        tokens = {id: self._tokens[id] for id in (*SHARED, f"user:{self._user}", *used)}
        limit = self._directory._keep
        _put(self._kept.closures, self._user, tuple(sorted(used)), limit)
        _put(self._kept.principals, self._user, (tokens, until, caller), limit)

    def _get(self, id: str) -> Any:
        return self._parsed[id]

    def _accesses(self, assumption: Assumption, now: int) -> dict[str, Access | None]:
        """Return the documents of principals that this request has checked, and no others."""
        checked = {id: self._get(id) for id in self._tokens if id.startswith(("user:", "department:", "group:"))}
        return {id: assumption(access, now) if access else None for id, access in checked.items()}

    def _rules(self) -> Rules:
        tokens = tuple(self._tokens[id] for id in stored.CONVERSATION_PAGE_IDS)
        if self._kept.rules is None or self._kept.rules[0] != tokens:
            pages = [self._get(id) or {} for id in stored.CONVERSATION_PAGE_IDS]
            self._kept.rules = (tokens, Rules(pages))
        return self._kept.rules[1]

    async def _withdrawals(self) -> Mapping[str, Withdrawal]:
        if all(token == ABSENT for token in self._pages.values()):
            return NOTHING_WITHDRAWN
        tokens = tuple(self._pages.values())
        if self._kept.withdrawals is None or self._kept.withdrawals[0] != tokens:
            await self._parse(self._pages)
            noted = {key: one for id in self._pages for key, one in (self._get(id) or {}).items()}
            self._kept.withdrawals = (tokens, noted or NOTHING_WITHDRAWN)
        return self._kept.withdrawals[1]

    async def _parse(self, tokens: Mapping[str, Token]) -> None:
        """Get the parsed form of each document under exactly this version: kept from before, or read now."""
        stale = []
        for id, token in tokens.items():
            known = self._kept.parsed.get(id)
            if known and known[0] == token:
                self._kept.parsed.move_to_end(id)
                self._parsed[id] = known[1]
            elif token == ABSENT:
                self._parsed[id] = None
            else:
                stale.append(id)
        await self._fetch(stale)

    async def _fetch(self, ids: Iterable[str]) -> None:
        if wanted := list(ids):
            found = await self._directory._read(self._tenant, wanted, with_source=True)
            for id, document in found.items():
                self._tokens[id] = document.token
                self._parsed[id] = parsed = parse(id, document.source)
                if document.token != ABSENT:
                    _put(self._kept.parsed, id, (document.token, parsed), self._directory._keep + len(SHARED))


V = TypeVar("V")


def _put(kept: OrderedDict[str, V], key: str, value: V, limit: int) -> None:
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > limit:
        kept.popitem(last=False)
