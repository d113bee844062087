"""What of a question a document lacks, in the words of whoever asked."""

from __future__ import annotations

from typing import Any

import kit
import pytest
from kit import VERTICALS
from querykit import asked

from analyzers import PLAIN
from search.query.mismatch import MatchReport, report

MESSAGES, CONTACTS, DOCS = (VERTICALS[name] for name in ("messages", "contacts", "docs"))
SAID = {"original": kit.message("m", "明天上午评审搜索中台方案", conversation_id="c-7", sender_id="u-12")}
SENT_AT = 1_772_442_904_120_000


def of_message(**wanted: Any) -> MatchReport:
    return report(asked(lexicon=PLAIN, **wanted), MESSAGES, SAID)


def of_person(name: str, text: str) -> MatchReport:
    return report(asked(text=text), CONTACTS, {"original": kit.user("u", name), "entity": "user"})


@pytest.mark.parametrize("text", ["评审", "评审 方案", "搜索中台", "評審", ""])
def test_one_that_holds_it_lacks_nothing(text: str) -> None:
    assert of_message(text=text) == MatchReport(matches=True)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("预算报告", ["预算", "报告"]),
        ("评审预算报告会议", ["预算", "报告", "会议"]),
        ("JIRA-1234", ["jira-1234"]),
        ("budget budget", ["budget"]),
    ],
)
def test_words_that_it_does_not_hold(text: str, words: list[str]) -> None:
    assert of_message(text=text) == MatchReport(matches=False, words=tuple(words))


def test_a_word_in_another_form_is_held() -> None:
    stored = {"original": kit.doc("f", "reviewed plans", owner_id="u")}
    assert report(asked(text="reviewing budget figures"), DOCS, stored).words == ("budget", "figures")


@pytest.mark.parametrize(
    ("wanted", "condition"),
    [
        ({"senders": frozenset({"u-1"})}, "from"),
        ({"senders": frozenset()}, "from"),
        ({"conversations": frozenset({"c-1"})}, "in"),
        ({"kinds": frozenset({"file"})}, "type"),
        ({"features": frozenset({"link"})}, "has"),
        ({"after": SENT_AT + 1}, "after"),
        ({"before": SENT_AT}, "before"),
        ({"not_senders": frozenset({"u-12"})}, "-from"),
        ({"not_conversations": frozenset({"c-7"})}, "-in"),
        ({"not_kinds": frozenset({"text"})}, "-type"),
        ({"excluded": ("评审",)}, "-评审"),
        ({"phrases": ("评审方案",)}, '"评审方案"'),
    ],
)
def test_a_condition_that_fails_is_named_and_those_that_hold_are_not(wanted: dict[str, Any], condition: str) -> None:
    holding: dict[str, Any] = {"text": "评审", "phrases": ("上午",), "after": SENT_AT}
    assert of_message(**(holding | wanted)) == MatchReport(matches=False, conditions=(condition,))


def test_words_and_conditions_together() -> None:
    found = of_message(text="预算", senders=frozenset({"u-1"}), before=SENT_AT)
    assert found == MatchReport(matches=False, conditions=("from", "before"), words=("预算",))


def test_what_a_vertical_has_not_fails_too() -> None:
    """As it does in the search, which does not even ask such a vertical."""
    stored = {"original": kit.doc("f", "评审", owner_id="u")}
    assert report(asked(text="评审", features=frozenset({"file"})), DOCS, stored).conditions == ("has",)


def test_a_name_but_for_a_typo_is_told_as_such() -> None:
    assert of_person("张三丰", "zhangsanfeng") == MatchReport(matches=True)
    assert of_person("张三丰", "zhangsanfeg") == MatchReport(matches=True, fuzzy=True)
    assert of_person("张三丰", "lisi").matches is False


def test_what_has_no_words_is_told_by_its_characters() -> None:
    assert of_message(text="😀") == MatchReport(matches=False, words=("😀",))
    assert of_message(text="评审😀") == MatchReport(matches=True)
