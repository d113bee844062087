"""Recent searches: which questions become one, and how a user's list changes and is read; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from analyzers import normalise
from mappings.properties import Document
from search.feedback.noted import OPENING, Clicked, Recent
from search.feedback.ubi import Answered

KEPT: Final = 50
KEPT_FOR: Final = timedelta(days=30)

# One script for every change, so that the engine compiles it once. `add`: entries; one whose text is there already
# keeps its id and moves. `remove`: ids. `clear`: ms since 1970; all goes, and what is older never comes.
CHANGE: Final = """
def s = ctx._source;
if (params.clear != null) { s.entries = []; s.cleared = params.clear; }
long cleared = s.cleared == null ? -1L : ((Number) s.cleared).longValue();
for (added in params.add) {
  long at = ((Number) added.at).longValue();
  if (at <= cleared) { continue; }
  def old = null;
  for (one in s.entries) { if (one.text == added.text) { old = one; } }
  if (old == null) { s.entries.add(added); }
  else if (((Number) old.at).longValue() < at) { old.at = at; }
}
s.entries.removeIf(one -> params.remove.contains(one.id) || ((Number) one.at).longValue() < params.since);
s.entries.sort((a, b) -> Long.compare(((Number) b.at).longValue(), ((Number) a.at).longValue()));
while (s.entries.size() > params.keep) { s.entries.remove(s.entries.size() - 1); }
if (s.entries.isEmpty()) { s.remove('oldest'); } else { s.oldest = s.entries[s.entries.size() - 1].at; }
"""


def millis(moment: datetime) -> int:
    """Return the milliseconds since 1970."""
    return round(moment.timestamp() * 1000)


def tidy(text: str) -> str:
    """Return a question as it is kept: `" 搜索  中台 "` → `"搜索 中台"`."""
    return " ".join(text.split())


def question(text: str) -> str:
    """Return the form in which questions are the same: `" ＯＫＲ 目标"` and `"okr 目标"`."""
    return tidy(normalise(text))


def meant(clicked: Clicked, answer: Answered) -> str | None:
    """Return the text that becomes a recent search by a click on an answer; None if none does.

    Not at every pause in typing: only Enter, or opening a hit, says that a question was meant.
    """
    is_meant = clicked.click.action == "submit" or clicked.click.action in OPENING
    return answer.text if is_meant and clicked.personal and answer.personal else None


def change(
    now: datetime,
    *,
    add: Iterable[tuple[str, str, datetime]] = (),
    remove: Sequence[str] = (),
    clear: datetime | None = None,
) -> Document:
    """Return the script that changes a user's list. `add`: (id, text, at)."""
    return {
        "source": CHANGE,
        "params": {
            "add": [{"id": id, "text": text, "at": millis(at)} for id, text, at in add],
            "remove": list(remove),
            "clear": None if clear is None else millis(clear),
            "since": millis(now - KEPT_FOR),
            "keep": KEPT,
        },
    }


def searcher(user: str) -> Document:
    """Return the document of a user of whom there is feedback, without recent searches."""
    return {"client_id": user, "entries": []}


def listed(stored: Mapping[str, Any], now: datetime) -> list[Recent]:
    """Return the recent searches of a stored document, newest first."""
    since = millis(now - KEPT_FOR)
    entries = [entry for entry in stored["entries"] if entry["at"] >= since]
    return [Recent(one["id"], one["text"], datetime.fromtimestamp(one["at"] / 1000, UTC)) for one in entries[:KEPT]]
