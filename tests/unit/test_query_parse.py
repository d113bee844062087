"""The query box's language: what each way of writing means, and that nothing is ever a syntax error or lost."""

from __future__ import annotations

import time
from collections import Counter
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
import querykit
from hypothesis import example, given
from hypothesis import strategies as st
from kit import CATALOGUE
from querykit import LANGUAGE, moments

from search.query.dates import SHANGHAI, resolve_date
from search.query.filters import Operator
from search.query.parse import MOST_CONDITIONS, ParsedQuery

# A Wednesday; in Shanghai it is already Thursday, 5 March.
NOW = datetime(2026, 3, 4, 17, 30, tzinfo=UTC)


OPERATORS = {name: filter.name for filter in CATALOGUE.filters.values() for name in (filter.name, *filter.names)}


def parsed(q: str) -> ParsedQuery:
    return querykit.parsed(q, NOW)


def micros(*when: int) -> int:
    return int(datetime(*when, tzinfo=UTC).timestamp()) * 1_000_000  # type: ignore[misc]


def operators(q: str) -> list[str]:
    """Each as `name=value`, a negated one as `-name=value`."""
    return [f"{'-' * op.negated}{op.name}={op.value}" for op in parsed(q).operators]


def begins(value: str, now: datetime = NOW) -> str | None:
    """The day in Shanghai at whose beginning a date's span begins."""
    moment = resolve_date(value, now=now)
    if moment is None:
        return None
    local = moment.astimezone(SHANGHAI)
    assert moment.tzinfo is UTC
    assert (local.hour, local.minute, local.second, local.microsecond) == (0, 0, 0, 0)
    return local.date().isoformat()


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("from:张三", ["from=张三"]),
        ("发送人:张三 群聊:平台组 类型:文档 包含:链接", ["from=张三", "in=平台组", "type=文档", "has=链接"]),
        ("早于:2026-01 晚于:2025", ["before=2026-01", "after=2025"]),
        ("from：张三", ["from=张三"]),
        ("FROM:张三 From:李四 ｆｒｏｍ：王五", ["from=张三", "from=李四", "from=王五"]),
        ("from: 张三", ["from=张三"]),
        ("from:　张三", ["from=张三"]),
        ("from:@张三", ["from=张三"]),
        ('in:"平台 架构组"', ["in=平台 架构组"]),
        ("from:“张 三”", ["from=张 三"]),
        ("in:「平台 架构组」 in:『二 组』 in:‘三 组’", ["in=平台 架构组", "in=二 组", "in=三 组"]),
        ('in:“平台 组"', ["in=平台 组"]),
        ('in:"平台', ["in=平台"]),
        ("-from:李四", ["-from=李四"]),
        ("－类型:doc −in:闲聊", ["-type=doc", "-in=闲聊"]),
        ("from:张三 from:李四 -from:王五", ["from=张三", "from=李四", "-from=王五"]),
        ("after:last week", ["after=last week"]),
        ('after:"last week"', ["after=last week"]),
        ("after:7d", ["after=7d"]),
    ],
)
def test_operators(q: str, expected: list[str]) -> None:
    assert operators(q) == expected
    assert parsed(q).text == ""


@pytest.mark.parametrize("name", OPERATORS)
def test_every_operator_has_its_english_name(name: str) -> None:
    value = {"before": "2026", "after": "2026", "has": "file"}.get(OPERATORS[name], "x")
    assert parsed(f"{name}:{value}").operators == (Operator(OPERATORS[name], value),)


@pytest.mark.parametrize(
    "q",
    [
        "foo:bar",
        "http://x/y?z=1",
        "12:30",
        "C:\\x",
        "比分3:2",
        "标题:正文",
        "before:哪天 after:31.02.2026x",
        "before:2026-13 after:2026-02-30 after:0000",
        "has:happiness",
        "from:",
        "from",
        "发件人:张三",
        "@张三 #话题",
        "JIRA-1234 e-mail",
        "- -- --x a- 三 - 四",
        "*:* AND OR { } [ ] ( ~ ^2 /x/ \\",
        "《红楼梦》 ？！，。；：",
        "don't don’t",
        "😀👨‍👩‍👧🏽",
    ],
)
def test_plain_text(q: str) -> None:
    assert parsed(q) == ParsedQuery(text=q)


@pytest.mark.parametrize(
    "q", ["", " ", "　\t\n", '"', "“”", '""', '""""', "「", "」", "\x00", "\ud800\udfff", "\u200b\ufeff"]
)
def test_nothing(q: str) -> None:
    assert parsed(q) == ParsedQuery()


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("搜索 \t　中台", ParsedQuery(text="搜索 中台")),
        ('"精确 短语" 其他', ParsedQuery(text="其他", phrases=("精确 短语",))),
        ("“甲”“乙”「丙」『丁』‘戊’〝己〞＂庚＂", ParsedQuery(phrases=("甲", "乙", "丙", "丁", "戊", "己", "庚"))),
        ("「外『内』外」", ParsedQuery(phrases=("外『内』外",))),
        ('周报 "三月" 汇总', ParsedQuery(text="周报 汇总", phrases=("三月",))),
        ('周报"三月"汇总', ParsedQuery(text="周报三月汇总", phrases=("三月",))),
        ("“六片”指的是什么？", ParsedQuery(text="六片指的是什么？", phrases=("六片",))),
        ('"甲""乙"', ParsedQuery(phrases=("甲", "乙"))),
        ('" 空白 "', ParsedQuery(phrases=("空白",))),
        ('没有"结束 的引号', ParsedQuery(text="没有 结束 的引号")),
        ("预算 -草稿 －旧版", ParsedQuery(text="预算", excluded=("草稿", "旧版"))),
        ('-"一 句" -「两 句」', ParsedQuery(excluded=("一 句", "两 句"))),
        ("-foo:bar", ParsedQuery(excluded=("foo:bar",))),
        ('"甲"-乙', ParsedQuery(text="甲-乙", phrases=("甲",))),
        ("from:张三，预算", ParsedQuery(text="，预算", operators=(Operator("from", "张三"),))),
        ("from: in:甲组 x", ParsedQuery(text="from: x", operators=(Operator("in", "甲组"),))),
        ("from: -甲", ParsedQuery(text="from:", excluded=("甲",))),
        ('in:"" 甲', ParsedQuery(text="in: 甲")),
        ("fr\u200bom:张\ufeff三 甲\x00乙\ud83d", ParsedQuery(text="甲 乙", operators=(Operator("from", "张三"),))),
    ],
)
def test_parts(q: str, expected: ParsedQuery) -> None:
    assert parsed(q) == expected


@pytest.mark.parametrize(
    ("value", "day"),
    [
        ("今天", "2026-03-05"),
        ("today", "2026-03-05"),
        ("昨天", "2026-03-04"),
        ("Yesterday", "2026-03-04"),
        ("前天", "2026-03-03"),
        ("明天", "2026-03-06"),
        ("本周", "2026-03-02"),
        ("上周", "2026-02-23"),
        ("上个星期", "2026-02-23"),
        ("last week", "2026-02-23"),
        ("last_week", "2026-02-23"),
        ("本月", "2026-03-01"),
        ("上个月", "2026-02-01"),
        ("上上个月", "2026-01-01"),
        ("last month", "2026-02-01"),
        ("今年", "2026-01-01"),
        ("去年", "2025-01-01"),
        ("7d", "2026-02-26"),
        ("2w", "2026-02-19"),
        ("3m", "2025-12-05"),
        ("1y", "2025-03-05"),
        ("7天", "2026-02-26"),
        ("两周前", "2026-02-19"),
        ("3个月前", "2025-12-05"),
        ("三个月", "2025-12-05"),
        ("2026", "2026-01-01"),
        ("2026年", "2026-01-01"),
        ("2026-01", "2026-01-01"),
        ("2026年1月", "2026-01-01"),
        ("2026-01-31", "2026-01-31"),
        ("2026/1/31", "2026-01-31"),
        ("2026.1.31", "2026-01-31"),
        ("２０２６－０１－３１", "2026-01-31"),
        ("2026年1月31日", "2026-01-31"),
        ("1月31日", "2026-01-31"),
        ("1月31号", "2026-01-31"),
        ("2月", "2026-02-01"),
        ("12月31日", "2025-12-31"),
        ("7月", "2025-07-01"),
        ("2月30日", None),
        ("2月29日", None),
        ("2026-00", None),
        ("9999y", None),
        ("20260131", None),
        ("一", None),
        ("1" * 100_000, None),
        ("", None),
    ],
)
def test_dates(value: str, day: str | None) -> None:
    assert begins(value) == day


def test_months_ago_end_with_the_month() -> None:
    assert begins("1m", datetime(2026, 3, 31, 4, tzinfo=UTC)) == "2026-02-28"
    assert begins("1y", datetime(2028, 2, 29, 4, tzinfo=UTC)) == "2027-02-28"


def test_a_time_is_that_moment() -> None:
    assert resolve_date("2026-01-31T08:00:00Z", now=NOW) == datetime(2026, 1, 31, 8, tzinfo=UTC)
    assert resolve_date("2026-01-31t08:00", now=NOW) == datetime(2026, 1, 31, 0, tzinfo=UTC)


def test_days_begin_in_the_callers_time_zone() -> None:
    found = moments("after:昨天 before:2026-07-01", NOW, tz=ZoneInfo("Europe/Berlin"))
    assert found == {"after": micros(2026, 3, 2, 23), "before": micros(2026, 6, 30, 22)}


def test_the_narrowest_of_several_dates_counts() -> None:
    q = "after:2025 after:2026-01 before:2026-03 before:2026-02"
    assert moments(q, NOW) == {"after": micros(2025, 12, 31, 16), "before": micros(2026, 1, 31, 16)}
    assert len(parsed(q).operators) == 4


def test_not_before_is_after() -> None:
    assert moments("-before:2026", NOW) == moments("after:2026", NOW)
    assert moments("-after:2026", NOW) == moments("before:2026", NOW)
    assert (moments("-after:2026", NOW)).keys() == {"before"}


@pytest.mark.parametrize(
    ("value", "kinds"),
    [
        ("文档", {"doc"}),
        ("表格", {"sheet"}),
        ("幻灯片", {"slide"}),
        ("PPT", {"slide"}),
        ("ＰＤＦ", {"pdf"}),
        ("图片", {"image"}),
        ("文件", {"file"}),
        ("小程序", {"mini_program"}),
        ("Mini Program", {"mini_program"}),
        ("机器人", {"bot"}),
        ("群", {"group"}),
        ("人", {"user"}),
        ("whiteboard", {"whiteboard"}),
    ],
)
def test_types(value: str, kinds: set[str]) -> None:
    assert LANGUAGE.meant(CATALOGUE.filters["type"], value) == kinds


def test_features() -> None:
    features = [("file", "文件"), ("Link", "链接"), ("image", "图片")]
    found = [{LANGUAGE.meant(CATALOGUE.filters["has"], name) for name in names} for names in features]
    assert found == [{frozenset({"file"})}, {frozenset({"link"})}, {frozenset({"image"})}]


def test_more_conditions_than_anyone_types_are_text() -> None:
    many = parsed(" ".join(f'from:a{i} -b{i} "c{i}"' for i in range(100)))
    assert len(many.operators) == len(many.excluded) == len(many.phrases) == MOST_CONDITIONS
    assert many.text.endswith("from:a99 b99 c99")


# What the language is made of, so that random texts meet it.
PIECES = [
    *OPERATORS,
    *':：-－ \t　"“”‘’「」『』〝〞＂',
    "last",
    "week",
    "昨天",
    "file",
    "张三",
    "\x00",
    "\ud800",
    "\u200b",
]
QUERIES = st.one_of(
    st.text(st.characters()),
    st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=3)), max_size=40).map("".join),
)


def letters(*texts: str) -> Counter[str]:
    return Counter(char for text in texts for char in text if char.isalnum())


@given(QUERIES)
@example("from:" * 3)
@example('-"' * 5)
@example("*:* AND { \x00 \ud800 “")
def test_no_query_raises_and_no_letter_is_lost(q: str) -> None:
    query = parsed(q)
    rest = (*query.excluded, *(op.value for op in query.operators))
    lost = letters(q) - letters(query.text, *query.phrases, *rest)
    # A phrase in the middle of a sentence is a part of the text, too.
    assert letters(query.text, *rest) <= letters(q)
    assert letters(*query.phrases, *rest) <= letters(q)
    # Only the names of the operators that were understood.
    assert lost.total() <= 6 * len(query.operators)
    assert query.text == " ".join(query.text.split())
    assert all([*query.phrases, *query.excluded, *(op.value for op in query.operators)])
    repr(query).encode()


@given(st.text(st.characters(exclude_characters=":：")))
def test_without_a_colon_there_is_no_operator(q: str) -> None:
    query = parsed(q)
    assert not query.operators
    assert letters(q) <= letters(query.text, *query.phrases, *query.excluded)
    assert letters(query.text, *query.excluded) <= letters(q)


@given(
    st.lists(st.sampled_from(["预算", "JIRA-1", '"甲 乙"', "-丙", "from:丁", '-in:"戊 己"', "after:2026"]), max_size=15)
)
def test_terms_in_any_order_mean_the_same(terms: list[str]) -> None:
    query = parsed(" ".join(terms))
    assert query.text.split() == [term for term in terms if term in ("预算", "JIRA-1")]
    assert query.phrases == ("甲 乙",) * terms.count('"甲 乙"')
    assert query.excluded == ("丙",) * terms.count("-丙")
    assert Counter(op.name for op in query.operators) == Counter(
        {
            name: count
            for name, count in (
                ("from", terms.count("from:丁")),
                ("in", terms.count('-in:"戊 己"')),
                ("after", terms.count("after:2026")),
            )
            if count
        }
    )


@pytest.mark.parametrize(
    "piece",
    [
        "a",
        "预算 ",
        '"a" ',
        '"',
        "“「",
        "‘",
        "-",
        '-"',
        "from:",
        "from: ",
        'before:"a ',
        "after:last ",
        "：",
        " ",
        "\ud800",
    ],
)
def test_time_is_linear(piece: str) -> None:
    began = time.perf_counter()
    parsed((piece * 100_000)[:100_000] + "”")
    # Some 5 to 200 ms on an idle machine; anything quadratic takes minutes.
    assert time.perf_counter() - began < 5
