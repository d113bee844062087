"""What holds for every date that people type, and how a day becomes a limit in microseconds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from querykit import moments

from search.core.errors import BadRequest
from search.core.timezones import zone_named
from search.query.dates import SHANGHAI, resolve_date
from search.query.question import Question

NOW = datetime(2026, 3, 4, 10, 30, tzinfo=SHANGHAI)
times = st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))
zones = st.integers(-12, 14).map(lambda hours: timezone(timedelta(hours=hours)))
pieces = st.sampled_from(
    [*"0123456789-/.年月日号周天前后dwmyTZ:+ ", "今天", "上个月", "2026", "last week", "１２", "²", "٣"]
)
texts = st.one_of(st.text(max_size=50), st.lists(pieces, max_size=12).map("".join))


@given(texts, times, zones)
def test_no_text_raises_and_what_is_a_date_is_one_in_utc(text: str, now: datetime, tz: timezone) -> None:
    found = resolve_date(text, now=now, tz=tz)
    assert found is None or found.utcoffset() == timedelta(0)


@given(st.dates(), zones)
def test_every_day_begins_at_midnight_where_the_caller_is(day: object, tz: timezone) -> None:
    year, month, date = day.timetuple()[:3]  # type: ignore[attr-defined]
    if not 2 < year < 9998:  # a zone's hours may lie before the first day there is
        return
    expected = datetime(year, month, date, tzinfo=tz)
    forms = (f"{year:04}-{month:02}-{date:02}", f"{year:04}/{month}/{date}", f"{year:04}年{month}月{date}日")
    for form in forms:
        assert resolve_date(form, now=NOW, tz=tz) == expected


@given(times)
def test_an_rfc_3339_time_is_that_moment_to_the_microsecond(moment: datetime) -> None:
    assert resolve_date(moment.isoformat(), now=NOW) == moment


@given(times, st.integers(0, 999))
def test_days_ago_are_whole_days_of_the_caller(now: datetime, days: int) -> None:
    today = now.astimezone(SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)
    assert resolve_date(f"{days}d", now=now) == resolve_date(f"{days}天前", now=now) == today - timedelta(days=days)


class TestLimits:
    @staticmethod
    def limits(q: str = "", **parameters: str) -> tuple[int | None, int | None]:
        found = moments(q, NOW, parameters)
        return found.get("after"), found.get("before")

    @given(times)
    def test_they_are_exact(self, moment: datetime) -> None:
        micros = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
        assert self.limits(after=moment.isoformat(), before=moment.isoformat()) == (micros, micros)

    def test_before_1970_too(self) -> None:
        assert self.limits(after="1969-12-31T23:59:59.999999Z") == (-1, None)

    def test_the_narrowest_of_query_box_and_parameters_counts(self) -> None:
        day = 86_400_000_000
        first, _ = self.limits(after="2026-01-01")
        assert first is not None
        assert self.limits("after:2026-01-03", after="2026-01-01") == (first + 2 * day, None)
        assert self.limits("before:2026-01-03", before="2026-01-01") == (None, first)

    @pytest.mark.parametrize("value", [None, ""])
    def test_none_is_none(self, value: str | None) -> None:
        assert self.limits(after=value) == (None, None)  # type: ignore[arg-type]


class TestZones:
    """Where a day begins is the zone's business, with all that it does to its clocks."""

    @pytest.mark.parametrize(
        ("zone", "day", "begins"),
        [
            ("Asia/Shanghai", "2026-03-02", "2026-03-01T16:00:00"),
            ("UTC", "2026-03-02", "2026-03-02T00:00:00"),
            ("Europe/Berlin", "2026-03-02", "2026-03-01T23:00:00"),
            ("Europe/Berlin", "2026-07-01", "2026-06-30T22:00:00"),
            ("Asia/Kathmandu", "2026-03-02", "2026-03-01T18:15:00"),
            # Midnight is skipped there, and comes twice here.
            ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00"),
            ("America/Havana", "2018-11-04", "2018-11-04T04:00:00"),
        ],
    )
    @pytest.mark.parametrize("now", ["2018-11-04T05:30:00", "2026-03-04T02:30:00"])
    def test_a_day_begins_at_its_first_moment_there(self, zone: str, day: str, begins: str, now: str) -> None:
        asked_at = datetime.fromisoformat(now).replace(tzinfo=UTC)
        found = resolve_date(day, now=asked_at, tz=zone_named(zone))
        assert found == datetime.fromisoformat(begins).replace(tzinfo=UTC)

    def test_yesterday_is_another_day_elsewhere(self) -> None:
        now = datetime(2026, 3, 4, 20, tzinfo=UTC)  # past midnight in Shanghai, not in Berlin
        assert resolve_date("昨天", now=now, tz=zone_named("Asia/Shanghai")) == datetime(2026, 3, 3, 16, tzinfo=UTC)
        assert resolve_date("昨天", now=now, tz=zone_named("Europe/Berlin")) == datetime(2026, 3, 2, 23, tzinfo=UTC)

    @pytest.mark.parametrize(
        "name",
        ["", "Mars/Olympus", "Asia", "../etc/passwd", "/etc/localtime", "localtime", "asia/shanghai", "\x00", "CET+1"],
    )
    def test_what_is_no_zone_is_told(self, name: str) -> None:
        with pytest.raises(ValueError, match="no such time zone"):
            zone_named(name)

    def test_a_question_s_zone_goes_before_the_service_s(self) -> None:
        assert Question().zone(SHANGHAI) is SHANGHAI
        assert Question(timezone="Europe/Berlin").zone(SHANGHAI) == zone_named("Europe/Berlin")
        with pytest.raises(BadRequest, match=r"^timezone: 'Mars': there is no such time zone; "):
            Question(timezone="Mars").zone(SHANGHAI)
