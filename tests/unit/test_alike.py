"""What a mistyped run of Han may have been meant to be, and which parts of a question may be mistyped."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzers import PLAIN
from analyzers.alike import FAR, NEAR, SAME_SOUND, alike, is_word, near
from search.query.segments import CERTAIN, Segment, han_guesses, joined, latin_guesses, segments

HAN = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=1, max_size=4)


def costs(text: str) -> dict[str, int]:
    return {found.text: found.cost for found in alike(text)}


@pytest.mark.parametrize(
    ("typed", "meant", "cost"),
    [
        ("搜所", "搜索", SAME_SOUND),
        ("资迅", "资讯", SAME_SOUND),
        ("知实", "知识", SAME_SOUND),  # both readings of a heteronym's neighbour
        ("收所", "搜索", FAR),  # two characters that sound nearly so
        ("末来", "未来", NEAR),  # looks alike
        ("申脑", "电脑", NEAR),
        ("城市民", "城市", NEAR),  # a character too many
        ("索搜", "搜索", NEAR),  # changed places
        ("蓝天白匀", "蓝天白云", SAME_SOUND),
    ],
)
def test_words_that_sound_or_look_like_it(typed: str, meant: str, cost: int) -> None:
    assert costs(typed).get(meant) == cost


def test_a_tenant_s_own_words_are_meant_too() -> None:
    assert "搜中台" not in {found.text for found in alike("艘中台") if found.word}
    assert alike("艘中台", ["搜中台"])[0] == ("搜中台", SAME_SOUND, True)


@pytest.mark.parametrize(("one", "other"), [("zhang", "zang"), ("chen", "cheng"), ("nan", "lang"), ("xin", "xing")])
def test_sounds_that_many_speakers_do_not_tell_apart(one: str, other: str) -> None:
    assert near(one) == near(other)


def test_everyday_words_are_words() -> None:
    assert all(map(is_word, ("搜索", "会议室", "班组")))
    assert not any(map(is_word, ("搜所", "会义室", "㐀㐁")))


@given(HAN)
def test_nothing_is_meant_by_itself_and_every_guess_is_han(text: str) -> None:
    found = alike(text)
    assert text not in {one.text for one in found}
    assert [one.cost for one in found] == sorted(one.cost for one in found)
    assert all(len(text) - 1 <= len(one.text) <= max(len(text), 2) for one in found)


def parts(text: str) -> list[str]:
    return [segment.text for segment in segments(text, PLAIN)]


def test_characters_that_stand_in_a_row_are_one_part() -> None:
    assert parts("会义室") == ["会义室"]
    assert parts("费用报消流程") == ["费用", "报消", "流程"]
    assert parts("kuberntes 集群") == ["kuberntes", "集群"]


def test_a_slip_may_have_cut_a_word_in_two() -> None:
    found = segments("裁员方按", PLAIN)
    assert [segment.text for segment in joined(found, found)] == ["裁员方按"]
    assert joined(found, ()) == []
    apart = segments("裁员 方按", PLAIN)
    assert joined(apart, apart) == []


@given(st.text(max_size=30))
def test_parts_lie_in_the_question_one_behind_the_other(text: str) -> None:
    found = segments(text, PLAIN)
    ends = [0, *(segment.end for segment in found)]
    assert all(end <= segment.start < segment.end <= len(text) for end, segment in zip(ends, found, strict=False))


def test_one_stretch_of_a_run_is_put_right() -> None:
    guesses = {guess.text: guess.cost for guess in han_guesses(Segment("商侣平台", 0, 4), ())}
    assert guesses["商旅平台"] == CERTAIN
    assert min(guesses.values()) == CERTAIN
    assert han_guesses(Segment("一" * 9, 0, 9), ()) == []


def test_a_latin_word_is_meant_by_what_differs_by_a_slip() -> None:
    terms = ["kubernetes", "kubernete", "kube", "集群", "kubernets"]
    assert [guess.text for guess in latin_guesses(Segment("kuberntes", 0, 9), terms)][:1] == ["kubernetes"]
    assert latin_guesses(Segment("kube", 0, 4), ["kuber", "cubed"])[0].text == "kuber"
