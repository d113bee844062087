"""Did you mean: for a question that finds little, another one made of what the caller may see.

`搜所 评审` is corrected like this:

    segments      搜所, 评审                 the words of the question
    counted       搜所 0, 评审 214           visible documents that hold each; what is not rare is right
    guessed       搜索, 搜锁, 所搜, …         words that sound or look like the rare one, likeliest first
    counted       搜索 96, 搜锁 0, …          again under the caller's filter
    read          one document with 搜索     in real time, and held against the question's other conditions
    answered      搜索 评审

Guesses come from the question alone, from a dictionary that everybody has, and from names and documents that come
through the reader. What the caller may not see neither makes a correction nor keeps one away.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from analyzers import analyse_name, normalise
from analyzers.alike import is_word
from mappings.parts.matching import PINYIN
from mappings.vertical import Vertical
from search.access.candidates import Candidates, Request
from search.access.clauses import Clause
from search.access.principal import Principal
from search.access.reader import Found, Reader
from search.core.errors import Unavailable
from search.query import build
from search.query.build import EXACT, LITERAL
from search.query.matcher import matches
from search.query.names import ALL_TERMS
from search.query.resolved import ResolvedQuery
from search.query.segments import CERTAIN, Guess, Segment, han_guesses, joined, latin_guesses, segments, slips

# Up to so many hits that hold the question as it stands are little.
LITTLE = 2
# What somebody has written so gives way only to what is so many times as frequent.
RATIO = 10
LONGEST = 40
# Documents that are looked at for names and Latin words like the one that was typed.
LOOKED_AT = 50
MOST_TRIED = 3
# Parts of one question that are put right at most: past that it is another language, not a slip.
MOST_PARTS = 3


@dataclass(frozen=True)
class Corrector:
    """Corrects one question of one caller. `verticals`: those that they may search and that it concerns."""

    reader: Reader
    caller: Principal
    query: ResolvedQuery
    verticals: Sequence[Vertical]

    async def correct(self, answers: Iterable[Candidates]) -> str | None:
        """Return the question's plain text put right; None where there is nothing better, or the engine is late."""
        if not self.verticals or not self._finds_little(answers):
            return None
        try:
            return await self._correct()
        except Unavailable:
            return None

    def _finds_little(self, answers: Iterable[Candidates]) -> bool:
        query = self.query
        if query.phrases or not query.terms.chars or len(query.text) > LONGEST:
            return False
        whole = 0
        for answer in answers:
            literal = sum(LITERAL in candidate.names for candidate in answer.found)
            by_name = answer.vertical.matching.names is not None and not query.fuzzy
            # Names are meant as they are, however odd; and what is found by one was typed right.
            if by_name and (literal or (answer.total and query.named)):
                return False
            if any(EXACT in candidate.names for candidate in answer.found):
                return False
            whole += literal
        return whole <= LITTLE

    async def _correct(self) -> str | None:
        text = self.query.text
        found = segments(text, self.query.lexicon)
        counts = await self._count(segment.text for segment in found)
        # Among others, a part that stands anywhere is right; a question of one part may repeat another one's slip.
        most = LITTLE if len(found) == 1 else 0
        unknown = [segment for segment in found if counts[segment.text] <= most]
        better = await self._put_right(unknown, counts)
        rest = [segment for segment in joined(found, unknown) if not any(segment.overlaps(one) for one in better)]
        better |= await self._put_right(rest, await self._count(segment.text for segment in rest))
        for segment in sorted(better, key=lambda segment: -segment.start):
            text = text[: segment.start] + better[segment].text + text[segment.end :]
        return text if better else None

    async def _put_right(self, wrong: Sequence[Segment], counts: Mapping[str, int]) -> dict[Segment, Guess]:
        if not 0 < len(wrong) <= MOST_PARTS:
            return {}
        guesses = await asyncio.gather(*(self._best(segment, counts[segment.text]) for segment in wrong))
        return {segment: guess for segment, guess in zip(wrong, guesses, strict=True) if guess}

    async def _best(self, segment: Segment, count: int) -> Guess | None:
        """Return the likeliest guess that stands in something which the caller may see now."""
        guesses = [guess for guess in await self._guesses(segment) if guess.text != segment.text]
        if count:
            # Somebody has written it so: only the commonest of slips, and none that makes a word of a word.
            guesses = [] if is_word(segment.text) else [guess for guess in guesses if guess.cost <= CERTAIN]
        counts = await self._count(guess.text for guess in guesses)
        likely = [guess for guess in guesses if counts[guess.text] >= max(count * RATIO, 1)]
        ranked = sorted(likely, key=lambda guess: (guess.cost, -counts[guess.text], guess.text))
        for guess in ranked[:MOST_TRIED]:
            if await self._is_there(guess.text):
                return guess
        return None

    async def _guesses(self, segment: Segment) -> list[Guess]:
        if segment.is_latin:
            return await self._like_latin(segment)
        if not segment.is_han:
            return []
        named = await self._named_like(segment) if len(segment.text) > 1 else []
        return named + han_guesses(segment, self.query.lexicon.words)

    async def _named_like(self, segment: Segment) -> list[Guess]:
        """Return the names of people, groups, departments and apps that sound like a segment."""
        keys = analyse_name(segment.text).pinyin
        query: Clause = {"bool": {"filter": [{"terms": {PINYIN: keys}}]}}
        found = await self._present([vertical for vertical in self.verticals if vertical.matching.names], query)
        names = {normalise(str(here.document["original"].get("name") or "")) for here in found}
        return [Guess(name, 1) for name in sorted(names) if name and set(analyse_name(name).pinyin) & set(keys)]

    async def _like_latin(self, segment: Segment) -> list[Guess]:
        """Return the words of visible documents that differ from a segment by a slip or two."""
        found: list[Found] = []
        for vertical in self.verticals:
            fields = [text.fields[0] for text in vertical.matching.texts]
            fuzzy = {"value": segment.text, "fuzziness": slips(segment.text), **ALL_TERMS}
            query = {
                "bool": {"should": [{"constant_score": {"filter": {"fuzzy": {field: fuzzy}}}} for field in fields]}
            }
            found += await self._present([vertical], query)
        return latin_guesses(segment, (term for here in found for term in self._terms(here)))

    def _terms(self, here: Found) -> Iterable[str]:
        entity = here.vertical.entity_of(here.document)
        state = here.vertical.entities[entity].model_validate(here.document["original"])
        made = here.vertical.fields(state, self.query.lexicon.segmenter)
        for text in here.vertical.matching.texts:
            value = made.get(text.fields[1], ())
            yield from (term for one in ([value] if isinstance(value, str) else value) for term in one.split())

    async def _present(self, verticals: Sequence[Vertical], query: Clause) -> list[Found]:
        """Return what matched a query at the last refresh and may be seen now."""
        requests = [Request(vertical, query, size=LOOKED_AT) for vertical in verticals]
        answers = await self.reader.candidates(self.caller, requests)
        places = [(answer.vertical, one.document_id) for answer in answers if answer for one in answer.found]
        return list((await self.reader.current(self.caller, places)).values())

    async def _count(self, texts: Iterable[str]) -> Mapping[str, int]:
        """Return in how many visible documents each text stands as it is."""
        named = list(dict.fromkeys(texts))
        asked = [(vertical, {text: build.holds_word(vertical, text) for text in named}) for vertical in self.verticals]
        counts = await self.reader.count(self.caller, asked) if named else {}
        return {text: counts.get(text, 0) for text in named}

    async def _is_there(self, text: str) -> bool:
        """Return whether something that holds a text meets the question's conditions now."""
        holding = replace(self.query, text="", phrases=(text,), name_in_departments=None)
        for vertical in self.verticals:
            query = build.query_body(holding, vertical)
            found = await self._present([vertical], query)
            if any(matches(vertical, here.document, query, holding.lexicon.segmenter) for here in found):
                return True
        return False
