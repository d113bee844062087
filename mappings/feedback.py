"""Where feedback is kept: questions and clicks in the form of User Behavior Insights (UBI) 1.3, and recent searches."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from mappings.properties import KEYWORD, Properties

QUERIES: Final = "ubi_queries"
EVENTS: Final = "ubi_events"
ASKED: Final = "feedback_asked"  # the text of a question that may still become a recent search
SEARCHERS: Final = "feedback_searchers"  # one document a user: who has feedback, and their recent searches
KINDS: Final = (QUERIES, EVENTS, ASKED, SEARCHERS)
"""What holds something of single users, and goes with them."""
FIGURES: Final = "feedback_figures"  # one document: what questions came to, by the rule of groups; of nobody alone

# Of the mappings: an index of an older one goes on under its own name.
_VERSION: Final = 1

_DATE: Properties = {"type": "date"}
# A user's id may have 128 characters, where UBI's own mapping indexes 100: removing a user's must find them all.
_CLIENT: Properties = {"type": "keyword", "ignore_above": 256}
_SHORT: Properties = {"type": "keyword", "ignore_above": 100}
_LONGER: Properties = {"type": "keyword", "ignore_above": 256}
_TEXT: Properties = {"type": "text", "fields": {"keyword": _LONGER}}

# Field for field as the engine's UBI plugin has them, so that its tools read them; and those of UBI 1.3 that it lacks.
_QUERY: Properties = {
    "application": _LONGER,
    "timestamp": _DATE,
    "query_id": _SHORT,
    "query": {"type": "text"},
    "query_response_id": _SHORT,
    "query_response_hit_ids": KEYWORD,
    "user_query": _TEXT,
    "query_attributes": {"type": "flat_object"},
    "object_id_field": _SHORT,
    "client_id": _CLIENT,
    "indexes": KEYWORD,
}
_POSITION: Properties = {
    "ordinal": {"type": "integer"},
    "x": {"type": "integer"},
    "y": {"type": "integer"},
    "page_depth": {"type": "integer"},
    "scroll_depth": {"type": "integer"},
    "trail": _TEXT,
}
_OBJECT: Properties = {
    "internal_id": KEYWORD,
    "object_id": _LONGER,
    "object_id_type": _SHORT,
    "object_id_field": _SHORT,
    "name": _LONGER,
    "description": _TEXT,
    "object_detail": {"type": "object", "enabled": False},
}
_EVENT: Properties = {
    "application": _LONGER,
    "action_name": _SHORT,
    "query_id": _SHORT,
    "session_id": _SHORT,
    "client_id": _CLIENT,
    "user_id": _CLIENT,
    "user_query": _TEXT,
    # Not the plugin's `rfc3339_lenient||epoch_millis`, by which the engine refuses RFC 3339 itself.
    "timestamp": _DATE,
    "message_type": _SHORT,
    "message": {"type": "keyword", "ignore_above": 1024},
    "event_attributes": {
        "properties": {
            "position": {"properties": _POSITION},
            "object": {"properties": _OBJECT},
            # Ours, as UBI lets one add: whether the event may count for the caller's own order and suggestions.
            "personal": {"type": "boolean"},
        }
    },
}

MAPPINGS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        QUERIES: {"dynamic": False, "properties": _QUERY},
        EVENTS: {"dynamic": False, "properties": _EVENT},
        ASKED: {
            "dynamic": "strict",
            "properties": {"client_id": _CLIENT, "timestamp": _DATE, "text": {"type": "object", "enabled": False}},
        },
        # `entries`: newest first. `oldest`: the time of their last. `cleared`: what is older never becomes one.
        SEARCHERS: {
            "dynamic": "strict",
            "properties": {
                "client_id": _CLIENT,
                "oldest": {"type": "date", "format": "epoch_millis"},
                "cleared": {"type": "long", "index": False},
                "entries": {"type": "object", "enabled": False},
            },
        },
        FIGURES: {
            "dynamic": "strict",
            "properties": {
                "at": {"type": "date", "format": "epoch_millis"},
                "figures": {"type": "object", "enabled": False},
            },
        },
    }
)


def alias(kind: str, tenant: str) -> str:
    """Return the name by which a tenant's index is read and written.

    No collection's aliases or indices are called so: those begin with its name and a dot or a dash.
    """
    return f"{kind}.{tenant}"


def tenant_of(alias: str) -> str:
    """Return the tenant that an alias of `alias()` is of."""
    return alias.partition(".")[2]


def index(kind: str, tenant: str) -> str:
    """Return the name of the index behind the alias; a tenant's name has no dots."""
    return f"{alias(kind, tenant)}.{_VERSION}"


def creation(kind: str, tenant: str, replicas: int) -> dict[str, Any]:
    """Return the body of the request that makes the index with its alias."""
    return {
        "settings": {"index": {"number_of_shards": 1, "number_of_replicas": replicas}},
        "mappings": MAPPINGS[kind],
        "aliases": {alias(kind, tenant): {}},
    }
