"""How rare words are: common ones tell nothing, names tell most."""

from __future__ import annotations

from analyzers.rarity import rarity


def test_the_rarer_a_word_the_more_it_tells() -> None:
    found = rarity({"的", "使用", "报销", "云盘管家", "widget"})
    assert found["的"] == 0
    assert found["使用"] < found["报销"] < found["云盘管家"]
    assert found["widget"] == found["云盘管家"]


def test_what_one_word_is_worth_depends_on_no_other() -> None:
    assert rarity({"报销"})["报销"] == rarity({"报销", "发票"})["报销"]
    assert rarity(set()) == {}
