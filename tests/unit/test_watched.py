"""A watched file: changes take effect, faulty ones do not, and looking costs next to nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from identitykit import Clock
from structlog.testing import capture_logs

from search.core.errors import ConfigurationError
from search.core.watched import LOOK_S, Watched


def number(raw: bytes) -> int:
    try:
        return int(raw)
    except ValueError:
        raise ConfigurationError("That is no number.") from None


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "number"
    path.write_text("1")
    return path


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def watched(path: Path, clock: Clock) -> Watched[int]:
    return Watched("SETTING", path, number, clock)


def test_a_change_takes_effect_at_the_next_look_and_not_before(path: Path, clock: Clock, watched: Watched[int]) -> None:
    path.write_text("22")
    assert watched.value() == 1
    clock.seconds += LOOK_S
    with capture_logs() as logged:
        assert watched.value() == 22
    assert [line["event"] for line in logged] == ["file_read_anew"]


def test_what_did_not_change_is_not_read_again(path: Path, clock: Clock) -> None:
    readings: list[bytes] = []
    watched = Watched("SETTING", path, readings.append, clock)
    for _ in range(10):
        clock.seconds += LOOK_S
        watched.value()
    assert len(readings) == 1


def test_a_file_put_in_the_place_of_another_is_noticed_whatever_its_size_and_time(
    path: Path, clock: Clock, watched: Watched[int]
) -> None:
    before = path.stat()
    other = path.with_suffix(".new")
    other.write_text("2")
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(path)
    clock.seconds += LOOK_S
    assert watched.value() == 2


def test_a_file_that_changes_while_it_is_read_is_read_again(path: Path, clock: Clock) -> None:
    def read_late(raw: bytes) -> int:
        path.write_text("333")
        return number(raw)

    watched = Watched("SETTING", path, read_late, clock)
    assert watched.value() == 1
    clock.seconds += LOOK_S
    assert watched.value() == 333


@pytest.mark.parametrize("fault", ["changed", "gone", "a folder"])
def test_a_faulty_new_version_is_refused_once_and_the_last_good_one_stays(
    path: Path, clock: Clock, watched: Watched[int], fault: str
) -> None:
    if fault == "changed":
        path.write_text("nonsense")
    else:
        path.unlink()
        if fault == "a folder":
            path.mkdir()
    with capture_logs() as logged:
        for _ in range(3):
            clock.seconds += LOOK_S
            assert watched.value() == 1
    [line] = logged
    assert line["event"] == "file_refused"
    assert line["log_level"] == "error"
    assert line["reason"] == "That is no number." if fault == "changed" else "SETTING" in line["reason"]
    if fault == "a folder":
        path.rmdir()
    path.write_text("4")
    clock.seconds += LOOK_S
    assert watched.value() == 4


def test_a_faulty_file_at_the_start_is_a_configuration_error(path: Path, clock: Clock) -> None:
    path.write_text("nonsense")
    with pytest.raises(ConfigurationError, match="no number"):
        Watched("SETTING", path, number, clock)
    with pytest.raises(ConfigurationError, match=r"SETTING.*No such file"):
        Watched("SETTING", path.with_name("missing"), number, clock)
