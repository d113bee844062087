"""Which texts are the same to a search, and the way back to what was written."""

import pytest

from analyzers import normalise, normalise_with_offsets


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ＡＢＣ，１２３！", "abc,123!"),
        ("Straße", "strasse"),
        ("軟體開發與測試", "软体开发与测试"),
        ("瞭解", "了解"),
        ("答覆", "答复"),
        ("藉口", "借口"),
        ("乾隆", "乾隆"),
        ("著名", "著名"),
        ("ﾊﾝｶｸｶﾞ", "ハンカクガ"),
        ("a\u200bb\ufeffc\u202ed", "abcd"),
        ("1\ufe0f\u20e3", "1"),
        ("❤\ufe0f", "❤"),
        ("e\u0301", "é"),
        ("①②", "12"),
        ("㎏", "kg"),
        ("⼈", "人"),
        ("a\x00b\x08c", "abc"),
        ("\ud800a", "a"),
    ],
)
def test_what_reads_the_same_is_the_same(text, expected):
    assert normalise(text) == expected


@pytest.mark.parametrize("text", ["这东西一坏就修", "沈思远", "沈默"])
def test_simplified_text_stays_even_beside_traditional(text):
    assert normalise(text) == text
    assert normalise(f"開{text}") == f"开{text}"


@pytest.mark.parametrize(
    ("written", "simplified"),
    [
        ("有著怎樣的地位", "有着怎样的地位"),  # Taiwan
        ("名著和顯著的著作", "名著和显著的著作"),
        ("以什麼著稱", "以什么著称"),
        ("湖南衞視敍述化粧枱", "湖南卫视叙述化妆台"),  # Hong Kong
        ("什么是著名的", "什么是著名的"),
    ],
)
def test_every_way_to_write_traditional_becomes_the_same(written, simplified):
    assert normalise(written) == simplified


@pytest.mark.parametrize(
    ("text", "part", "original"),
    [
        ("在開發中", "开发", "開發"),
        ("看Ｊａｖａ！", "java", "Ｊａｖａ"),
        ("Straße!", "ss", "ß"),
        ("cafe\u0301!", "é", "e\u0301"),
        ("张\u200b三丰", "张三", "张\u200b三"),
        ("重㎏量", "k", "㎏"),
        ("好👍🏽吗", "👍", "👍🏽"),
        ("家👨\u200d👩\u200d👧人", "👩", "👨\u200d👩\u200d👧"),
        ("ﾊﾞｽ", "バ", "ﾊﾞ"),
    ],
)
def test_a_span_leads_back_to_whole_characters(text, part, original):
    normalised = normalise_with_offsets(text)
    at = normalised.text.index(part)
    start, end = normalised.span(at, at + len(part))
    assert text[start:end] == original


def test_an_empty_text_has_an_empty_span():
    assert normalise_with_offsets("").span(0, 0) == (0, 0)
