"""One page of hits: candidates in their merged order, each checked against the present before it counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from mappings.vertical import Vertical
from search.access.candidates import Candidates
from search.access.directory import Directory
from search.access.principal import Principal
from search.access.reader import Found, Reader
from search.query import joined_names, merge
from search.query.answer import Hit
from search.query.cursor import DEEPEST, Seen
from search.query.hits import HitView
from search.query.joined_names import JoinedNames
from search.query.resolved import Sort


@dataclass
class Page:
    """Hits as they are accepted, one more than the page shows.

    Whether there is a next page must not depend on what the caller may not see any more, so that one is checked too.
    `dropped`: by vertical, how many candidates were no hits, as the caller may not see them now, or they match no more.
    """

    accepted: list[tuple[merge.Ranked, Found]] = field(default_factory=list)
    hits: list[Hit] = field(default_factory=list)
    dropped: dict[str, int] = field(default_factory=dict)

    def take(self, place: merge.Ranked, found: Found | None, view: HitView, names: JoinedNames) -> None:
        """Take a candidate; `found` is what it is now, None where the caller may not see it."""
        if found is None or not view.still_matches(place.candidate, found):
            name = place.candidate.vertical.name
            self.dropped[name] = self.dropped.get(name, 0) + 1
        else:
            self.accepted.append((place, found))
            self.hits.append(view.hit(place, found, names))

    def cut(self, limit: int) -> bool:
        """Leave what the page shows; return whether there was more."""
        more = len(self.hits) > limit
        del self.hits[limit:], self.accepted[limit:]
        return more

    def seen(self, before: Seen, sort: Sort, failed: Iterable[str]) -> Seen:
        """Return what is seen after this page. `failed`: the verticals that did not answer."""
        last = self.accepted[-1][0].candidate if self.accepted else None
        place = merge.time_place(last, sort) if last and sort != "relevance" else None
        return before.with_shown(
            ((found.vertical.name, found.document_id) for _, found in self.accepted), place, failed
        )


@dataclass(frozen=True)
class Paging:
    """Fills pages for one caller.

    `contacts`: the vertical that names people and conversations. `names_are_there`: false where it has just failed.
    """

    reader: Reader
    directory: Directory
    caller: Principal
    contacts: Vertical
    names_are_there: bool = True

    async def page(self, view: HitView, answers: Sequence[Candidates], seen: Seen, limit: int) -> Page:
        """Return the best of what was not `seen`, at most `limit` hits and one more."""
        ranked = _unseen(merge.merge(answers, view.query.sort), seen, view.query.sort)
        wanted = one_more(limit, seen)
        page = Page()
        position = 0
        while len(page.hits) < wanted and position < len(ranked):
            batch = ranked[position : position + wanted - len(page.hits)]
            position += len(batch)
            candidates = [place.candidate for place in batch]
            found = await self.reader.current(
                self.caller,
                [(candidate.vertical, candidate.document_id) for candidate in candidates],
                joined=[(self.contacts, id) for id in joined_names.needed(candidates)] if self.names_are_there else (),
            )
            names = await joined_names.read(self.reader, self.directory, self.caller, self.contacts, found)
            for place in batch:
                page.take(place, found.get((place.candidate.vertical.name, place.candidate.document_id)), view, names)
        return page


def _unseen(ranked: Sequence[merge.Ranked], seen: Seen, sort: Sort) -> list[merge.Ranked]:
    """Return what may stand on the next page, best first.

    In an order by time, a message that stands before the last hit that was shown has come since: the list goes on.
    """
    left = [one for one in ranked if not seen.has(one.candidate.vertical.name, one.candidate.document_id)]
    if sort == "relevance":
        return left
    passed = {one.candidate.vertical.name: seen.passed(one.candidate.vertical) for one in left}
    return [
        one
        for one in left
        if (place := passed[one.candidate.vertical.name]) is None or merge.time_place(one.candidate, sort) >= place
    ]


def one_more(limit: int, seen: Seen) -> int:
    """Return how many hits a page is filled with: one more than it shows, but for the last that an answer may have."""
    return min(limit + 1, DEEPEST - sum(seen.counts.values()))
