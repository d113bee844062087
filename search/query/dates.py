"""Dates as people type them, absolute and relative → the moment at which they begin."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")

_DATE = re.compile(r"(\d{4})(?:[-/.年](\d{1,2})(?:[-/.月](\d{1,2})日?|月)?|年)?", re.ASCII)
_DAY_OF_YEAR = re.compile(r"(\d{1,2})月(\d{1,2})[日号]", re.ASCII)
_AGO = re.compile(r"(\d{1,4})([dwmy天周月年])前?", re.ASCII)


def _days(count: int) -> Callable[[datetime], datetime]:
    return lambda today: today - timedelta(days=count)


def _week(back: int) -> Callable[[datetime], datetime]:
    return lambda today: today - timedelta(days=today.weekday() + 7 * back)


def _month(back: int) -> Callable[[datetime], datetime]:
    return lambda today: _months_ago(today.replace(day=1), back)


def _year(back: int) -> Callable[[datetime], datetime]:
    return lambda today: today.replace(year=today.year - back, month=1, day=1)


_NAMED: dict[str, Callable[[datetime], datetime]] = {
    **dict.fromkeys(("今天", "今日", "today"), _days(0)),
    **dict.fromkeys(("昨天", "昨日", "yesterday"), _days(1)),
    "前天": _days(2),
    **dict.fromkeys(("本周", "这周", "thisweek"), _week(0)),
    **dict.fromkeys(("上周", "上星期", "lastweek"), _week(1)),
    **dict.fromkeys(("本月", "这个月", "thismonth"), _month(0)),
    **dict.fromkeys(("上月", "上个月", "lastmonth"), _month(1)),
    **dict.fromkeys(("今年", "thisyear"), _year(0)),
    **dict.fromkeys(("去年", "lastyear"), _year(1)),
    "前年": _year(2),
}


def resolve_date(value: str, *, now: datetime, tz: tzinfo = SHANGHAI) -> datetime | None:
    """The beginning, in UTC, of the day, week, month or year that `value` names in the caller's time zone.

    `2026`, `2026-01`, `2026-1-31`, `2026年1月31日`, `1月31日` (of this year), `昨天`, `last week`, `7d`, `2周前`; an RFC
    3339 time is that very moment. None for anything else.
    """
    text = value.strip().lower()
    today = now.astimezone(tz).replace(hour=0, minute=0, second=0, microsecond=0)
    try:
        found = _named(text, today) or _absolute(text, today) or _moment(text, tz)
        return found.astimezone(UTC) if found else None
    except (ValueError, OverflowError):
        return None  # 31 February, the year 0


def _named(text: str, today: datetime) -> datetime | None:
    if begin := _NAMED.get(text.replace(" ", "").replace("_", "")):
        return begin(today)
    match = _AGO.fullmatch(text)
    if match is None:
        return None
    count, unit = int(match[1]), match[2]
    if unit in "d天":
        return today - timedelta(days=count)
    if unit in "w周":
        return today - timedelta(weeks=count)
    return _months_ago(today, count if unit in "m月" else 12 * count)


def _absolute(text: str, today: datetime) -> datetime | None:
    if match := _DATE.fullmatch(text):
        return today.replace(year=int(match[1]), month=int(match[2] or 1), day=int(match[3] or 1))
    if match := _DAY_OF_YEAR.fullmatch(text):
        return today.replace(month=int(match[1]), day=int(match[2]))
    return None


def _moment(text: str, tz: tzinfo) -> datetime | None:
    if "t" not in text:
        return None
    moment = datetime.fromisoformat(text.upper())
    return moment if moment.tzinfo else moment.replace(tzinfo=tz)


def _months_ago(day: datetime, count: int) -> datetime:
    """The same day `count` months earlier, or that month's last day where it has no such day."""
    months = day.year * 12 + day.month - 1 - count
    first = day.replace(year=months // 12, month=months % 12 + 1, day=1)
    last = ((first + timedelta(days=32)).replace(day=1) - timedelta(days=1)).day
    return first.replace(day=min(day.day, last))
