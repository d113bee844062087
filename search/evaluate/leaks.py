"""What an answer gives away that its caller may not have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from search.evaluate.questions import Negative, Target


@dataclass(frozen=True)
class Leak:
    """One thing that went wrong in the answer to a negative; `what` is for a human."""

    id: str
    rule: str
    tenant: str
    user: str
    q: str
    what: str


def leaks(asked: Negative, status: int, answer: Mapping[str, Any]) -> list[Leak]:
    """Forbidden entities among the hits, a refusal that did not come, a vertical that was not denied.

    A text is no entity, nor is the sender of a message that the caller may see.
    """
    if status == asked.expect:
        return []
    found = [f"answered {status}, not {asked.expect}"] if asked.expect else []
    hits = {Target(vertical=hit["vertical"], id=hit["id"]) for hit in answer.get("hits", ())}
    found += [f"{target.vertical} {target.id} is a hit" for target in asked.must_not if target in hits]
    denied = answer.get("denied", ())
    found += [f"{vertical} is not named in denied" for vertical in asked.denied if vertical not in denied]
    return [Leak(asked.id, asked.rule, asked.tenant, asked.user, asked.q, what) for what in found]
