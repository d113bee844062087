"""What counts as growing or slower, and what is only noise."""

from __future__ import annotations

import random

import pytest

from search.evaluate.steadiness import Drift, drift, percentiles, trend


def measured(
    per_minute: float, *, noise: float = 0.0, seconds: int = 1200, every: int = 5
) -> list[tuple[float, float]]:
    dice = random.Random(7)
    return [(float(at), 200 + per_minute * at / 60 + dice.gauss(0, noise)) for at in range(0, seconds, every)]


def test_of_a_straight_line_slope_and_bounds_are_its_own() -> None:
    found = trend(measured(3.0), since=0)
    assert found
    assert [found.per_minute, found.low, found.high] == pytest.approx([3.0, 3.0, 3.0])
    assert found.minutes == pytest.approx(20, abs=0.6)
    assert found.level == pytest.approx(230, abs=1)


def test_the_bounds_hold_the_slope_and_tell_growth_from_noise() -> None:
    growing, still = trend(measured(1.0, noise=5), 0), trend(measured(0.0, noise=5), 0)
    assert growing
    assert still
    assert growing.low < 1.0 < growing.high
    assert growing.high - growing.low < 0.5
    assert still.low < 0 < still.high
    assert growing.grows(share=0.02, least=4)
    assert not still.grows(share=0.02, least=4)


def test_what_grows_by_less_than_is_allowed_does_not_count() -> None:
    found = trend(measured(0.1), 0)
    assert found
    assert not found.grows(share=0.02, least=1)
    assert not found.grows(share=0.0, least=4)
    assert found.grows(share=0.0, least=1)


def test_single_outliers_and_the_time_before_do_not_move_it() -> None:
    points = [(at, value * 9 if at in (300, 605) else value) for at, value in measured(0.0, noise=1)]
    warm = [(at, at / 2) for at in range(0, 300, 5)] + [point for point in points if point[0] >= 300]
    found = trend(warm, since=300)
    assert found
    assert abs(found.per_minute) < 0.1
    assert not found.grows(share=0.02, least=4)


def test_a_step_in_the_middle_counts_as_growth_and_a_sawtooth_does_not() -> None:
    step = trend([(at, 200.0 if at < 600 else 260.0) for at in map(float, range(0, 1200, 5))], 0)
    sawtooth = trend([(at, 200.0 + at % 60) for at in map(float, range(0, 1200, 5))], 0)
    assert step
    assert sawtooth
    assert step.low >= 0
    assert not sawtooth.grows(share=0.02, least=4)


def test_too_little_is_no_trend() -> None:
    assert trend(measured(5.0, seconds=30), 0) is None
    assert trend(measured(5.0), since=1190) is None
    assert trend([], 0) is None


def test_files_that_leak_one_by_one_are_seen_and_those_that_come_and_go_are_not() -> None:
    leaking = trend([(at, 40.0 + int(at) // 120) for at in map(float, range(0, 1200, 5))], 0)
    dice = random.Random(7)
    coming = trend([(at, 40.0 + dice.randrange(12)) for at in map(float, range(0, 1200, 5))], 0)
    assert leaking
    assert coming
    assert leaking.grows(share=0.05, least=5)
    assert not coming.grows(share=0.05, least=5)


def test_answers_are_slower_by_share_and_by_what_somebody_notices() -> None:
    assert Drift((40, 90), (80, 95)).is_slower
    assert Drift((40, 90), (45, 200)).is_slower
    assert not Drift((40, 90), (45, 100)).is_slower
    assert not Drift((2, 5), (4, 10)).is_slower


def test_the_thirds_are_those_after_the_warm_up() -> None:
    answers = [
        (float(at), 500.0 if at < 100 else 10.0 if at < 200 else 20.0 if at < 300 else 60.0) for at in range(400)
    ]
    found = drift(answers, since=100, until=400)
    assert found == Drift((10, 10), (60, 60))
    assert found.is_slower
    assert drift(answers[:120], since=100, until=400) is None


def test_percentiles() -> None:
    assert percentiles([5.0]) == (5.0, 5.0)
    assert percentiles([float(n) for n in range(101)]) == (50.0, 95.0)
