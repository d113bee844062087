"""What is counted of use: one person counts once, small groups count nothing, weekdays and holidays are no trend."""

from __future__ import annotations

import numpy as np
import pytest
from recommendkit import Office, app

from search.recommend import rule, trend
from search.recommend.collecting import WEEKS
from search.recommend.told import figures_of
from search.recommend.usage import MOST_APPS

APPS = [app("a"), app("b"), app("c")]


def test_users_are_told_by_tenant_department_and_cohort_where_the_rule_allows_it() -> None:
    office = Office()
    sales, rest = office.staff(40, "department:sales"), office.staff(60, "department:rest")
    office.uses(sales[:25], "a")
    office.uses(sales[:12], "b")
    office.uses(rest[:5], "b", "c")
    figures = figures_of(office.training(APPS).model(1, None))
    assert (figures.of("a").users, dict(figures.of("a").departments)) == (20, {"sales": 20})
    assert (figures.of("b").users, dict(figures.of("b").departments)) == (10, {"sales": 10})
    assert (figures.of("c").users, figures.of("c").popularity, dict(figures.of("c").departments)) == (0, 0, {})
    assert [one.app_id for one in figures.of("a").together] == ["b"]


def test_of_a_cohort_that_all_do_alike_nothing_is_told() -> None:
    """Who knows that somebody uses one would know that they use the other."""
    office = Office()
    everybody = office.staff(100)
    office.uses(everybody[:30], "a", "b")
    model = office.training(APPS).model(1, None)
    assert model.users.tolist() == [25, 25, 0]
    assert model.together.max() == 0


def test_a_machine_that_uses_everything_ties_nothing_together() -> None:
    office = Office()
    people, apps = office.staff(100), [app(f"a{number:03d}") for number in range(MOST_APPS + 5)]
    office.uses(people[:10], "a000", "a001")
    office.uses(people[10:35], "a000")
    office.uses(office.staff(1, called="bot"), *(one.id for one in apps))
    model = office.training(apps).model(1, None)
    assert (model.users[0], model.users[1], model.users[2:].max()) == (32, 10, 0)
    assert model.together.max() == 0  # eleven with the machine, ten without


def test_somebody_who_opens_it_all_day_counts_once() -> None:
    """The engine gives one entry for each person and app, with the first and the last time: not how often."""
    office = Office()
    people = office.staff(60)
    office.uses(people[:10], "a", last=0)
    assert figures_of(office.training(APPS).model(1, None)).of("a").popularity == 0
    office.uses(people[10:11], "a", last=100)
    assert 8 < figures_of(office.training(APPS).model(1, None)).of("a").popularity <= 11


def test_use_counts_half_after_a_month_and_not_at_all_after_half_a_year_or_when_removed() -> None:
    office = Office()
    people = office.staff(100)
    office.uses(people[:40], "a", last=0)
    office.uses(people[:40], "b", last=30)
    office.uses(people[:40], "c", last=181, first=300)
    told = figures_of(office.training(APPS).model(1, None))
    assert told.of("a").popularity == pytest.approx(40, rel=0.25)
    assert told.of("b").popularity == pytest.approx(20, rel=0.25)
    assert told.of("c").users == 0
    office.left = {(person, "a") for person in people[:35]}
    assert figures_of(office.training(APPS).model(1, None)).of("a").users == 0


def test_ratings_are_told_from_eleven_people_on_to_one_decimal() -> None:
    office = Office()
    people = office.staff(100)
    office.uses(people[:40], "a", "b")
    office.rated = {(person, "a"): 4.0 for person in people[:10]}
    assert figures_of(office.training(APPS).model(1, None)).of("a").rating is None
    office.rated |= {(people[10], "a"): 1.0}
    assert figures_of(office.training(APPS).model(1, None)).of("a").rating == 3.7


def weeks(*rows: list[int]) -> list[float]:
    return trend.change(trend.trends(np.array(rows, dtype=np.int32), 1000)).tolist()


def test_a_trend_is_against_an_app_s_own_past_and_what_everybody_does() -> None:
    steady = [[200] * WEEKS] * 8
    rising, falling, small, quiet = weeks([*[40] * 8, 160], [*[160] * 8, 40], [*[2] * 8, 10], [0] * WEEKS, *steady)[:4]
    assert rising > 1
    assert falling < -1
    assert (small, quiet) == (0, 0)


def test_a_holiday_is_no_trend() -> None:
    assert weeks(*[[*[200] * 8, 50]] * 5) == [0] * 5


def test_groups_of_any_kind_are_counted_alike() -> None:
    office = Office()
    people = office.staff(50, "role:hr", "department:d")
    office.uses(people[:15], "a")
    model = office.training(APPS).model(1, None)
    assert model.sizes == {"tenant:*": 50, "department:d": 50, "role:hr": 50}
    assert rule.people(model.row("role:hr")).tolist() == [12, 0, 0]
