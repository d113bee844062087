"""Messages: found by their words, seen by whoever may read their conversation at the time they were sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from operator import attrgetter
from typing import Any

from mappings.collection import Storage
from mappings.entities import Card, CardField, Message
from mappings.filters import AFTER, BEFORE, FROM, HAS, IN, TYPE
from mappings.parts import (
    AS_IT_IS,
    Choice,
    Display,
    Fact,
    Field,
    Filtered,
    InConversation,
    Joined,
    Labels,
    Matching,
    Ranking,
    Shown,
    Text,
)
from mappings.vertical import Vertical


def features(message: Message) -> list[str] | None:
    """Return what a message holds besides text; None where it holds nothing."""
    found = []
    if message.attachments or message.kind == "file":
        found.append("file")
    if message.links or "://" in message.text:
        found.append("link")
    if message.kind == "image" or any((file.mime or "").startswith("image/") for file in message.attachments or ()):
        found.append("image")
    return found or None


def texts(message: Message) -> Iterator[str]:
    """Yield the message's own text, then the names of its files, its links and what its card says."""
    yield message.text
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
    return Shown(None, [text for text in texts(message) if text], fields)


VERTICAL = Vertical(
    name="messages",
    module="search.messages",
    storage=Storage("changes.messages", {"message": Message}),
    access=InConversation(conversation=attrgetter("conversation_id"), said_at=attrgetter("sent_at")),
    matching=Matching(texts=(Text("text", texts, boost=1.0, words=1.0, bigrams=0.6, chars=0.2, literal=3.0),)),
    ranking=Ranking(recency=Field("sent_at"), is_timed_for_good=True, order=3),
    filters=(
        Filtered(FROM, Field("sender_id", attrgetter("sender_id"))),
        Filtered(IN, Field("conversation_id")),
        Filtered(
            TYPE,
            Field("kind", attrgetter("kind")),
            choices=(
                Choice("message", "消息", Labels("消息", "Message"), of=("text", "file", "card", "image", "system")),
                Choice("text", "文本", Labels("文本", "Text")),
                Choice("file", "文件", Labels("文件", "File")),
                Choice("card", "卡片", Labels("卡片", "Card")),
                Choice("image", "图片 照片", Labels("图片", "Image")),
            ),
        ),
        Filtered(
            HAS,
            Field("has", features),
            choices=(
                Choice("file", "文件 附件 attachment", Labels("文件", "File")),
                Choice("link", "链接 url", Labels("链接", "Link")),
                Choice("image", "图片 照片", Labels("图片", "Image")),
            ),
        ),
        Filtered(AFTER, Field("sent_at")),
        Filtered(BEFORE, Field("sent_at")),
    ),
    display=Display(
        labels=Labels("消息", "Messages"),
        icon="messages",
        tab=0,
        show=show,
        facts=(
            Fact("sender_name", Labels("发送人", "Sender"), line=AS_IT_IS, otherwise="sender_id", filter=FROM.name),
            Fact("sent_at", Labels("发送时间", "Sent"), "time", line=AS_IT_IS),
            Fact("attachments", Labels("附件", "Attachments"), "files", line=AS_IT_IS),
            Fact("links", Labels("链接", "Links"), "address"),
        ),
        joined=Joined(conversation="conversation_id", people={"sender_id": "sender_name"}),
    ),
)
