"""No text costs much more than another of its size: 5 MB of anything are analysed in under two seconds."""

from __future__ import annotations

import random
import time

import pytest

from analyzers import analyse, analyse_name
from analyzers.text import LONGEST_RUN

SIZE = 1_000_000
"""Bytes; a fifth of the longest text, for a fifth of its time. Processor time, with room for a machine that is busy."""
MOST_S = 1.0

_letters = random.Random(1).choices("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", k=SIZE)
UNITS = {
    "one identifier": "a-",
    "parts of all kinds": "ab_cd.ef/",
    "one word": "a",
    "one number": "1",
    "camel case": "getUserName",
    "words": "hello world ",
    "sentences": "搜索中台方案评审。",
    "one character": "中",
    "kana": "カタカナひらがな",
    "hangul": "한국어검색",
    "thai": "สวัสดี",
    "emoji": "😀👨\u200d👩\u200d👧🏽",
    "marks": "!?。，",
    "one mark": "-",
    "an address": "https://a/b?c=d&",
    "dots": "a.b.",
    "names of files": "报表.xlsx ",
    "nearly names of files": "a.xlsx.b",
    "combining marks": "\u0301",
    "blanks": " \n",
    "full width": "ＡＢＣ１２３",
    "traditional": "搜尋評審會議",
    "of several spellings": "看著著名",
    "characters that become eighteen": "\ufdfa",
    "apostrophes": "a'",
    "dates": "2026年3月2日",
    "letters among Han": "a中",
    "beyond the basic plane": "𠮷",
    "invisible": "\u200b",
}
TEXTS = {name: unit * (SIZE // len(unit.encode())) for name, unit in UNITS.items()} | {
    "encoded data": "".join(_letters)
}


@pytest.mark.parametrize("name", TEXTS)
def test_no_text_costs_much(name: str) -> None:
    analyse("预热 warm-up カ a.xlsx 著")
    began = time.process_time()
    analyse(TEXTS[name])
    assert time.process_time() - began < MOST_S


@pytest.mark.parametrize("name", TEXTS)
def test_no_name_costs_much(name: str) -> None:
    analyse_name("预热")
    began = time.process_time()
    analyse_name(TEXTS[name])
    assert time.process_time() - began < MOST_S


@pytest.mark.parametrize("filler", ["a-", "x.y/", "カナ", "한국"])
def test_what_stands_behind_a_long_run_is_found_all_the_same(filler: str) -> None:
    text = filler * LONGEST_RUN + "needle-42 末尾"
    found, asked = analyse(text), analyse("needle-42 末尾")
    for field in ("bigrams", "chars", "literal"):
        assert getattr(asked, field) in getattr(found, field)
    assert {"needle", "42", "末尾"} <= set(found.words.split())


def test_terms_stay_short_in_a_long_run() -> None:
    for text in ("a" * 100_000, "ab-" * 40_000, "カ" * 100_000):
        assert all(len(term) <= 64 for field in analyse(text) for term in field.split())
