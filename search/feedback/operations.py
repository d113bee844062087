"""What is written of answers and clicks, as operations of one bulk request; pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, Literal

import orjson

from mappings import feedback as stored
from mappings.properties import Document
from search.feedback import recents, ubi
from search.feedback.noted import Clicked, Noted
from search.feedback.queue import What
from search.feedback.ubi import Answered

Outcome = Literal["done", "again", "refused"]

_AGAIN = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.TOO_MANY_REQUESTS, *(s for s in HTTPStatus if s >= 500)})
_TRIES = 3
_COUNTED_AS: Mapping[str, What] = {
    stored.QUERIES: "answer",
    stored.EVENTS: "click",
    stored.ASKED: "text",
    stored.SEARCHERS: "recent",
}


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a bulk request. `kind`: of the index."""

    kind: str
    tenant: str
    verb: Literal["index", "create", "update"]
    id: str
    body: Document

    @property
    def what(self) -> What:
        """Return as what it is counted."""
        return _COUNTED_AS[self.kind]

    def lines(self) -> bytes:
        """Return the operation as the engine's bulk request has it."""
        action: dict[str, Any] = {"_index": stored.alias(self.kind, self.tenant), "_id": self.id}
        if self.verb == "update":
            action["retry_on_conflict"] = _TRIES
        return orjson.dumps({self.verb: action}) + b"\n" + orjson.dumps(self.body) + b"\n"

    def outcome(self, status: int) -> Outcome:
        """Return what the status in the engine's answer comes to."""
        if status < HTTPStatus.MULTIPLE_CHOICES or (status == HTTPStatus.CONFLICT and self.verb == "create"):
            return "done"
        # A conflict: others changed the document so often meanwhile that the update gave up.
        return "again" if status in _AGAIN or status == HTTPStatus.CONFLICT else "refused"


def of_answer(noted: Noted, document: Document, *, keeps_text: bool) -> Iterator[Operation]:
    """Yield what is written of an answer. `document`: of `ubi_queries`. `keeps_text`: whether recents are on."""
    yield Operation(stored.QUERIES, noted.tenant, "index", noted.query_id, document)
    if keeps_text and (text := asked_text(noted)):
        body = {"client_id": noted.user, "timestamp": ubi.stamp(noted.at), "text": text}
        yield Operation(stored.ASKED, noted.tenant, "index", noted.query_id, body)


def asked_text(noted: Noted) -> str | None:
    """Return the text that may become a recent search; None for a question of no words, or of another box.

    What is typed for suggestions is half a word, and a question to the app store is none to the search.
    """
    return recents.tidy(noted.text) or None if noted.personal and noted.source == "search" else None


def of_clicks(
    matched: Iterable[tuple[Clicked, Answered]], new_id: Callable[[], str], now: datetime
) -> Iterator[Operation]:
    """Yield what is written of clicks and the answers that they are of. `new_id`: makes ids of recent searches."""
    meant: dict[tuple[str, str], list[tuple[str, str, datetime]]] = {}
    for clicked, answer in matched:
        document = ubi.event_document(clicked, answer)
        yield Operation(stored.EVENTS, clicked.tenant, "create", ubi.event_id(clicked), document)
        if text := recents.meant(clicked, answer):
            meant.setdefault((clicked.tenant, clicked.user), []).append((new_id(), text, clicked.at))
    for (tenant, user), added in meant.items():
        body = upserting(user, recents.change(now, add=added))
        yield Operation(stored.SEARCHERS, tenant, "update", user, body)


def of_searchers(written: Iterable[Operation]) -> Iterator[Operation]:
    """Yield what says of whom there is feedback, where it is not said yet, so that it can be removed with them."""
    users = {(one.tenant, one.body["client_id"]) for one in written if one.kind in (stored.QUERIES, stored.EVENTS)}
    for tenant, user in sorted(users):
        yield Operation(stored.SEARCHERS, tenant, "create", user, recents.searcher(user))


def upserting(user: str, script: Document) -> Document:
    """Return the body of an update by a script, of a document that need not be there."""
    return {"script": script, "scripted_upsert": True, "upsert": recents.searcher(user)}
