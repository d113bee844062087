"""Finds leaks: entities in an answer that its caller must not find."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from search.evaluate.questions import Negative, Target


@dataclass(frozen=True)
class Leak:
    """One fault in the answer to a negative question. `what`: a description for people."""

    id: str
    rule: str
    tenant: str
    user: str
    q: str
    what: str


def leaks(asked: Negative, status: int, answer: Mapping[str, Any]) -> list[Leak]:
    """Return the leaks: forbidden entities among the hits, a missing refusal, verticals that were not denied.

    Only hits count: a text is no entity, and the sender of a visible message may be named.
    """
    if status == asked.expect:
        return []
    found = [f"answered {status}, not {asked.expect}"] if asked.expect else []
    hits = {Target(vertical=hit["vertical"], id=hit["id"]) for hit in answer.get("hits", ())}
    found += [f"{target.vertical} {target.id} is a hit" for target in asked.must_not if target in hits]
    denied = answer.get("denied", ())
    found += [f"{vertical} is not named in denied" for vertical in asked.denied if vertical not in denied]
    return [Leak(asked.id, asked.rule, asked.tenant, asked.user, asked.q, what) for what in found]
