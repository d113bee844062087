"""Dates as people type them, absolute and relative → the moment at which they begin."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")

_DATE = re.compile(r"(\d{4})(?:[-/.年](\d{1,2})(?:[-/.月](\d{1,2})[日号]?|月)?|年)?", re.ASCII)
_DAY_OF_YEAR = re.compile(r"(\d{1,2})月(?:份|(\d{1,2})[日号])?", re.ASCII)
_AGO = re.compile(r"(\d{1,4}|[一二两三四五六七八九十])(?:([dwmy]|天|周|年)前?|个?(月|星期)前|个(月|星期))", re.ASCII)
_HAN_NUMBERS = {number: count for count, number in enumerate("零一二三四五六七八九十")} | {"两": 2}

# Longer than any date that is meant.
_LONGEST = 40

_Begin = Callable[[datetime], datetime]


def _days(count: int) -> _Begin:
    return lambda today: today - timedelta(days=count)


def _week(back: int) -> _Begin:
    return lambda today: today - timedelta(days=today.weekday() + 7 * back)


def _month(back: int) -> _Begin:
    return lambda today: _months_ago(today.replace(day=1), back)


def _year(back: int) -> _Begin:
    return lambda today: today.replace(year=today.year - back, month=1, day=1)


_NAMED: dict[str, _Begin] = {
    name: begin
    for names, begin in (
        ("明天 明日 tomorrow", _days(-1)),
        ("今天 今日 today", _days(0)),
        ("昨天 昨日 yesterday", _days(1)),
        ("前天 前日", _days(2)),
        ("大前天", _days(3)),
        ("本周 这周 本星期 这星期 这个星期 thisweek", _week(0)),
        ("上周 上星期 上个星期 lastweek", _week(1)),
        ("上上周", _week(2)),
        ("本月 这个月 当月 thismonth", _month(0)),
        ("上月 上个月 lastmonth", _month(1)),
        ("上上个月", _month(2)),
        ("今年 本年 thisyear", _year(0)),
        ("去年 lastyear", _year(1)),
        ("前年", _year(2)),
    )
    for name in names.split()
}


def resolve_date(value: str, *, now: datetime, tz: tzinfo = SHANGHAI) -> datetime | None:
    """Return the beginning, in UTC, of the day, week, month or year that `value` names in the caller's time zone.

    `2026`, `2026-01`, `2026/1/31`, `2026年1月31日`; `1月31日` and `1月`, the last that has begun; `昨天`, `last week`,
    `上个月`; `7d`, `2w`, `3m`, `1y`, `两周前`, counted back from today. An RFC 3339 time is that very moment. None for
    anything else, and for dates that do not exist.
    """
    if len(value) > _LONGEST:
        return None
    text = unicodedata.normalize("NFKC", value).strip().lower()
    # Where clocks are set back at midnight, a day begins at the first of its two.
    today = now.astimezone(tz).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    try:
        found = _absolute(text, today) or _named(text, today) or _moment(text, tz)
        return found.astimezone(UTC) if found else None
    except (ValueError, OverflowError):
        return None  # 31 February, the year 0


def _named(text: str, today: datetime) -> datetime | None:
    if begin := _NAMED.get(re.sub(r"[\s_]+", "", text)):
        return begin(today)
    match = _AGO.fullmatch(text)
    if match is None:
        return None
    count = _HAN_NUMBERS.get(match[1]) or int(match[1])
    unit = match[2] or match[3] or match[4]
    if unit in ("d", "天"):
        return today - timedelta(days=count)
    if unit in ("w", "周", "星期"):
        return today - timedelta(weeks=count)
    return _months_ago(today, count if unit in ("m", "月") else 12 * count)


def _absolute(text: str, today: datetime) -> datetime | None:
    if match := _DATE.fullmatch(text):
        return today.replace(year=int(match[1]), month=int(match[2] or 1), day=int(match[3] or 1))
    if match := _DAY_OF_YEAR.fullmatch(text):
        # Nobody asks for what is still to come, so in January `12月` is that of last year.
        date = today.replace(month=int(match[1]), day=int(match[2] or 1))
        return date if date <= today else date.replace(year=date.year - 1)
    return None


def _moment(text: str, tz: tzinfo) -> datetime | None:
    if "t" not in text:
        return None
    moment = datetime.fromisoformat(text.upper())
    return moment if moment.tzinfo else moment.replace(tzinfo=tz)


def _months_ago(day: datetime, count: int) -> datetime:
    """Return the same day `count` months earlier, or that month's last day where it has no such day."""
    months = day.year * 12 + day.month - 1 - count
    first = day.replace(year=months // 12, month=months % 12 + 1, day=1)
    last = ((first + timedelta(days=32)).replace(day=1) - timedelta(days=1)).day
    return first.replace(day=min(day.day, last))
