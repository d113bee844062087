"""What stands around a message, asked for by callers, and what the oracle says of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import unescape
from typing import Any

from hypothesis import strategies as st
from proof.companies import MESSAGES, NOBODY, SECRETS
from proof.judge import Body, HitJudge, Refusal, Wrong, everything_counts, same
from proof.matching import texts
from proof.oracle import Key, Sight, moment
from proof.questions import Question

MISSING = Refusal("There is no such message, or you may not see it.")
DENIED = Refusal("You may not search messages: none of your roles has the module.")


@dataclass(frozen=True)
class Place:
    """A message by its id, and how many before and after it are asked for."""

    id: str
    before: int = 1
    after: int = 1

    @property
    def params(self) -> Mapping[str, int]:
        """The parameters of `GET /v1/messages/{id}/context`."""
        return {"before": self.before, "after": self.after}


_few = st.integers(0, 2)
place = st.builds(Place, st.sampled_from((*MESSAGES, *MESSAGES, *SECRETS, NOBODY)), _few, _few)


@dataclass(frozen=True)
class PlaceJudge:
    """Judges one answer to one caller. `settled`: whether a search has already seen an entity as it is now."""

    sight: Sight
    place: Place
    settled: Callable[[Key], bool] = everything_counts

    def check(self, answer: Body | Refusal) -> None:
        """Raises Wrong."""
        expected = DENIED if self.sight.denied("messages") else MISSING
        is_there = self.sight.searches("message", self.place.id)
        if isinstance(answer, Refusal) or not is_there:
            same("the refusal", answer, None if is_there else expected)
            return
        here = self.sight.company["message", self.place.id]
        same("the message", answer["message"]["id"], self.place.id)
        if answer["title"] not in {_html(title) for title in self.sight.titles(here["conversation_id"])}:
            raise Wrong(f"the title {answer['title']!r}")
        around = sorted(
            (moment(data["sent_at"]), id)
            for (entity, id), data in self.sight.company.items()
            if entity == "message" and data["conversation_id"] == here["conversation_id"]
            if self.sight.searches("message", id)
        )
        at = around.index((moment(here["sent_at"]), self.place.id))
        sides = {"before": [id for _, id in around[:at]][::-1], "after": [id for _, id in around[at + 1 :]]}
        for side, nearest_first in sides.items():
            self._check_side(side, nearest_first, answer)
        for said in (answer["message"], *answer["before"], *answer["after"]):
            self._check_shown(said)

    def _check_side(self, side: str, visible: Sequence[str], answer: Body) -> None:
        """Before the refresh, what no search has seen yet may be missing; nothing else may, and nothing be too much."""
        shown = [said["id"] for said in answer[side]]
        shown = shown[::-1] if side == "before" else shown
        most = getattr(self.place, side)
        expected = [id for id in visible if id in shown or self.settled(("message", id))]
        same(f"what is {side}", shown, expected[:most])
        more = answer[f"has_more_{side}"]
        must, may = len(expected) > most, len(visible) > len(shown)
        if (must and not more) or (more and not may):
            raise Wrong(f"has_more_{side}: {more}")

    def _check_shown(self, said: Mapping[str, Any]) -> None:
        data = self.sight.company["message", said["id"]]
        same("the text", unescape(said["snippet"]), [*texts("message", data), ""][0])
        same("what is told beside it", {*said} - {"vertical", "id", "snippet", "fields"}, set())
        HitJudge(self.sight, Question(), said, fresh=True).check_fields("message", data)


def _html(text: str) -> str:
    for mark, written in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#x27;")):
        text = text.replace(mark, written)
    return text
