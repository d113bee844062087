"""What somebody wants done → clauses over what documents do for people; pure.

Of `怎么请假`, which wishes for 请假, for apps (each worth a constant, so that nothing depends on how often a word
occurs among documents that the caller may not see; of one wish the best counts):

    name or tags hold    请假  6    休假, 年假, …  5    考勤, 审批, …  3
    description holds    请假  3    休假, 年假, …  2.5

A word that nobody is known to wish for counts for less. A document serves when each wish is met somehow, and one of
them outright, by name or tags; it serves in part when a known one is met outright. Where people look for such documents
alone, any wish that is met somehow is enough.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from analyzers import Wish, analyse
from mappings.parts.matching import NAME_TEXT
from mappings.parts.texts import Text
from mappings.vertical import Vertical
from search.access.clauses import Clause, all_of, any_of
from search.query.resolved import ResolvedQuery, literal_run

BOOST = 60.0
OWN, SAME, SERVING = 6.0, 5.0, 3.0
BY_THE_WAY = 0.5
UNKNOWN = 2.0
LEAST_OF_TEXT = 0.5
OPENED = 8.0
"""What people opened who asked the same counts for more than any word."""
# Words of several terms, each of which is a phrase of its own; of all others any number is one clause.
MOST_PHRASES = 5
MOST_OF_A_WISH = 2 * MOST_PHRASES


def served(query: ResolvedQuery, vertical: Vertical) -> Clause | None:
    """Return the clause of documents that do what a query wishes for, or a part of it; None where none can."""
    outright, by_the_way = _texts(vertical)
    # Elsewhere any word would be one more clause, and find nothing that its text does not.
    if not outright or not (is_sure(query) or (query.browsing and query.wishes)):
        return None
    if not query.browsing:
        known = [wish for wish in query.wishes if wish.known]
        return any_of([way for wish in known for way in _held(_words(wish), outright, MOST_OF_A_WISH)])
    ways = [way for wish in query.wishes for way in _held(_words(wish), outright, MOST_OF_A_WISH)]
    ways += [way for wish in query.wishes for way in _held(_own(wish), by_the_way)]
    return any_of(ways)


def scored(query: ResolvedQuery, vertical: Vertical) -> Clause:
    """Return the score of what is `served`: the sum over all wishes of what each counts for."""
    outright, by_the_way = _texts(vertical)
    return {"bool": {"should": [_score(wish, outright, by_the_way) for wish in query.wishes]}}


def wholly(query: ResolvedQuery, vertical: Vertical) -> Clause | None:
    """Return the clause, of documents that are `served`, that every wish is met; None where none can be.

    What speaks of much besides its wishes is rather a text that somebody looks for.
    """
    outright, by_the_way = _texts(vertical)
    wished = sum(len(wish.word) for wish in query.wishes)
    # Where people browse there are no texts to go before.
    if not outright or query.browsing or not is_sure(query) or wished < len(query.text.strip()) * LEAST_OF_TEXT:
        return None
    every = [any_of(_held(_words(wish), outright) + _held(_own(wish), by_the_way)) for wish in query.wishes]
    # Of several wishes, a text that speaks of all is rather meant than what is merely near to each of them.
    plainly = _words if len(query.wishes) == 1 else _own
    one = any_of([way for wish in query.wishes for way in _held(plainly(wish), outright)])
    return {"bool": {"filter": [*every, one]}}


def opened(query: ResolvedQuery, vertical: Vertical) -> Clause | None:
    """Return the clause of what people opened who asked the same; None where that is not known."""
    ids = list(query.opened.get(vertical.name, ()))
    return {"constant_score": {"filter": {"ids": {"values": ids}}, "boost": OPENED * BOOST}} if ids else None


Level = Literal["by name", "outright", "near", "said"]


def levels(wishes: Sequence[Wish], vertical: Vertical) -> Iterator[tuple[Level, Clause]]:
    """Yield the clauses of documents that do all of what is wished for, each with how plainly they say so.

    A word that nobody is known to wish for is no more than said.
    """
    outright, by_the_way = _texts(vertical)
    if not outright or not wishes:
        return
    called = [text for text in outright if text.name == NAME_TEXT]
    own, same = [[wish.word] for wish in wishes], [_own(wish) for wish in wishes]
    if all(wish.known for wish in wishes):
        yield "by name", _each(own, called)
        yield "outright", _each(same, outright)
        yield "near", _each([_words(wish) for wish in wishes], outright)
        yield "said", _each(same, [*outright, *by_the_way])
    else:
        yield "said", _each(own, outright)


def _each(wanted: Sequence[Sequence[str]], texts: Sequence[Text]) -> Clause:
    return all_of(*(any_of(_held(words, texts)) for words in wanted))


def _texts(vertical: Vertical) -> tuple[list[Text], list[Text]]:
    """Return the texts that say outright what a document does, and the others."""
    texts, serving = vertical.matching.texts, vertical.matching.serving
    return [one for one in texts if one.name in serving], [one for one in texts if one.name not in serving]


def is_sure(query: ResolvedQuery) -> bool:
    """Return whether a query wishes for something that people are known to want done at work."""
    return any(wish.known for wish in query.wishes)


def _score(wish: Wish, outright: Sequence[Text], by_the_way: Sequence[Text]) -> Clause:
    own = OWN if wish.known else UNKNOWN
    ways = [
        *_worth(own, [wish.word], outright),
        *_worth(SAME, wish.same, outright),
        *_worth(SERVING, wish.serving, outright),
        *_worth(own * BY_THE_WAY, [wish.word], by_the_way),
        *_worth(SAME * BY_THE_WAY, wish.same, by_the_way),
    ]
    return {"dis_max": {"queries": ways}}


def _worth(worth: float, words: Sequence[str], texts: Sequence[Text]) -> list[Clause]:
    held = _held(words, texts)
    return [{"constant_score": {"filter": any_of(held), "boost": worth * BOOST}}] if held else []


def _words(wish: Wish) -> list[str]:
    return [*_own(wish), *wish.serving]


def _own(wish: Wish) -> list[str]:
    return [wish.word, *wish.same]


def _held(words: Sequence[str], texts: Sequence[Text], most: int = MOST_PHRASES) -> list[Clause]:
    """Return the clauses that a text holds one of the words: as one term each, `most` of the longer ones as phrases."""
    made = {word: analyse(word).bigrams.split() for word in words}
    single = [terms[0] for terms in made.values() if len(terms) == 1]
    longer = [literal_run(word) for word, terms in made.items() if len(terms) > 1][:most]
    clauses: list[Clause] = [{"terms": {text.fields[1]: single}} for text in texts if single]
    clauses += [{"match_phrase": {text.fields[2]: run}} for text in texts for run in longer]
    return clauses
