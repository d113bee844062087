"""Suggestions, from what is typed to what is shown: ask every vertical, order, check against the present, show."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeVar

import structlog

from analyzers import Lexicons, normalise
from mappings.catalogue import Catalogue
from mappings.parts.filtering import Named
from mappings.vertical import Vertical
from search.access.candidates import Candidate
from search.access.principal import Principal
from search.access.reader import Found, Place, Reader
from search.core.errors import Unavailable
from search.query.closeness import NOBODY, Closeness, ClosenessKept
from search.query.filters import filter_language
from search.query.opened import NothingOpened, OpenedAfter
from search.suggest.answer import Suggestion, Suggestions
from search.suggest.names import Names
from search.suggest.operators import Typing, typing, values
from search.suggest.show import naming, suggestion
from search.suggest.ways import Close

log = structlog.get_logger(__name__)

Read = TypeVar("Read")

MOST = 20
MOST_RECENT = 3
AT_ONCE = 24
"""Documents of one vertical that are read together."""
PLACES_FOR_OWN = 2
"""Kept for recent searches however many names there are."""
OWN_S = 0.3
"""How long what the caller did before is waited for."""


class Own(Protocol):
    """What is a caller's own. Both may raise Unavailable."""

    async def often_opened(self, tenant: str, user: str) -> Sequence[tuple[str, str]]:
        """Return what they often open, as (vertical, id), most often first."""
        ...

    async def searched(self, tenant: str, user: str) -> Sequence[str]:
        """Return the texts of their recent searches, newest first."""
        ...


@dataclass(frozen=True)
class Asked:
    """What a client sent. `personal`: the caller may be told what is theirs alone. `language`: zh or en."""

    q: str = ""
    limit: int = 8
    personal: bool = True
    language: str = "zh"


@dataclass(frozen=True)
class Suggest:
    """The use case. `closeness` orders what is found; `own`: what the caller did before."""

    reader: Reader
    catalogue: Catalogue
    closeness: ClosenessKept
    own: Own
    lexicons: Lexicons = field(default_factory=Lexicons)
    opened: OpenedAfter = field(default_factory=NothingOpened)

    async def answer(self, caller: Principal, asked: Asked) -> Suggestions:
        """Return suggestions for what is typed so far; for nothing, what the caller most likely wants next."""
        began = time.monotonic()
        answering = replace(self, reader=self.reader.for_one_answer())
        found, failed = await answering._answer(caller, asked)
        took_ms = round((time.monotonic() - began) * 1000)
        return Suggestions(found[: asked.limit], failed, took_ms)

    async def _answer(self, caller: Principal, asked: Asked) -> tuple[Sequence[Suggestion], Sequence[str]]:
        catalogue = self.catalogue.of(caller.tenant)
        close = await self._close(caller, asked, catalogue)
        if operator := typing(asked.q, filter_language(catalogue)):
            return await self._values(caller, asked, operator, close)
        if not asked.q.strip():
            return await self._next(caller, asked, close, catalogue)
        recent = asyncio.create_task(self._recent(caller, asked))
        try:
            verticals = [one for one in catalogue.verticals.values() if one.suggested and caller.may_call(one.module)]
            opened = await self.opened.after(caller.tenant, asked.q)
            names = Names(self.reader, catalogue, caller, close, self.lexicons.of(caller.tenant), opened)
            found, failed = await names.find(asked.q, verticals, asked.limit)
            own = await recent
            room = asked.limit - min(len(own), PLACES_FOR_OWN) if asked.limit > PLACES_FOR_OWN else asked.limit
            return [*found[:room], *own], failed
        finally:
            recent.cancel()

    # What is typed is an operator's value

    async def _values(
        self, caller: Principal, asked: Asked, operator: Typing, close: Mapping[str, Close]
    ) -> tuple[list[Suggestion], list[str]]:
        """Return values for an operator. An entity is named by its id, so that namesakes are never mixed."""
        catalogue = self.catalogue.of(caller.tenant)
        searched = [one for one in catalogue.verticals.values() if caller.may_call(one.module)]
        meaning = operator.filter.meaning
        if not isinstance(meaning, Named):
            return list(values(operator, searched, asked.language)), []
        contacts = catalogue.holding(meaning.entity)
        if contacts not in searched:
            return [], []
        only = {"term": {"kind": meaning.entity}}
        if operator.value.strip():
            names = Names(self.reader, catalogue, caller, close)
            found, failed = await names.find(operator.value, [contacts], asked.limit, only)
        else:
            prefix = f"{meaning.entity}:"
            ids = [id for id in close.get(contacts.name, Close()).ids if id.startswith(prefix)]
            found, failed = await self._of(caller, [(contacts, id) for id in ids], "close", asked.limit)
        return [_as_value(one, operator) for one in found], failed

    # Nothing is typed yet

    async def _next(
        self, caller: Principal, asked: Asked, close: Mapping[str, Close], catalogue: Catalogue
    ) -> tuple[list[Suggestion], list[str]]:
        """Return whom the caller talks to, what they open, and what they searched for lately; a third of each."""
        if not asked.personal:
            return [], []
        contacts = catalogue.holding("user")
        talked = [(contacts, id) for id in close[contacts.name].ids] if contacts.name in close else []
        often, recent = await asyncio.gather(
            _if_there(self.own.often_opened(caller.tenant, caller.user)), self._recent(caller, asked)
        )
        opened = [
            (vertical, id) for name, id in often if (vertical := catalogue.verticals.get(name)) and vertical.suggested
        ]
        (close_ones, late), (opened_ones, later) = await asyncio.gather(
            self._of(caller, talked, "close", asked.limit),
            self._of(caller, _documents(opened), "often_opened", asked.limit),
        )
        return shared_out([close_ones, opened_ones, recent], asked.limit), sorted({*late, *later})

    async def _of(
        self, caller: Principal, places: Sequence[tuple[Vertical, str]], why: str, limit: int
    ) -> tuple[list[Suggestion], list[str]]:
        """Return those of these documents that the caller may see, in their order, and which verticals did not answer.

        Each vertical is read by itself, so that one which hangs holds up no other.
        """
        by_vertical: dict[str, list[tuple[Vertical, str]]] = {}
        for vertical, id in places:
            by_vertical.setdefault(vertical.name, []).append((vertical, id))
        read = await asyncio.gather(*(self._described(caller, some, why, limit) for some in by_vertical.values()))
        failed = [name for name, found in zip(by_vertical, read, strict=True) if found is None]
        found = {place: one for some in read for place, one in (some or {}).items()}
        shown = (found.get((vertical.name, id)) for vertical, id in places)
        return [one for one in shown if one][:limit], failed

    async def _described(
        self, caller: Principal, places: Sequence[tuple[Vertical, str]], why: str, limit: int
    ) -> dict[Place, Suggestion] | None:
        """Return the first of one vertical's documents that can be suggested; None where they do not come in time."""
        catalogue = self.catalogue.of(caller.tenant)
        found: dict[Place, Suggestion] = {}
        try:
            async with asyncio.timeout(max(0.0, self.reader.left_s())):
                for start in range(0, len(places), AT_ONCE):
                    here = await self.reader.current(caller, places[start : start + AT_ONCE], briefly=True)
                    read = await self.reader.current(
                        caller, (), joined=naming(catalogue, map(_candidate, here.values()))
                    )
                    shown = {place: suggestion(one, why, "", None, read, catalogue) for place, one in here.items()}
                    found |= {place: one for place, one in shown.items() if one}
                    if len(found) >= limit:
                        break
        except (TimeoutError, Unavailable):
            return None
        return found

    # What is the caller's own

    async def _close(self, caller: Principal, asked: Asked, catalogue: Catalogue) -> Mapping[str, Close]:
        """Return what is close to the caller, by vertical."""
        contacts = catalogue.holding("user")
        if not asked.personal:
            return {contacts.name: Close(departments=caller.nearby_departments)}
        messages = next((one for one in catalogue.verticals.values() if one.in_conversations), None)
        found: Closeness = await self.closeness.of(self.reader, caller, messages) if messages else NOBODY
        people = [f"user:{id}" for id in found.people]
        # A direct conversation is its other side.
        rooms = [f"conversation:{id}" for id in found.conversations if not _is_direct(caller, id)]
        return {contacts.name: Close(_taking_turns(people, rooms), caller.nearby_departments)}

    async def _recent(self, caller: Principal, asked: Asked) -> list[Suggestion]:
        """Return the caller's recent searches that begin with what is typed, or hold it."""
        if not asked.personal:
            return []
        typed = normalise(asked.q).strip()
        texts = [
            text
            for text in await _if_there(self.own.searched(caller.tenant, caller.user))
            if normalise(text).strip() != typed
        ]
        holding = [text for text in texts if typed in normalise(text)]
        holding.sort(key=lambda text: not normalise(text).startswith(typed))
        most = MOST_RECENT if typed else asked.limit
        return [Suggestion("query", why="recent", text=text) for text in holding[:most]]


async def _if_there(read: Awaitable[Sequence[Read]]) -> Sequence[Read]:
    """Return what was read, and nothing where it does not come soon: what is typed is answered all the same."""
    try:
        async with asyncio.timeout(OWN_S):
            return await read
    except (TimeoutError, Unavailable) as error:
        log.warning("own_past_left_out", reason=str(error) or "too late")
        return ()


def _is_direct(caller: Principal, conversation_id: str) -> bool:
    rule = caller.rules.get(conversation_id)
    return rule is not None and rule.kind == "direct"


def shared_out(kinds: Sequence[Sequence[Suggestion]], limit: int) -> list[Suggestion]:
    """Return an equal share of each kind, in the kinds' order; what one leaves, the others get."""
    shares = [0] * len(kinds)
    while sum(shares) < limit and any(share < len(kind) for share, kind in zip(shares, kinds, strict=True)):
        for place, kind in enumerate(kinds):
            if shares[place] < len(kind) and sum(shares) < limit:
                shares[place] += 1
    return [one for share, kind in zip(shares, kinds, strict=True) for one in kind[:share]]


def _as_value(one: Suggestion, operator: Typing) -> Suggestion:
    token, text = operator.with_value(one.id or "")
    return replace(one, token=token, text=text)


def _taking_turns(one: Sequence[str], other: Sequence[str]) -> list[str]:
    longest = max(len(one), len(other))
    return [each[place] for place in range(longest) for each in (one, other) if place < len(each)]


def _documents(opened: Sequence[tuple[Vertical, str]]) -> list[tuple[Vertical, str]]:
    """Return the documents that opened entities may be: of several kinds in one vertical, ids are unique in each."""
    return [
        (vertical, id if len(vertical.entities) == 1 else f"{entity}:{id}")
        for vertical, id in opened
        for entity in vertical.entities
    ]


def _candidate(found: Found) -> Candidate:
    """Return a document that was not searched for as if it had been, with the first value of each field."""
    suggested = found.vertical.suggested
    fields = {name: found.document.get(name) for name in (suggested.named or {})} if suggested else {}
    firsts = {name: value if isinstance(value, str) else value[0] for name, value in fields.items() if value}
    return Candidate(found.vertical, found.document_id, found.version, frozenset(), firsts, ())
