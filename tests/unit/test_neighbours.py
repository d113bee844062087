"""The neighbours of a message, in the one order that there is, though the engine knows half of it and gives little."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit import VERTICALS

from search.access.candidates import Candidate, Candidates
from search.access.reader import Found
from search.query import neighbours
from search.query.neighbours import Side

MESSAGES = VERTICALS["messages"]
Said = tuple[int, str]
"""(when, id)"""


def found(said: Said) -> Found:
    return Found(MESSAGES, said[1], (1, 1), {"conversation_id": "c-1", "sent_at": said[0]})


class Engine:
    """Answers as the real one does: by time alone, ties in any order, no more than it is asked for."""

    def __init__(self, said: Sequence[Said], rng: random.Random) -> None:
        self._said = said
        self._rng = rng
        self.asked = 0

    def answer(self, side: Side) -> Candidates:
        self.asked += 1
        request = side.request()
        _, ranged = request.query["bool"]["filter"]
        [(bound, edge)] = ranged["range"]["sent_at"].items()
        [excluded] = request.query["bool"]["must_not"]
        inside = [
            one
            for one in self._said
            if (one[0] >= edge if bound == "gte" else one[0] <= edge) and one[1] not in excluded["ids"]["values"]
        ]
        self._rng.shuffle(inside)
        inside.sort(key=lambda one: one[0], reverse=bound == "lte")
        return Candidates(MESSAGES, [self._candidate(one) for one in inside[: request.size]], len(inside), True)

    def _candidate(self, said: Said) -> Candidate:
        fields: Mapping[str, Any] = {}
        return Candidate(MESSAGES, said[1], (1, 1), frozenset(), fields, [said[0]])


def read(engine: Engine, side: Side, dropped: frozenset[str] = frozenset()) -> list[str]:
    while side.missing:
        if not side.waiting:
            side.take(engine.answer(side))
        side.kept += [found((0, id)) for id in side.portion() if id not in dropped]
    return [one.document_id for one in side.kept]


moments = st.integers(0, 4)
said = st.lists(
    st.tuples(moments, st.integers(0, 60).map("m-{:02}".format)), min_size=1, max_size=60, unique_by=lambda s: s[1]
)


@given(said, st.integers(1, 7), st.booleans(), st.data())
def test_they_are_the_nearest_by_time_and_then_by_id(
    conversation: list[Said], wanted: int, newer: bool, data: st.DataObject
) -> None:
    here = data.draw(st.sampled_from(conversation))
    dropped = data.draw(st.frozensets(st.sampled_from([id for _, id in conversation])))
    order = sorted(conversation)
    at = order.index(here)
    beside = order[at + 1 :] if newer else order[:at][::-1]
    expected = [id for _, id in beside if id not in dropped][:wanted]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(neighbours, "SPARE", 1)
        engine = Engine(conversation, random.Random(wanted))
        assert read(engine, Side(found(here), wanted, newer), dropped) == expected


def test_a_usual_conversation_takes_one_question() -> None:
    engine = Engine([(at, f"m-{at}") for at in range(1000)], random.Random(1))
    assert read(engine, Side(found((500, "m-500")), 6, newer=False)) == [f"m-{at}" for at in range(499, 493, -1)]
    assert engine.asked == 1


def test_more_of_one_moment_than_the_engine_gives_are_passed_in_the_end() -> None:
    many = [(5, f"m-{number:03}") for number in range(200)]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(neighbours, "MOST_AT_ONCE", 50)
        engine = Engine([*many, (9, "last")], random.Random(1))
        side = Side(found((4, "first")), 60, newer=True)
        assert read(engine, side)[-1] == "last"
        assert len({one.document_id for one in side.kept}) == len(side.kept) == 51
