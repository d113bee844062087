"""Time zones by their IANA names, which decide what a day is."""

from __future__ import annotations

from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

# What some systems keep beside the zones: the machine's own zone, and a placeholder. They are no names of IANA's.
_NOT_NAMES = frozenset({"localtime", "Factory"})


@lru_cache(maxsize=1)
def _names() -> frozenset[str]:
    return frozenset(available_timezones()) - _NOT_NAMES


def zone_named(name: str) -> ZoneInfo:
    """Return the time zone of an IANA name, such as `Asia/Shanghai`. Raises ValueError where there is none."""
    # Looked up before it becomes a path, which `ZoneInfo` would open.
    if name not in _names():
        raise ValueError("there is no such time zone; write an IANA name, such as Asia/Shanghai or Europe/Berlin")
    return ZoneInfo(name)


def checked_zone(name: str) -> str:
    """Return the name of a time zone unchanged. Raises ValueError where there is none."""
    return zone_named(name).key
