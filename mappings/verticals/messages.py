"""Messages: found by their words, seen by whoever may read their conversation at the time they were sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from analyzers import Cut
from mappings.entities import Card, CardField, Message
from mappings.properties import KEYWORD, Document
from mappings.vertical import Guard, Shown, TextField, Vertical

TEXT = TextField("text", boost=1.0, words=1.0, bigrams=0.6, chars=0.2, literal=3.0)


def to_document(_: str, message: Message, cut: Cut | None) -> Document:
    document: Document = {
        "conversation_id": message.conversation_id,
        "sender_id": message.sender_id,
        "sent_at": message.sent_at,
        "kind": message.kind,
    }
    if features := _features(message):
        document["has"] = features
    document.update(TEXT.terms(message.text, *_extra_texts(message), cut=cut))
    return document


def _features(message: Message) -> list[str]:
    features = []
    if message.attachments or message.kind == "file":
        features.append("file")
    if message.links or "://" in message.text:
        features.append("link")
    if message.kind == "image" or any((file.mime or "").startswith("image/") for file in message.attachments or ()):
        features.append("image")
    return features


def _extra_texts(message: Message) -> Iterator[str]:
    for file in message.attachments or ():
        yield file.name
    yield from message.links or ()
    if message.card:
        yield from _card_texts(message.card)


def _card_texts(card: Card) -> Iterator[str]:
    yield card.title or ""
    for entry in card.fields or ():
        yield f"{entry.name or ''} {entry.value or ''}" if isinstance(entry, CardField) else entry


def show(_: str, original: Mapping[str, Any]) -> Shown:
    message = Message.model_validate(original)
    fields = {name: original[name] for name in ("conversation_id", "sender_id", "sent_at", "kind")}
    optional = ("edited_at", "thread_id", "attachments", "links")
    fields |= {name: original[name] for name in optional if original.get(name)}
    return Shown(None, [text for text in (message.text, *_extra_texts(message)) if text], fields)


VERTICAL = Vertical(
    name="messages",
    stream="changes.messages",
    entities={"message": Message},
    properties={
        "conversation_id": KEYWORD,
        "sender_id": KEYWORD,
        "sent_at": {"type": "long"},
        "kind": KEYWORD,
        "has": KEYWORD,
        **TEXT.properties(),
    },
    to_document=to_document,
    module="search.messages",
    guard=Guard.CONVERSATION,
    texts=[TEXT],
    show=show,
    recency="sent_at",
    people="sender_id",
    conversation="conversation_id",
    kinds="kind",
    features="has",
    order=3,
)
