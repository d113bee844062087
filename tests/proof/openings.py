"""Entities that callers open by their ids, and what the oracle says of them."""

from __future__ import annotations

from dataclasses import dataclass
from html import unescape

from hypothesis import strategies as st
from proof.companies import NOBODY, SECRETS, USERS
from proof.judge import Body, HitJudge, Refusal, Wrong, same
from proof.matching import texts
from proof.oracle import ENTITIES_OF, VERTICAL_OF, Data, Sight
from proof.questions import Question

MISSING = Refusal("There is nothing of this kind and id, or you may not see it.")


@dataclass(frozen=True)
class Opening:
    """An entity by its kind and id."""

    entity: str
    id: str

    @property
    def vertical(self) -> str:
        return VERTICAL_OF[self.entity]

    @property
    def path(self) -> str:
        """Contacts of all kinds have the same ids here, so the kind is said."""
        named = f"{self.entity}:{self.id}" if len(ENTITIES_OF[self.vertical]) > 1 else self.id
        return f"/demo/entity/{self.vertical}/{named}"


opening = st.builds(Opening, st.sampled_from(("doc", "doc", *VERTICAL_OF)), st.sampled_from((*USERS, *SECRETS, NOBODY)))


@dataclass(frozen=True)
class OpeningJudge:
    """Judges one answer to one caller. What is opened is read as it is now, so that a refresh changes nothing."""

    sight: Sight
    asked: Opening

    def check(self, answer: Body | Refusal) -> None:
        """Raises Wrong."""
        entity, id, vertical = self.asked.entity, self.asked.id, self.asked.vertical
        is_there = self.sight.searches(entity, id)
        if isinstance(answer, Refusal) or not is_there:
            denied = Refusal(f"You may not search {vertical}: none of your roles has the module.")
            expected = denied if self.sight.denied(vertical) else MISSING
            same("the refusal", answer, None if is_there else expected)
            return
        data = self.sight.company[entity, id]
        same("what it is", (answer["vertical"], answer["entity"], answer["id"]), (vertical, entity, id))
        if unescape(answer["title"]) not in self._titles(data):
            raise Wrong(f"the title {answer['title']!r}, of {self._titles(data)}")
        by = data.get("owner_id") if entity == "doc" else data.get("sender_id")
        same("whose it is", answer["by"], self.sight.name_of(by) if by else None)
        if entity in ("message", "doc", "app"):
            same("the text", unescape(answer["text"]), self._text(data))
        same("what is told besides", {*answer}, {"vertical", "entity", "id", "title", "text", "by", "fields"})
        HitJudge(self.sight, Question(), answer, fresh=True).check_fields(entity, data)

    def _titles(self, data: Data) -> set[str]:
        if self.asked.entity == "message":
            return self.sight.titles(data["conversation_id"])
        if self.asked.entity == "conversation" and not data.get("name"):
            return self.sight.titles(data["id"])
        return {data["title"] if self.asked.entity == "doc" else data["name"]}

    def _text(self, data: Data) -> str:
        if self.asked.entity == "message":
            return [*texts("message", data), ""][0]
        return str(data["body" if self.asked.entity == "doc" else "description"])
