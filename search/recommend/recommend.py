"""Apps recommended to a caller: only what they may see, do not use and have not dismissed, each with its reason."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from mappings.catalogue import Catalogue
from mappings.collection import ORIGINAL
from mappings.vertical import Vertical
from search.access.candidates import Candidate, Request
from search.access.principal import Principal
from search.access.reader import Found, Place, Reader
from search.core.errors import Unavailable
from search.feedback import Reactions
from search.query.naming import new_query_id
from search.recommend.choose import Place as Whose
from search.recommend.choose import Rated, chosen
from search.recommend.figures import AppFigures, Use
from search.recommend.kept import FiguresKept
from search.recommend.past import Past
from search.recommend.people import groups_of
from search.recommend.reasons import Kind, Language, Reason
from search.recommend.rule import Floats
from search.recommend.store import permitted
from search.recommend.weighing import Visible, Weighing

MOST_VISIBLE: Final = 1_000
# What the last check drops is replaced so often.
ROUNDS: Final = 5
LATE: Final = "The apps could not be read in time; try again in a moment."


class Reacted(Protocol):
    """Knows what callers did with what they were shown."""

    async def reactions(self, tenant: str, user: str, vertical: str) -> Reactions:
        """Return what a user did with a vertical's entities. Raises Unavailable."""
        ...


@dataclass(frozen=True)
class Recommended:
    """An app, as it is now, and why. `text`: the reason in the language asked for; `because_of`: of which app."""

    found: Found
    use: Use
    rating: float | None
    kind: Kind
    text: str
    because_of: str | None = None


@dataclass(frozen=True)
class Recommendations:
    """An answer, best first."""

    apps: Sequence[Recommended]
    took_ms: int = 0
    query_id: str = field(default_factory=new_query_id)


@dataclass(frozen=True)
class Recommend:
    """Recommends. `clock`: seconds since 1970."""

    reader: Reader
    catalogue: Catalogue
    figures: FiguresKept
    past: Past
    reacted: Reacted
    clock: Callable[[], float] = time.time

    async def answer(self, caller: Principal, limit: int, language: Language) -> Recommendations:
        """Return at most `limit` apps. Raises ModuleMissing without the store's module, Unavailable.

        What cannot be read of the caller's past is no reason to guess: they would be shown what they use or dismissed.
        """
        began = time.monotonic()
        store = permitted(caller, self.catalogue.of(caller.tenant))
        reader = self.reader.for_one_answer()
        used, reactions, visible, model = await asyncio.gather(
            self.past.used(caller),
            self.reacted.reactions(caller.tenant, caller.user, store.name),
            _visible(reader, caller, store),
            self.figures.model(caller.tenant),
        )
        weighing = Weighing(model, used, groups_of(caller), int(self.clock() * 1e6))
        rated = {one.app_id: one for one in weighing.rated(visible) if one.app_id not in reactions.dismissed}
        figures = await self.figures.of(caller.tenant)
        filling = _Filling(reader, caller, store, figures, weighing, rated, language)
        apps = await filling.apps(reactions.seen, limit)
        return Recommendations(apps, round((time.monotonic() - began) * 1000))


async def _visible(reader: Reader, caller: Principal, store: Vertical) -> list[Visible]:
    """Return the apps that the caller may see as of the engine's last refresh. Raises Unavailable."""
    newest = Request(
        store,
        {"match_all": {}},
        [{"published_at": {"order": "desc"}}],
        size=MOST_VISIBLE,
        fields=("category",),
        counted=False,
    )
    [answer] = await reader.candidates(caller, [newest])
    if answer is None:
        raise Unavailable(LATE)
    return [_seen(one) for one in answer.found]


def _seen(one: Candidate) -> Visible:
    return Visible(one.document_id, one.fields.get("category", ""), int(one.sort[0]))


@dataclass
class _Filling:
    """Fills one answer: chooses, reads what was chosen as it is now, and chooses again for what is gone.

    `rated`: what may still be shown. `read`: every document that was read so far, None where the caller may not see it.
    """

    reader: Reader
    caller: Principal
    store: Vertical
    figures: AppFigures
    weighing: Weighing
    rated: dict[str, Rated]
    language: Language
    read: dict[str, Found | None] = field(default_factory=dict)

    async def apps(self, seen: Mapping[str, int], limit: int) -> list[Recommended]:
        usual = self.weighing.usual(self.rated.values())
        for _ in range(ROUNDS):
            picked = chosen(list(self.rated.values()), seen, limit)
            why = {one.app_id: self._reasons(one, whose, usual) for one, whose in picked}
            await self._look([id for id, found in why.items() if found], why)
            shown = {id: self._shown(id, found) for id, found in why.items()}
            if gone := [id for id, one in shown.items() if one is None]:
                for id in gone:
                    del self.rated[id]
                continue
            break
        return [one for one in shown.values() if one]

    def _reasons(self, one: Rated, whose: Whose, usual: Floats) -> Sequence[Reason]:
        return self.weighing.reasons(one, whose, self.figures.use(one.app_id, self.caller), usual)

    async def _look(self, ids: Sequence[str], why: Mapping[str, Sequence[Reason]]) -> None:
        """Read what has not been read yet: apps to be shown, and those that reasons speak of. Raises Unavailable."""
        wanted = [id for id in ids if id not in self.read]
        named = {one.app_id for found in why.values() for one in found if one.app_id} - self.read.keys() - {*wanted}
        places = [(self.store, id) for id in (*wanted, *sorted(named))]
        found: Mapping[Place, Found] = await self.reader.current(self.caller, places) if places else {}
        self.read |= {id: found.get((self.store.name, id)) for _, id in places}

    def _shown(self, id: str, why: Sequence[Reason]) -> Recommended | None:
        """Return an app with the first reason that may be told; None where it is gone, or none may."""
        found = self.read.get(id)
        for one in why if found else ():
            other = self.read.get(one.app_id) if one.app_id else None
            if found and (other or one.app_id is None):
                name = other.document[ORIGINAL]["name"] if other else ""
                use, rating = self.figures.use(id, self.caller), self.figures.of(id).rating
                return Recommended(found, use, rating, one.kind, one.text(self.language, name), one.app_id)
        return None
