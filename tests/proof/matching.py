"""Whether an entity must, may or may never be found by a question, as far as the contract and the words say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import IntEnum

from proof.oracle import Data, Sight, moment
from proof.questions import Condition, Question, Typed
from proof.words import Word, tokens


class Verdict(IntEnum):
    """MAY is where the contract is silent: one of several words, a small typo, part of a name, marks in a phrase."""

    NEVER = 0
    MAY = 1
    MUST = 2


def texts(entity: str, data: Data) -> list[str]:
    """Everything of an entity that is searched."""
    match entity:
        case "message":
            found = [data["text"], *data.get("links", ()), *(file["name"] for file in data.get("attachments", ()))]
            if card := data.get("card"):
                found += [card["title"], *card["fields"]]
        case "doc":
            found = [data["title"], data["body"]]
        case "app":
            found = [data["name"], data["description"], data["category"], *data.get("tags", ()), data.get("developer")]
        case "user":
            found = [*names(entity, data), data.get("title"), data.get("phone")]
        case _:
            found = names(entity, data)
    return [text for text in found if text]


def names(entity: str, data: Data) -> list[str]:
    """What an entity is called, by which it is also found in pinyin; docs and messages have no name."""
    if entity in ("message", "doc"):
        return []
    more = [data.get("english_name"), *data.get("aliases", ())] if entity == "user" else []
    return [name for name in (data.get("name"), *more) if name]


def verdict(sight: Sight, question: Question, entity: str, id: str) -> Verdict:
    """The word alone; whether the caller may see the entity is not asked here."""
    data = sight.company[entity, id]
    return min(
        (
            *_words(question.words, entity, data),
            *(_phrase(phrase, entity, data) for phrase in question.phrases),
            *(Verdict(Verdict.MUST - _phrase((word,), entity, data)) for word in question.excluded),
            *(_condition(sight, condition, entity, id) for condition in question.conditions),
        ),
        default=Verdict.NEVER,
    )


def _certainly(found: bool) -> Verdict:
    return Verdict.MUST if found else Verdict.NEVER


def _words(words: Sequence[Typed], entity: str, data: Data) -> Iterator[Verdict]:
    if not words:
        return
    each = [_word(typed, entity, data) for typed in words]
    if len(each) == 1 or max(each) is Verdict.NEVER:
        yield max(each)
    elif all(typed.way == "written" for typed in words) and min(each) is Verdict.MUST:
        yield Verdict.MUST
    else:
        yield Verdict.MAY


def _word(typed: Typed, entity: str, data: Data) -> Verdict:
    looked_at = texts(entity, data) if typed.way == "written" else names(entity, data)
    if not any(typed.word.written in tokens(text) for text in looked_at):
        return Verdict.NEVER
    return Verdict.MAY if typed.way == "slip" else Verdict.MUST


def _phrase(phrase: Sequence[Word], entity: str, data: Data) -> Verdict:
    """Whether one of the texts holds these words in a row; MAY: with more than blanks between them."""
    wanted = [word.written for word in phrase]
    return max((_in_a_row(wanted, text) for text in texts(entity, data)), default=Verdict.NEVER)


def _in_a_row(wanted: Sequence[str], text: str) -> Verdict:
    held = tokens(text)
    if not any(held[at : at + len(wanted)] == wanted for at in range(len(held))):
        return Verdict.NEVER
    return Verdict.MUST if " ".join(wanted) in text else Verdict.MAY


def _condition(sight: Sight, condition: Condition, entity: str, id: str) -> Verdict:
    data = sight.company[entity, id]
    match condition.name:
        case "from":
            person = {"message": data.get("sender_id"), "doc": data.get("owner_id")}.get(entity)
            found = _named(sight, "user", condition, person)
        case "in":
            room = data["conversation_id"] if entity == "message" else None
            found = _named(sight, "conversation", condition, room)
        case "type":
            found = _certainly(condition.text in _kinds(entity, data))
        case "has":
            found = _certainly(condition.text in _features(entity, data))
        case _:
            found = _certainly(_in_time(condition, entity, data))
    return Verdict(Verdict.MUST - found) if condition.negated else found


def _kinds(entity: str, data: Data) -> set[str]:
    own = {data["kind"]} if "kind" in data else set()
    return own | ({entity} if entity in ("user", "department", "conversation") else set())


def _features(entity: str, data: Data) -> set[str]:
    if entity != "message":
        return set()
    found = {"file"} if data.get("attachments") or data["kind"] == "file" else set()
    found |= {"link"} if data.get("links") else set()
    return found | ({"image"} if data["kind"] == "image" else set())


def time_of(entity: str, data: Data) -> int | None:
    """By which an entity is older or newer, in microseconds; contacts have none."""
    name = {"message": "sent_at", "doc": "updated_at", "app": "published_at"}.get(entity)
    return moment(data[name]) if name else None


def _in_time(condition: Condition, entity: str, data: Data) -> bool:
    at, limit = time_of(entity, data), moment(condition.text)
    if at is None:
        return False
    return at < limit if condition.name == "before" else at >= limit


def _named(sight: Sight, entity: str, condition: Condition, id: str | None) -> Verdict:
    """Whether `id` is one of the visible people or conversations that the condition names."""
    if id is None:
        return Verdict.NEVER
    must, may = _resolved(sight, entity, condition)
    return Verdict.MUST if id in must else Verdict.MAY if id in may else Verdict.NEVER


def _resolved(sight: Sight, entity: str, condition: Condition) -> tuple[set[str], set[str]]:
    """The ids that a value surely means, and those that it may mean: an id; or a whole name; or pinyin or a part."""
    visible = {id: names(entity, data) for (kind, id), data in sight.company.items() if kind == entity}
    visible = {id: called for id, called in visible.items() if sight.sees(entity, id)}
    ids = {condition.text} & visible.keys()
    # (7) Names come only from verticals whose module the caller has.
    visible = {id: called for id, called in visible.items() if sight.searches(entity, id)}
    by_name = {id for id, called in visible.items() if condition.text in called}
    exactly = ids or by_name
    if exactly:
        return exactly, exactly
    typed = condition.value
    written = tokens(typed) if isinstance(typed, str) else [typed.word.written]
    by_pinyin = not isinstance(typed, str) and typed.way == "pinyin"
    whole = {id for id, called in visible.items() if by_pinyin and written[0] in called}
    parts = {id for id, called in visible.items() if any(set(written) <= set(tokens(name)) for name in called)}
    return whole, parts
