"""Whom and what a caller has to do with: the conversations that they lately wrote in, and the people on the other side.

It orders what they may see anyway; it neither shows nor counts anything. So what was read is kept for some minutes:
somebody who has left a conversation since does not find it for being close to it.
"""

from __future__ import annotations

import time
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mappings.filters import FROM
from mappings.vertical import Vertical
from search.access.candidates import Request
from search.access.directory import Directory
from search.access.principal import Principal
from search.access.reader import Reader
from search.core.errors import Unavailable

KEPT_S = 300.0
# Where it did not come: so long nobody waits for it again.
FAILED_S = 10.0
MOST_KEPT = 5_000
OF_THE_TIME = 0.2
"""Of an answer's time that is left, as the answer can do without."""
LATELY = 200
"""Messages of the caller's own that are looked at, newest first."""
HALF = 50
"""After so many messages one counts half."""
MOST = 50


Key = tuple[str, str, str | None, bool]
"""Tenant, user, the app that acts for them, and whether messages may be searched."""


@dataclass(frozen=True)
class Closeness:
    """Ids, closest first: conversations, and the people on the other side of direct ones."""

    conversations: Sequence[str] = ()
    people: Sequence[str] = ()


NOBODY = Closeness()


class ClosenessKept:
    """Reads what is close to callers, and keeps it for a while. `clock`: monotonic seconds."""

    def __init__(self, directory: Directory, clock: Callable[[], float] = time.monotonic) -> None:
        self._directory = directory
        self._clock = clock
        self._kept: OrderedDict[Key, tuple[float, Closeness]] = OrderedDict()

    async def of(self, reader: Reader, caller: Principal, messages: Vertical) -> Closeness:
        """Return what is close to a caller; nobody where the engine does not say so in time.

        `messages`: the vertical of what people say in conversations. Nobody is told by an app what it may not search.
        """
        key = (caller.tenant, caller.user, caller.app, caller.modules.get(messages.module, ()) is None)
        kept = self._kept.get(key)
        if kept and self._clock() < kept[0]:
            return kept[1]
        try:
            found = await self._read(reader, caller, messages)
        except Unavailable:
            found = None
        self._kept[key] = (self._clock() + (FAILED_S if found is None else KEPT_S), found or NOBODY)
        self._kept.move_to_end(key)
        if len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return found or NOBODY

    async def _read(self, reader: Reader, caller: Principal, messages: Vertical) -> Closeness | None:
        sender = messages.field_of(FROM)
        if sender is None or not messages.ranking.recency or not messages.display.joined:
            return NOBODY
        said = messages.display.joined.conversation
        request = Request(
            messages,
            {"bool": {"filter": [{"term": {sender: caller.user}}]}},
            [{messages.ranking.recency.name: {"order": "desc"}}],
            size=LATELY,
            fields=[said],
            counted=False,
        )
        [answer] = await reader.candidates(caller, [request], OF_THE_TIME)
        if answer is None:
            return None
        conversations = weighed([one.fields[said] for one in answer.found if said in one.fields])
        direct = [id for id in conversations if (rule := caller.rules.get(id)) and rule.kind == "direct"]
        others = await self._directory.other_members(caller, direct) if direct else {}
        return Closeness(conversations, list(dict.fromkeys(others[id] for id in direct if id in others)))


def weighed(conversations: Sequence[str]) -> list[str]:
    """Return conversations, closest first, of a list with one for each message, newest first.

    The n-th message counts 2^(−n/HALF), so that what was busy a year ago goes behind what is now.
    """
    weights: defaultdict[str, float] = defaultdict(float)
    for position, id in enumerate(conversations):
        weights[id] += 2 ** (-position / HALF)
    return sorted(weights, key=lambda id: (-weights[id], id))[:MOST]
