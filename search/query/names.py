"""What was typed for a name → clauses over how names are stored: pinyin, initials, mixtures, small typos; pure."""

from __future__ import annotations

from collections.abc import Sequence

from analyzers import name_query_terms
from mappings.parts.matching import INITIALS, INNER, PINYIN, RUNS
from mappings.vertical import Vertical
from search.access.clauses import Clause, any_of

# No name that is typed half in pinyin holds more Han.
MOST_NAME_CHARS = 8
NAME_BOOST = 50.0
NAME_CHARS = "name_chars"
NAME_WORDS = "name_words"
# In shorter names every slip makes another name.
SHORTEST_FUZZY, LONG_FUZZY = 4, 10
# What is longer is a title, and costs: eight readings of a title of 44 letters took the engine 1.5 seconds.
LONGEST_FUZZY = 24
# Every term that is near enough counts. The engine's default takes the nearest few out of its dictionary, in which the
# terms of hidden documents stand too: enough of these would crowd out what the caller may see.
ALL_TERMS = {"rewrite": "constant_score"}


def named(text: str) -> Clause | None:
    """Return the clause for a name typed in pinyin, in initials, or mixed with Han; None where it can be none of these.

    `zhang三` becomes: the name holds 三, and its pinyin or its initials are, or begin with, one of the ways to read it.
    """
    typed = name_query_terms(text)
    if len(typed.chars) > MOST_NAME_CHARS:
        return None
    inner = dict.fromkeys((*typed.pinyin, *typed.initials))
    ways = [
        *(({"term": {PINYIN: key}}, 4.0) for key in typed.pinyin),
        *(({"term": {INITIALS: key}}, 3.0) for key in typed.initials),
        *(({"prefix": {PINYIN: key}}, 2.0) for key in typed.pinyin),
        *(({"prefix": {INITIALS: key}}, 1.0) for key in typed.initials),
        *(({"prefix": {INNER: key}}, 0.5) for key in inner),
    ]
    if not ways:
        return None
    body: Clause = {
        "should": [{"constant_score": {"filter": way, "boost": worth * NAME_BOOST}} for way, worth in ways],
        "minimum_should_match": 1,
    }
    if typed.chars:
        body["filter"] = [{"term": {NAME_CHARS: char}} for char in typed.chars]
    return {"bool": body}


def fuzzily_named(text: str, words: Sequence[str], vertical: Vertical) -> Clause | None:
    """Return the clause for a name typed with one slip: a letter too many, too few, wrong, or two swapped.

    In long names there may be two. `words`: those of the text, which are met one by one where Latin names hold them.
    """
    if not vertical.matching.names:
        return None
    typed = name_query_terms(text)
    keys = [key for key in typed.pinyin if _may_be_mistyped(key)]
    ways = [_fuzzy(RUNS, key) for key in keys]
    if all(word.isascii() and word.isalpha() and len(word) <= LONGEST_FUZZY for word in words):
        nearly = [_fuzzy(NAME_WORDS, word) for word in words if len(word) >= SHORTEST_FUZZY]
        exactly = [{"term": {NAME_WORDS: word}} for word in words if len(word) < SHORTEST_FUZZY]
        ways += [{"bool": {"filter": [*nearly, *exactly]}}] if nearly else []
    if not ways:
        return None
    return {"constant_score": {"filter": any_of(ways), "boost": NAME_BOOST}}


def _may_be_mistyped(key: str) -> bool:
    return key.isascii() and SHORTEST_FUZZY <= len(key) <= LONGEST_FUZZY


def _fuzzy(field: str, value: str) -> Clause:
    slips = 2 if len(value) >= LONG_FUZZY else 1
    return {"fuzzy": {field: {"value": value, "fuzziness": slips, **ALL_TERMS}}}
