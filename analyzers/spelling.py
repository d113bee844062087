"""Finds which characters of a name a pinyin query spells, so that they can be marked."""

from functools import cache

from rapidfuzz.distance import OSA

from analyzers.names import Unit, read_name
from analyzers.normalise import normalise
from analyzers.offsets import shape_with_offsets
from analyzers.pinyin import letters

_LONGEST_QUERY = 64


def _steps(unit: Unit, query: str, at: int) -> list[int]:
    """Return the places in `query` where typing may go on after `unit`, typed at `at`: longest form first.

    For the unit 张 and the query `zhangsan` at 0 these are 5 (zhang) and 1 (z).
    """
    rest = query[at:]
    if not unit.han:
        forms = unit.readings
    elif rest[:1] == unit.written:
        return [at + 1]
    else:
        forms = [*unit.readings, *(reading[0] for reading in unit.readings)]
    steps = [at + len(form) for form in forms if rest.startswith(form)]
    # The last one may be typed in part only.
    return [*steps, len(query)] if any(form.startswith(rest) for form in unit.readings) else steps


def _spelled(units: list[Unit], first: int, query: str) -> int:
    """Return how many units, beginning at `first`, the whole `query` spells; 0 if it does not."""

    @cache
    def end(index: int, at: int) -> int:
        if at == len(query):
            return index
        if index == len(units):
            return 0
        return next(filter(None, (end(index + 1, step) for step in _steps(units[index], query, at))), 0)

    return max(end(first, 0) - first, 0)


def _typed(query: str) -> list[str]:
    """Return the letters and digits of `query`, and the same without accents (lǚbù)."""
    written = "".join(filter(str.isalnum, normalise(query)))[:_LONGEST_QUERY]
    bare = "".join(letters(one) if one.isalpha() and one < "\u3000" else one for one in written)
    return [form for form in dict.fromkeys((written, bare)) if form]


def find_spelled(name: str, query: str) -> tuple[int, int] | None:
    """Return (start, end) in `name` of what `query` spells by pinyin, initials or a mixture; None if nothing.

    `zhangsan`, `zs`, `zhangs` and `zhang三` all give (0, 2) in 张三. Blanks and signs in the query do not count.
    """
    units, _ = read_name(name)
    for typed in _typed(query):
        for first in range(len(units)):
            if count := _spelled(units, first, typed):
                last = units[first + count - 1]
                # The units count in the name in NFKC, which is as long as its shaped form.
                return shape_with_offsets(name).span(units[first].start, last.start + len(last.written))
    return None


def find_misspelled(name: str, query: str) -> tuple[int, int] | None:
    """Return (start, end) in `name` of what `query` nearly spells in pinyin or Latin letters; None if nothing.

    At most two slips are forgiven: `zhagnsan` gives (0, 2) in 张三, `jonh` (0, 4) in John Smith. Each part of a name is
    read in its likeliest way.
    """
    units, _ = read_name(name)
    best: tuple[int, int, int] | None = None
    for typed in _typed(query):
        for first in range(len(units)):
            spelled = ""
            for last in range(first, len(units)):
                spelled += units[last].readings[0]
                slips = OSA.distance(spelled, typed, score_cutoff=2)
                if slips <= 2 and len(spelled) > 3 and (best is None or slips < best[0]):
                    best = slips, first, last
    if best is None:
        return None
    _, first, last = best
    end = units[last].start + len(units[last].written)
    return shape_with_offsets(name).span(units[first].start, end)
