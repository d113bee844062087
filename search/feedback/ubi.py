"""Answers and clicks as documents in the form of User Behavior Insights 1.3, and back; pure.

Version 1.3.0 of the JSON schemas at https://github.com/o19s/ubi; the entity's vertical is `object_id_type`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from mappings.properties import Document
from search.feedback.noted import Clicked, Noted


@dataclass(frozen=True, slots=True)
class Answered:
    """What is kept of an answer, as far as clicks need it.

    `user_query`: the text or its hash, as stored. `text`: what may become a recent search; None where nothing may.
    """

    user: str
    app: str | None
    personal: bool
    source: str
    user_query: str
    entities: Sequence[tuple[str, str]]
    text: str | None = None


def stamp(moment: datetime) -> str:
    """Return a time as UBI's tools and mapping take it: `2026-03-02T09:15:04.120Z`, never `+00:00` at its end."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def query_document(noted: Noted, user_query: str) -> Document:
    """Return the document of `ubi_queries`. `user_query`: the text, or what stands for it."""
    attributes: Document = {"personal": noted.personal, "verticals": [vertical for vertical, _ in noted.entities]}
    if noted.app is not None:
        attributes["app"] = noted.app
    return {
        "application": noted.source,
        "query_id": noted.query_id,
        "client_id": noted.user,
        "user_query": user_query,
        "timestamp": stamp(noted.at),
        "query_response_id": noted.query_id,
        "query_response_hit_ids": [id for _, id in noted.entities],
        "query_attributes": attributes,
    }


def answered(stored: Mapping[str, Any], text: str | None) -> Answered:
    """Return what a document of `ubi_queries` says. `text`: the question, where it is still kept."""
    attributes = stored["query_attributes"]
    return Answered(
        user=stored["client_id"],
        app=attributes.get("app"),
        personal=attributes["personal"],
        source=stored["application"],
        user_query=stored["user_query"],
        entities=list(zip(attributes["verticals"], stored["query_response_hit_ids"], strict=True)),
        text=text,
    )


def is_of(clicked: Clicked, answer: Answered) -> bool:
    """Return whether this answer was given to this very caller, with the entity that the click names in it."""
    if (clicked.user, clicked.app) != (answer.user, answer.app):
        return False
    return clicked.click.action == "submit" or _entity(clicked) in answer.entities


def event_document(clicked: Clicked, answer: Answered) -> Document:
    """Return the document of `ubi_events` for a click that `is_of` the answer."""
    click = clicked.click
    document: Document = {
        "application": answer.source,
        "action_name": click.action,
        "query_id": click.query_id,
        "client_id": clicked.user,
        "user_query": answer.user_query,
        "timestamp": stamp(clicked.at),
    }
    if click.action == "submit":
        return document
    place = list(answer.entities).index(_entity(clicked)) + 1
    return document | {
        "event_attributes": {
            "object": {"object_id": click.id, "object_id_type": click.vertical},
            "position": {"ordinal": place if click.position is None else click.position},
            "personal": answer.personal and clicked.personal,
        }
    }


def event_id(clicked: Clicked) -> str:
    """Return the event's id: what is done to an entity of an answer again, or sent again, is the same event."""
    click = clicked.click
    return "/".join([click.query_id, click.action, *([] if click.action == "submit" else _entity(clicked))])


def _entity(clicked: Clicked) -> tuple[str, str]:
    return clicked.click.vertical or "", clicked.click.id or ""
