"""One page of hits: candidates in their merged order, each checked against the present before it counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mappings.vertical import Vertical
from search.access.candidates import Candidates
from search.access.directory import Directory
from search.access.principal import Principal
from search.access.reader import Found, Reader
from search.query import cursor, joined_names, merge
from search.query.answer import Hit
from search.query.hits import HitView
from search.query.joined_names import JoinedNames

# A few more than a page are asked for, so that what the last check drops leaves no gap.
SPARE = 10


@dataclass
class Page:
    """Hits as they are accepted.

    `taken`: how many of each vertical's list the pages so far have used up. `dropped`: how many of them were no hits,
    as the caller may not see them any more, or they match no more.
    """

    taken: dict[str, int]
    hits: list[Hit] = field(default_factory=list)
    dropped: dict[str, int] = field(default_factory=dict)

    def take(self, place: merge.Ranked, found: Found | None, view: HitView, names: JoinedNames) -> None:
        """Use up a candidate; `found` is what it is now, None where the caller may not see it."""
        name = place.candidate.vertical.name
        self.taken[name] = self.taken.get(name, 0) + 1
        if found is None or not view.still_matches(place.candidate, found):
            self.dropped[name] = self.dropped.get(name, 0) + 1
        else:
            self.hits.append(view.hit(place, found, names))

    def next(self, answers: Sequence[Candidates]) -> str | None:
        """Return the next page's cursor, None on the last page."""
        more = any(self.taken.get(answer.vertical.name, 0) < answer.total for answer in answers)
        deepest = max(self.taken.values(), default=0)
        return cursor.encode(self.taken) if more and deepest < cursor.DEEPEST else None


@dataclass(frozen=True)
class Paging:
    """Fills pages for one caller. `contacts`: the vertical that names people and conversations."""

    reader: Reader
    directory: Directory
    caller: Principal
    contacts: Vertical

    async def page(self, view: HitView, answers: Sequence[Candidates], taken: Mapping[str, int], limit: int) -> Page:
        """Return the page that begins behind what was `taken`; at most `limit` hits."""
        ranked = merge.merge(answers, taken, view.query.sort)
        page = Page(dict(taken))
        position = 0
        while len(page.hits) < limit and position < len(ranked):
            batch = ranked[position : position + limit - len(page.hits)]
            position += len(batch)
            candidates = [place.candidate for place in batch]
            found = await self.reader.current(
                self.caller,
                [(candidate.vertical, candidate.document_id) for candidate in candidates],
                joined=[(self.contacts, id) for id in joined_names.needed(candidates)],
            )
            names = await joined_names.read(self.reader, self.directory, self.caller, self.contacts, found)
            for place in batch:
                page.take(place, found.get((place.candidate.vertical.name, place.candidate.document_id)), view, names)
        return page
