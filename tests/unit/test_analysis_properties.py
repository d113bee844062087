"""What holds for every text there is."""

import re
import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from analyzers import (
    analyse,
    analyse_name,
    find_spelled,
    name_query_terms,
    normalise,
    normalise_with_offsets,
    shape,
    shape_with_offsets,
    tokens,
)

ODD = (
    "搜索中台單乾坏沈瞭解開發〇々㐀𠀀abcXYZ019 .-_/@:+#'%{}，。？！\n\r\t"
    "\x00\x01\x85\u00a0\u3000\u200b\u200d\ufe0f\u0301\u0323\u3099\uff9eがハﾊ한글ㄱㅏᄀ각ᆨ👍🏽🇨🇳👨👩👧❤1⃣①½㎏ßİŉǅﬁΐΌςͅक्षि\u0e33สวัสดีé﷽㍿㊗★\ud800\U000e0067年月日元xlsx"
)
TEXTS = st.text(st.sampled_from(ODD) | st.characters(exclude_categories=()), max_size=30)
thorough = settings(max_examples=500, deadline=None, derandomize=True, database=None)

# An independent and simpler notion than the analysis has: what never begins a character that one sees.
_FOLLOWING = re.compile("[\u200d\ufe00-\ufe0f\U0001f3fb-\U0001f3ff]")
_FILLERS = "\u115f\u1160\u3164\uffa0"


def begins_inside(text: str, at: int) -> bool:
    if not 0 < at < len(text):
        return False
    after, before = text[at], text[at - 1]
    joined = before == "\u200d" and unicodedata.category(after) == "So"
    marked = unicodedata.category(after) in ("Mn", "Me") or bool(_FOLLOWING.match(after))
    return joined or marked or text[at - 1 : at + 1] == "\r\n"


@thorough
@given(TEXTS)
def test_offsets_change_no_text(text):
    assert normalise_with_offsets(text).text == normalise(text)
    assert shape_with_offsets(text).text == shape(text)


@thorough
@given(TEXTS)
def test_normal_text_stays(text):
    # 薴 is Traditional for 苧, which is Traditional for 苎.
    once = normalise(text.replace("薴", ""))
    assert normalise(once) == once


@thorough
@given(TEXTS)
def test_the_fast_way_and_the_way_with_places_give_the_same_terms(text):
    found = tokens(text)
    terms = analyse(text)
    chars = [token.text for token in found if token.kind == "char"]
    assert terms.chars == " ".join(chars)
    # But for the marks between, the literal run is the characters.
    marks = [term for term in terms.literal.split() if term not in chars]
    assert [term for term in terms.literal.split() if term not in marks] == chars
    assert not any(map(str.isalnum, marks))
    assert terms.bigrams == " ".join(token.text for token in found if token.kind == "bigram")
    assert terms.words == " ".join(token.text for token in found if token.kind not in ("char", "bigram"))


@thorough
@given(TEXTS)
def test_terms_are_parted_by_single_blanks_and_never_long(text):
    for field in analyse(text):
        terms = field.split()
        assert field == " ".join(terms)
        assert all(len(term) <= 64 for term in terms)


@thorough
@given(TEXTS)
def test_places_lie_inside_and_split_no_character(text):
    for token in tokens(text):
        assert 0 <= token.start < token.end <= len(text)
        assert not begins_inside(text, token.start)
        assert not begins_inside(text, token.end)


@thorough
@given(TEXTS)
def test_every_letter_and_digit_is_found_by_its_place(text):
    covered = {at for token in tokens(text) if token.kind == "char" for at in range(token.start, token.end)}
    for at, character in enumerate(text):
        if character.isalnum() and character not in _FILLERS and any(map(str.isalnum, normalise(character))):
            assert at in covered


@thorough
@given(TEXTS, TEXTS)
def test_names_never_raise_and_are_bounded(name, query):
    terms = analyse_name(name)
    assert len(terms.pinyin) <= 16
    assert len(terms.initials) <= 32
    assert len(terms.inner) <= 64
    assert all(term and not re.search(r"\s", term) for part in (*terms, *name_query_terms(query)) for term in part)
    found = find_spelled(name, query)
    assert found is None or 0 <= found[0] < found[1] <= len(name)


@thorough
@given(st.text(st.sampled_from("搜索开发測試abcXY12 ，.-"), min_size=1, max_size=12), TEXTS, TEXTS)
def test_a_phrase_is_found_in_any_text_that_holds_it(phrase, before, after):
    inner = f" {analyse(phrase).literal} "
    assert inner in f" {analyse(f'{before}。{phrase}。{after}').literal} " or inner == "  "
