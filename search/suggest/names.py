"""Names that what is typed may become: asked for, ordered, and checked against the present."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from analyzers import PLAIN, Lexicon, wishes
from mappings.catalogue import Catalogue
from mappings.vertical import Vertical
from search.access.candidates import Candidate, Candidates, Request
from search.access.clauses import Clause
from search.access.principal import Principal
from search.access.reader import Found, Place, Reader
from search.query.build import best_first
from search.query.highlight import highlight_terms
from search.query.matcher import matches
from search.query.names_meant import NameInDepartments, NameResolver
from search.query.opened import Opened
from search.suggest.answer import Suggestion
from search.suggest.show import naming, suggestion
from search.suggest.ways import Close, Typed, query_body, why_of

LONGEST = 100
"""Characters of a name that is typed; what is longer is a question."""
SPARE = 4


@dataclass(frozen=True)
class Names:
    """Finds names for one caller. `catalogue`: their tenant's. `close`: what is close to them, by vertical."""

    reader: Reader
    catalogue: Catalogue
    caller: Principal
    close: Mapping[str, Close]
    lexicon: Lexicon = PLAIN
    opened: Opened = field(default_factory=dict)

    async def find(
        self, text: str, verticals: Sequence[Vertical], limit: int, only: Clause | None = None
    ) -> tuple[list[Suggestion], list[str]]:
        """Return what names of these verticals the text may become, best first, and which did not answer.

        `only`: a further clause that everything must meet.
        """
        if len(text) > LONGEST:
            return [], []
        meant = await self._meant(text, verticals)
        typed = Typed(text, meant, self.close, wishes(text, self.lexicon), self.opened)
        found, failed = await self._once(typed, verticals, limit, only, slips=False)
        if found or failed:
            return found, failed
        # Whether anything was found is known only now: what was just taken away must not keep a slip from being one.
        return await self._once(typed, verticals, limit, only, slips=True)

    async def _once(
        self, typed: Typed, verticals: Sequence[Vertical], limit: int, only: Clause | None, *, slips: bool
    ) -> tuple[list[Suggestion], list[str]]:
        answers = await self._ask(typed, verticals, limit, only, slips=slips)
        failed = [vertical.name for vertical, answer in zip(verticals, answers, strict=True) if answer is None]
        ranked = ordered(answer for answer in answers if answer)
        return await self._shown(typed, ranked, limit, only, frozenset(failed), slips=slips), failed

    async def _meant(self, text: str, verticals: Sequence[Vertical]) -> NameInDepartments | None:
        contacts = self.catalogue.holding("user")
        if contacts not in verticals:
            return None
        return await NameResolver(self.reader, self.caller, contacts).name_in_departments(text)

    async def _ask(
        self,
        typed: Typed,
        verticals: Sequence[Vertical],
        limit: int,
        only: Clause | None,
        *,
        slips: bool,
    ) -> list[Candidates | None]:
        bodies = [query_body(typed, vertical, slips=slips) for vertical in verticals]
        requests = [
            Request(
                vertical,
                _within(body, only),
                best_first(vertical),
                size=limit + SPARE,
                fields=list((vertical.suggested.named or {}) if vertical.suggested else ()),
                counted=False,
            )
            for vertical, body in zip(verticals, bodies, strict=True)
            if body
        ]
        found = iter(await self.reader.candidates(self.caller, requests))
        return [
            next(found) if body else Candidates(one, (), 0, True) for one, body in zip(verticals, bodies, strict=True)
        ]

    async def _shown(
        self,
        typed: Typed,
        ranked: Sequence[Candidate],
        limit: int,
        only: Clause | None,
        failed: Collection[str],
        *,
        slips: bool,
    ) -> list[Suggestion]:
        """Return the first candidates that are still there, and still called so, in their order.

        `failed`: verticals that have just failed, and name nothing.
        """
        terms = highlight_terms(typed.text)
        shown: list[Suggestion] = []
        position = 0
        while len(shown) < limit and position < len(ranked):
            batch = ranked[position : position + limit - len(shown)]
            position += len(batch)
            read = await self._read(batch, failed)
            for candidate in batch:
                here = read.get((candidate.vertical.name, candidate.document_id))
                if here is None:
                    continue
                changed = here.version != candidate.version
                if changed and not await self._is_still(typed, here, only, slips=slips):
                    continue
                one = suggestion(here, why_of(candidate.leading), typed.text, terms, read, self.catalogue)
                shown += [one] if one else []
        return shown

    async def _read(self, candidates: Sequence[Candidate], failed: Collection[str]) -> Mapping[Place, Found]:
        wanted = [(one.vertical, one.document_id) for one in candidates]
        joined = [place for place in naming(self.catalogue, candidates) if place[0].name not in failed]
        return await self.reader.current(self.caller, wanted, joined=joined, briefly=True)

    async def _is_still(self, typed: Typed, here: Found, only: Clause | None, *, slips: bool) -> bool:
        """Return whether a document that was changed after the engine's last refresh is still called so."""
        body = query_body(replace(typed, close={}), here.vertical, slips=slips)
        whole = await self.reader.current(self.caller, [(here.vertical, here.document_id)])
        there = whole.get((here.vertical.name, here.document_id))
        id = here.document_id
        return bool(body and there and matches(here.vertical, there.document, _within(body, only), id=id))


def ordered(answers: Iterable[Candidates]) -> list[Candidate]:
    """Return all candidates: those that a vertical demotes last, then by way, then in the verticals' order."""
    placed = []
    for answer in answers:
        ranking = answer.vertical.ranking
        for position, candidate in enumerate(answer.found):
            demoted = bool(ranking.demoted and candidate.sort[0])
            placed.append(((demoted, -candidate.leading, ranking.order, position), candidate))
    placed.sort(key=lambda place: place[0])
    return [candidate for _, candidate in placed]


def _within(body: Clause | None, only: Clause | None) -> Clause:
    assert body
    return {"bool": {"must": [body], "filter": [only]}} if only else body
