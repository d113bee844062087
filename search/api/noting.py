"""Notes an answer, so that clicks in it mean something."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from search.access.identity import Caller
from search.access.personal import may_personal
from search.feedback import Noted
from search.feedback.noted import Source


def noted(who: Caller, source: Source, query_id: str, text: str, entities: Sequence[tuple[str, str]]) -> Noted:
    """Return an answer as it was given to a caller just now; `entities` as (vertical, id), in the order shown."""
    return Noted(query_id, who.tenant, who.user, who.app, may_personal(who), source, text, datetime.now(UTC), entities)
