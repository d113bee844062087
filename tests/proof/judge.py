"""Compares an answer with what the oracle says: entities, totals, texts, marks, fields, corrections, order."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from html import unescape
from typing import Any

from proof.matching import Verdict, texts, time_of, verdict
from proof.oracle import ENTITIES_OF, Data, Key, Sight
from proof.questions import Question
from proof.words import tokens

Body = Mapping[str, Any]
"""An answer of `GET /v1/search`."""

NAMING = ("from", "in")
"""Operators whose values are names."""
SECRET = ("secret", "allow", "deny", "discoverable", "visible_to")
_BLANKS = re.compile(r"\s+")


class Wrong(AssertionError):
    """An answer that is not what the contract says."""


@dataclass(frozen=True)
class Refusal:
    """An answer without hits: 403, and the text that was given."""

    text: str


def everything_counts(_: Key) -> bool:
    return True


@dataclass(frozen=True)
class Judge:
    """Judges answers to one caller. `settled`: whether a search has already seen an entity as it is now."""

    sight: Sight
    settled: Callable[[Key], bool] = everything_counts

    @property
    def fresh(self) -> bool:
        return self.settled is everything_counts

    def check(self, question: Question, answer: Body | Refusal) -> None:
        """Raises Wrong."""
        asked = question.verticals or list(ENTITIES_OF)
        denied = [vertical for vertical in asked if self.sight.denied(vertical)]
        refused = bool(denied) and bool(question.verticals) and len(asked) == 1
        _demand(refused == isinstance(answer, Refusal), "403 and only when the one vertical that was named is denied")
        if isinstance(answer, Refusal):
            return
        same("denied", set(answer["denied"]), set(denied))
        same("failed", answer["failed"], [])
        same("partial", answer["partial"], False)
        same("sections", set(answer["sections"]), set(asked) - set(denied))
        same("the text of the query", answer["query"]["text"], question.text)
        found = [(entity_of(hit), hit["id"]) for hit in answer["hits"]]
        self._check_entities(question, found, asked)
        if self.fresh:
            self._check_totals(question, found, answer)
            self._check_order(question, answer)
        for hit in answer["hits"]:
            HitJudge(self.sight, question, hit, self.fresh).check()
        self._check_correction(question, answer["query"]["corrected"])

    def _check_entities(self, question: Question, found: list[Key], asked: Sequence[str]) -> None:
        same("hits that come twice", [key for key, count in Counter(found).items() if count > 1], [])
        verdicts = self._verdicts(question, asked)
        same("hits that may not be", set(found) - {key for key, one in verdicts.items() if one}, set())
        # Before a refresh, whom an operator names is found as of the last one.
        if self.fresh or not any(condition.name in NAMING for condition in question.conditions):
            must = {key for key, one in verdicts.items() if one is Verdict.MUST and self.settled(key)}
            same("hits that are missing", must - set(found), set())

    def _verdicts(self, question: Question, asked: Sequence[str]) -> dict[Key, Verdict]:
        if not self.fresh:
            # And whoever is not found by a name yet is not left out by it.
            certain = [one for one in question.conditions if not (one.negated and one.name in NAMING)]
            question = replace(question, conditions=certain)
        return {
            (entity, id): verdict(self.sight, question, entity, id)
            for entity, id in self.sight.company
            if any(entity in ENTITIES_OF[vertical] for vertical in asked) and self.sight.searches(entity, id)
        }

    def _check_totals(self, question: Question, found: list[Key], answer: Body) -> None:
        for vertical, section in answer["sections"].items():
            hits = sum(entity in ENTITIES_OF[vertical] for entity, _ in found)
            same(f"the total of {vertical}", section, {"total": hits, "relation": "eq"})
        same("the cursor behind the last hit", answer["cursor"], None)

    def _check_order(self, question: Question, answer: Body) -> None:
        hits = answer["hits"]
        scores = [hit["score"] for hit in hits]
        _demand(all(0 < score <= 1 for score in scores), "scores between 0 and 1")
        if question.limit >= len(hits):
            same("scores", scores, sorted(scores, reverse=True))
        disabled = [hit["fields"].get("status") == "disabled" for hit in hits if hit["vertical"] == "contacts"]
        same("disabled people, who go after the others", disabled, sorted(disabled))
        if question.sort != "relevance":
            timed = [time_of(entity_of(hit), self.sight.company[entity_of(hit), hit["id"]]) for hit in hits]
            times = [at for at in timed if at is not None]
            same("times", times, sorted(times, reverse=question.sort == "newest"))

    def _check_correction(self, question: Question, corrected: str | None) -> None:
        """Nothing is in it but what was typed and what the caller finds."""
        if corrected is None:
            return
        known = set(tokens(question.q))
        for (entity, id), data in self.sight.company.items():
            if entity not in ("member", "role") and self.sight.searches(entity, id):
                known.update(token for text in texts(entity, data) for token in tokens(text))
        same("words in the correction that are nowhere to be seen", set(tokens(corrected)) - known, set())


def entity_of(hit: Body) -> str:
    entities = ENTITIES_OF[hit["vertical"]]
    return entities[0] if len(entities) == 1 else str(hit["fields"]["kind"])


@dataclass(frozen=True)
class HitJudge:
    """One hit that the caller may see: whether what is shown of it is what it holds now."""

    sight: Sight
    question: Question
    hit: Body
    fresh: bool

    def check(self) -> None:
        entity = entity_of(self.hit)
        data = self.sight.company[entity, self.hit["id"]]
        self._check_title(entity, data)
        self._check_snippet(entity, data)
        self.check_fields(entity, data)

    def _check_title(self, entity: str, data: Data) -> None:
        shown = Shown(self.hit["title"])
        _demand(shown.text in self._titles(entity, data), f"the title {shown.text!r}, of {self._titles(entity, data)}")
        self._check_marks(shown)
        if entity == "message":
            return
        self._check_all_marked(shown)
        [word] = self.question.words if len(self.question.words) == 1 else [None]
        if word and word.way in ("pinyin", "initials") and entity != "doc" and word.word.written in tokens(shown.text):
            _demand(word.word.written in shown.marked, f"{word.text}, by which it was found, marked in {shown.text!r}")

    def _titles(self, entity: str, data: Data) -> set[str]:
        if entity == "message":
            return self.sight.titles(data["conversation_id"])
        if entity == "conversation" and not data.get("name"):
            return self.sight.titles(data["id"])
        return {data["title"] if entity == "doc" else data["name"]}

    def _check_snippet(self, entity: str, data: Data) -> None:
        shown = Shown(self.hit["snippet"])
        self._check_marks(shown)
        self._check_all_marked(shown)
        if entity in ("user", "department", "conversation"):
            held = {token for text in texts(entity, data) for token in tokens(text)}
            same("words in the snippet that it does not hold", set(tokens(shown.text)) - held, set())
            return
        passages = {_BLANKS.sub(" ", text) for text in self._passages(entity, data)} or {""}
        _demand(shown.text in passages, f"the snippet {shown.text!r}, of {passages}")
        asked = self._asked()
        if any(asked & set(tokens(passage)) for passage in passages):
            _demand(bool(asked & set(tokens(shown.text))), f"a passage that holds what was asked, not {shown.text!r}")

    def _passages(self, entity: str, data: Data) -> list[str]:
        return texts(entity, data) if entity == "message" else [data["body" if entity == "doc" else "description"]]

    def _asked(self) -> set[str]:
        """What was asked for as it is written."""
        plain = {typed.word.written for typed in self.question.words if typed.way == "written"}
        return plain | {phrase[0].written for phrase in self.question.phrases if len(phrase) == 1}

    def _check_marks(self, shown: Shown) -> None:
        meant = {typed.word.written for typed in self.question.words}
        meant |= {word.written for phrase in self.question.phrases for word in phrase}
        # Of a mistyped 贵花 the 花 is what was asked for, wherever no more of it stands.
        slips = [typed.text for typed in self.question.words if typed.way == "slip" and not typed.text.isascii()]
        meant |= {one for slip in slips for one in slip}
        same(f"words that nobody asked for, marked in {shown.text!r}", set(shown.marked) - meant, set())
        _demand(bool(slips) or shown.whole, f"whole words marked, not {self.hit}")

    def _check_all_marked(self, shown: Shown) -> None:
        unmarked = set(shown.unmarked) & self._asked()
        same(f"words that were asked for, not marked in {shown.text!r}", unmarked, set())

    def check_fields(self, entity: str, data: Data) -> None:
        fields = dict(self.hit["fields"])
        same("fields that are nobody's business", [name for name in SECRET if name in fields], [])
        if entity == "message":
            room = self.sight.company["conversation", data["conversation_id"]]
            self._check_sender(fields.pop("sender_name", None), self.sight.name_of(data["sender_id"]))
            same("archived", fields.pop("archived", False), room["archived"])
            same("where, who and when", [fields.get(name) for name in _OF_MESSAGES], [data[n] for n in _OF_MESSAGES])
        if entity in ENTITIES_OF["contacts"]:
            same("kind", fields.pop("kind"), entity)
            fields.pop("conversation_kind", None)
            same("status", fields.get("status"), data.get("status"))
            same("archived", fields.get("archived"), data.get("archived"))
        if entity == "app":
            self.check_access(fields)
        same("fields", fields, {name: data.get(name) for name in fields})

    def check_access(self, fields: dict[str, Any]) -> None:
        """Of an app that the caller may only ask for, where it is opened is not told; and takes the mark out."""
        opens = self.sight.opens(self.hit["id"])
        same("access", fields.pop("access", "open"), "open" if opens else "request")
        told = {"url", "request_url"} & fields.keys()
        same("where it is opened or asked for", told - {"url" if opens else "request_url"}, set())
        same("where it is opened", "url" in fields, opens)

    def _check_sender(self, shown: str | None, name: str | None) -> None:
        # Until the refresh, of a message that has another sender now nobody's name is known.
        if shown or self.fresh:
            same("sender_name", shown, name)


_OF_MESSAGES = ("conversation_id", "sender_id", "sent_at")


class Shown:
    """A title or a snippet as it is read: `text`, and the words in it that are marked and those that are not.

    `whole`: no mark begins or ends within a word.
    """

    def __init__(self, html: str) -> None:
        parts = re.split(r"<em>(.*?)</em>", html)
        _demand(not any("<" in part or ">" in part for part in parts), f"<em> as the only markup, not {html!r}")
        plain = [unescape(part) for part in parts]
        self.text = "".join(plain)
        self.marked = [token for part in plain[1::2] for token in tokens(part)]
        self.unmarked = [token for part in plain[::2] for token in tokens(part)]
        _demand(all(plain[1::2]), f"something in every mark, not {html!r}")
        self.whole = Counter(self.marked + self.unmarked) == Counter(tokens(self.text))


def _demand(held: bool, what: str) -> None:
    if not held:
        raise Wrong(f"expected {what}")


def same(what: str, found: object, expected: object) -> None:
    if found != expected:
        raise Wrong(f"{what}: {found}, expected {expected}")
