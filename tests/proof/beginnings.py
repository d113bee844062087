"""What is typed for a name, asked for by callers as it is typed, and what the oracle says of the suggestions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from proof.judge import Body, HitJudge, Refusal, Shown, Wrong, everything_counts, same
from proof.matching import names
from proof.oracle import ENTITIES_OF, VERTICAL_OF, Data, Key, Sight
from proof.questions import Question, Typed
from proof.words import HAN, WORDS, tokens

MOST = 20
KINDS = {"user": "person", "department": "department", "conversation": "group", "app": "app", "doc": "doc"}
OF_OPERATOR = {"from": "user", "in": "conversation"}


@dataclass(frozen=True)
class Beginning:
    """A word typed for a name, or nothing; `operator`: behind which."""

    word: Typed | None = None
    operator: str | None = None

    @property
    def params(self) -> Mapping[str, Any]:
        """The parameters of `GET /v1/suggest`."""
        typed = self.word.text if self.word else ""
        return {"q": f"{self.operator}:{typed}" if self.operator else typed, "limit": MOST}


_ways = st.sampled_from(("written", "written", "pinyin", "initials", "slip"))
_word = st.builds(Typed, st.sampled_from((*WORDS, *HAN)), _ways)
beginning = st.builds(Beginning, st.one_of(_word, _word, _word, st.none()), st.sampled_from((None, None, *OF_OPERATOR)))


@dataclass(frozen=True)
class BeginningJudge:
    """Judges one answer to one caller. `settled`: whether a search has already seen an entity as it is now."""

    sight: Sight
    asked: Beginning
    settled: Callable[[Key], bool] = everything_counts

    def check(self, answer: Body | Refusal) -> None:
        """Raises Wrong."""
        if isinstance(answer, Refusal):
            raise Wrong("a refusal of a caller who may ask")
        same("failed", (answer["failed"], answer["partial"]), ([], False))
        found = [self._key(one) for one in answer["suggestions"]]
        same("suggestions that come twice", len(found) - len(set(found)), 0)
        for key, one in zip(found, answer["suggestions"], strict=True):
            self._check(key, one)
        missing = set(self._must()) - set(found)
        if len(found) < MOST:
            same("suggestions that are missing", missing, set())

    def _key(self, one: Mapping[str, Any]) -> Key:
        entities = [entity for entity, kind in KINDS.items() if kind == one["kind"]]
        if len(entities) != 1 or one["vertical"] != VERTICAL_OF[entities[0]]:
            raise Wrong(f"a suggestion of no kind that there is: {one}")
        return entities[0], one["id"]

    def _check(self, key: Key, one: Mapping[str, Any]) -> None:
        if not self.sight.searches(*key):
            raise Wrong(f"{key}, which the caller may not find")
        data = self.sight.company[key]
        if self.asked.operator:
            same("what stands behind the operator", key[0], OF_OPERATOR[self.asked.operator])
            same("the token", one["token"], f"{self.asked.operator}:{key[1]}")
        if self.asked.word and not self._is_called(key[0], data, may_serve=True):
            raise Wrong(f"{key}, which is not called {self.asked.word}")
        same("what it is called", Shown(one["title"]).text, data["title" if key[0] == "doc" else "name"])
        told = {part for part in one["detail"].split(" · ") if part}
        same("what else is told of it", told - set(self._known(key[0], data)), set())
        fields = dict(one["fields"])
        if key[0] == "app":
            HitJudge(self.sight, Question(), {"id": key[1]}, fresh=True).check_access(fields)
        own = {"kind": key[0], "conversation_kind": data.get("kind")} if VERTICAL_OF[key[0]] == "contacts" else {}
        same("fields", fields, {name: own.get(name, data.get(name)) for name in fields})

    def _known(self, entity: str, data: Data) -> Iterator[str]:
        """What may stand beside a name: its own, departments, and whom the caller may see."""
        yield from (str(data[name]) for name in ("title", "english_name", "category", "developer") if data.get(name))
        for id in data.get("department_ids") or ():
            if entity == "user" and ("department", id) in self.sight.company:
                yield self.sight.company["department", id]["name"]
        if entity == "doc" and ("user", data["owner_id"]) in self.sight.company:
            yield self.sight.name_of(data["owner_id"]) or ""

    def _is_called(self, entity: str, data: Data, *, may_serve: bool = False) -> bool:
        """Whether the word that is typed, in whatever way, stands in one of its names; of an app, in what it is for."""
        assert self.asked.word
        called = [data["title"]] if entity == "doc" else names(entity, data)
        if may_serve and entity == "app":
            called += [data["category"], *(data.get("tags") or ())]
        return any(self.asked.word.word.written in tokens(name) for name in called)

    def _must(self) -> Iterator[Key]:
        """What is called so, in whole words, and was searchable as it is now."""
        word = self.asked.word
        if word is None or word.way == "slip":
            return
        for (entity, id), data in self.sight.company.items():
            wanted = entity == OF_OPERATOR[self.asked.operator] if self.asked.operator else entity in KINDS
            if not wanted or (entity == "conversation" and data["kind"] == "direct"):
                continue
            if self._is_called(entity, data) and self.settled((entity, id)) and self.sight.searches(entity, id):
                yield entity, id


def sorted_out(told: Mapping[str, Any]) -> Mapping[str, Any]:
    """An answer but for the time it took, its own name, and the order among suggestions."""
    suggestions = sorted(told["suggestions"], key=lambda one: (one["kind"], one["id"] or "", one["text"] or ""))
    return {**told, "suggestions": suggestions, "took_ms": 0, "query_id": ""}


assert set(KINDS) == {entity for entities in ENTITIES_OF.values() for entity in entities} - {"message"}
