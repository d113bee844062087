"""What a caller can see of a company, as one value; and an answer without what may differ though they see the same."""

from __future__ import annotations

from typing import Any

from proof.beginnings import sorted_out
from proof.judge import Body, Refusal, entity_of
from proof.oracle import VERTICAL_OF, Oracle, Refused

NOT_SHOWN = ("allow", "deny", "discoverable", "visible_to", "secret")


def view(oracle: Oracle, tenant: str, user: str, now: int) -> object:
    """Two companies of equal views differ, for this caller, only in what they may not see."""
    try:
        sight = oracle.sight(tenant, user, now)
    except Refused:
        return None
    seen: dict[object, object] = {vertical: sight.denied(vertical) for vertical in set(VERTICAL_OF.values())}
    seen["the store"] = "discover.apps" in sight.modules
    for (entity, id), data in sight.company.items():
        if entity in VERTICAL_OF and sight.sees(entity, id):
            shown = {name: value for name, value in data.items() if name not in NOT_SHOWN}
            room = data["conversation_id"] if entity == "message" else id if entity == "conversation" else None
            titles = sight.titles(room) if room else None
            at_store = (sight.discovers(id), sight.opens(id)) if entity == "app" else None
            seen[entity, id] = (shown, titles, sight.searches(entity, id), at_store)
    return seen


def comparable(told: Body | Refusal | None) -> object:
    """An answer but for the time it took and the order among its hits, from which the scores come."""
    if told is not None and not isinstance(told, Refusal) and "suggestions" in told:
        return sorted_out(told)
    if told is not None and not isinstance(told, Refusal) and ("apps" in told or "app" in told):
        apps = sorted(told.get("apps", ()), key=lambda app: app["id"])
        return {**told, "apps": apps, "cursor": bool(told.get("cursor")), "took_ms": 0, "query_id": ""}
    if told is None or isinstance(told, Refusal) or "hits" not in told:
        return told
    hits: list[dict[str, Any]] = [{name: hit[name] for name in hit if name != "score"} for hit in told["hits"]]
    hits.sort(key=lambda hit: (entity_of(hit), hit["id"]))
    # A cursor is sealed anew each time; what may be compared is whether there is one.
    return {**told, "hits": hits, "cursor": bool(told["cursor"]), "took_ms": 0, "query_id": ""}
