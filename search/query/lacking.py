"""What of a question a document does not hold: for telling somebody why it is not found; pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from mappings.vertical import Vertical
from search.query import build
from search.query.present import Present
from search.query.segments import segments
from search.query.wanted import Wanted


@dataclass(frozen=True, slots=True)
class Lacking:
    """Whether a document meets a question as it is now and, if not, what it lacks.

    `misspelt`: it is met, but only if names may hold a small typo. `conditions`: operators by name, phrases in
    quotes, excluded words after a hyphen. `words`: of the question's text, normalised.
    """

    met: bool
    misspelt: bool = False
    conditions: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


def lacking(wanted: Wanted, vertical: Vertical, stored: Mapping[str, Any]) -> Lacking:
    """Decided by the very queries that the engine is asked: first the whole, then, where that fails, each part."""
    document = Present(vertical, stored, wanted.lexicon.cut)
    if build.concerns(wanted, vertical):
        for misspelt in (False, True):
            if document.meets(build.query(replace(wanted, misspelt=misspelt), vertical)):
                return Lacking(met=True, misspelt=misspelt)
    conditions = [
        name
        for name, part in _conditions(wanted)
        if not build.concerns(part, vertical) or not document.meets(build.query(part, vertical))
    ]
    words = dict.fromkeys(segment.text for segment in segments(wanted.text, wanted.lexicon))
    # What has no words is still made of characters, and those are what is counted.
    for parts in (words, dict.fromkeys(wanted.terms.chars.split())):
        missing = [part for part in parts if not document.meets(build.holds_word(vertical, part))]
        if missing or conditions:
            break
    return Lacking(met=False, conditions=tuple(conditions), words=tuple(missing))


def _conditions(wanted: Wanted) -> Iterator[tuple[str, Wanted]]:
    """Every condition by the name under which it is asked for, each as a question of its own."""
    nothing = Wanted(lexicon=wanted.lexicon)
    given: Mapping[str, dict[str, Any]] = {
        "from": {"senders": wanted.senders},
        "in": {"conversations": wanted.conversations},
        "type": {"kinds": wanted.kinds},
        "has": {"features": wanted.features or None},
        "after": {"after": wanted.after},
        "before": {"before": wanted.before},
        "-from": {"not_senders": wanted.not_senders or None},
        "-in": {"not_conversations": wanted.not_conversations or None},
        "-type": {"not_kinds": wanted.not_kinds or None},
        "-has": {"not_features": wanted.not_features or None},
    }
    for name, fields in given.items():
        if None not in fields.values():
            yield name, replace(nothing, **fields)
    for phrase in wanted.phrases:
        yield f'"{phrase}"', replace(nothing, phrases=(phrase,))
    for word in wanted.excluded:
        yield f"-{word}", replace(nothing, excluded=(word,))
