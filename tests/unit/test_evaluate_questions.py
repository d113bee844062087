"""A company's folder: what is missing or broken is said in one sentence."""

from pathlib import Path

import pytest

from search.core.errors import OfficeSearchError
from search.evaluate.questions import event_files, known_items, negatives

LINE = '{"id":"1","tenant":"acme","user":"u-1","q":"王芳","want":[{"vertical":"contacts","id":"u-2"}],"kind":"homonym"}'


def test_known_items_are_read_and_blank_lines_passed_over(tmp_path: Path) -> None:
    (tmp_path / "queries.jsonl").write_text(f"{LINE}\n\n{LINE}\n", encoding="utf-8")
    first, _ = known_items(tmp_path)
    assert (first.q, first.want[0].id, first.kind) == ("王芳", "u-2", "homonym")


def test_fields_of_later_versions_are_passed_over(tmp_path: Path) -> None:
    line = '{"id":"1","tenant":"acme","user":"u-1","q":"a","must_not":[],"rule":"r","visible":true,"new":1}'
    (tmp_path / "negative.jsonl").write_text(line, encoding="utf-8")
    [asked] = negatives(tmp_path)
    assert (asked.rule, asked.expect, asked.denied) == ("r", None, ())


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(OfficeSearchError, match=r"queries\.jsonl: No such file"):
        known_items(tmp_path)
    with pytest.raises(OfficeSearchError, match=r"changes\.\*\.ndjson"):
        event_files(tmp_path)


@pytest.mark.parametrize(("line", "reason"), [("{", "JSON"), ("{}", "id: Field required")])
def test_a_broken_line_is_named_with_the_reason(tmp_path: Path, line: str, reason: str) -> None:
    (tmp_path / "queries.jsonl").write_text(f"{LINE}\n{line}\n", encoding="utf-8")
    with pytest.raises(OfficeSearchError, match=rf"queries\.jsonl:2: .*{reason}"):
        known_items(tmp_path)
