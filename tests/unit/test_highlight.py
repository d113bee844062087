"""What is marked in a title, and which passage of a text is shown."""

import html
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search.query.highlight import highlight_terms, holds_any, mark, mark_name, snippet


@pytest.mark.parametrize(
    ("query", "text", "expected"),
    [
        ("搜索中台", "明天上午评审搜索中台方案", "明天上午评审<em>搜索</em><em>中台</em>方案"),
        ("搜索中台", "我们的搜索引擎", "我们的<em>搜索</em>引擎"),
        ("开发环境", "開發環境說明", "<em>開發</em><em>環境</em>說明"),
        ("開發", "软件开发", "软件<em>开发</em>"),
        ("java", "Ｊａｖａ与JAVA", "<em>Ｊａｖａ</em>与<em>JAVA</em>"),
        ("java", "javascript", "javascript"),
        ("reports", "Report on reporting", "<em>Report</em> on <em>reporting</em>"),
        ("JIRA-1234", "见jira-1234，非JIRA-99", "见<em>jira-1234</em>，非<em>JIRA</em>-99"),
        ("v2.3.1", "第1次升级V2.3.1", "第1次升级<em>V2.3.1</em>"),
        ("name", "getUserName()", "getUser<em>Name</em>()"),
        ("中华人民共和国", "共和国与人民", "<em>共和国</em>与<em>人民</em>"),
        ("他是谁", "谁说他是谁", "谁说<em>他是谁</em>"),
        ("滕", "滕王阁", "<em>滕</em>王阁"),
        ("的 报销", "报销的流程", "<em>报销</em>的流程"),
        ("的", "报销的流程", "报销<em>的</em>流程"),
        ("👍", "好👍🏽", "好<em>👍🏽</em>"),
        ("검색", "한국어검색", "한국어<em>검색</em>"),
        ("café", "cafe\u0301!", "<em>cafe\u0301</em>!"),
        ("", "<b>&", "&lt;b&gt;&amp;"),
        ("b", "<b>b</b>", "&lt;<em>b</em>&gt;<em>b</em>&lt;/<em>b</em>&gt;"),
    ],
)
def test_what_matched_is_marked_in_the_originals_own_characters(query, text, expected):
    assert mark(text, highlight_terms(query)) == expected


@pytest.mark.parametrize(
    ("phrase", "text", "expected"),
    [
        ("开始评审", "明天开始评审方案，开始吧", "明天<em>开始评审</em>方案，开始吧"),
        ("开始评审", "开始，评审", "开始，评审"),  # quoted is as it is written
        ("开始，评审", "开始,评审", "<em>开始,评审</em>"),
        ("开始-----评审", "开始--------评审", "<em>开始--------评审</em>"),
        ("开始-评审", "开始--评审", "开始--评审"),
        ("k8s 集群", "K8S集群", "<em>K8S集群</em>"),
        ("java", "javascript用java写", "javascript用<em>java</em>写"),
        ("開始", "开始", "<em>开始</em>"),
        ("，", "，", "，"),
    ],
)
def test_a_phrase_is_one_mark(phrase, text, expected):
    assert mark(text, highlight_terms("", [phrase])) == expected


def test_a_phrase_is_marked_beside_words():
    assert mark("搜索中台的中台", highlight_terms("中台", ["搜索中台"])) == "<em>搜索中台</em>的<em>中台</em>"


@pytest.mark.parametrize(
    ("name", "query", "expected"),
    [
        ("张三", "zhangsan", "<em>张三</em>"),
        ("張三豐", "zs", "<em>張三</em>豐"),
        ("张三", "张", "<em>张</em>三"),
        ("A&B运维群", "yunwei", "A&amp;B<em>运维</em>群"),
        ("李四", "zs", "李四"),
        ("Susan 梁", "susan", "<em>Susan</em> 梁"),
    ],
)
def test_a_name_is_marked_by_what_was_typed_of_it(name, query, expected):
    assert mark_name(name, query) == expected


BODY = (
    "一二三四五六七八九十。" * 30
    + "前文说了很多，搜索服务的接口由平台组维护。第二句讲别的。"
    + "甲乙丙丁戊己庚辛壬癸。" * 30
)


def test_a_snippet_is_the_best_passage_from_the_beginning_of_a_sentence():
    shown = snippet(BODY, highlight_terms("搜索接口"))
    assert shown.startswith("…前文说了很多，<em>搜索</em>服务的<em>接口</em>由平台组维护。第二句讲别的。")
    assert shown.endswith("。…")
    assert len(re.sub("<.*?>", "", shown)) <= 122


def test_a_snippet_without_a_match_is_the_beginning():
    assert snippet(BODY, highlight_terms("无此词语")) == snippet(BODY, highlight_terms(""))
    assert snippet(BODY, highlight_terms("")).startswith("一二三四")


def test_a_short_text_is_shown_whole_in_one_line():
    assert snippet("第一行\n\n第二行 <搜索>", highlight_terms("搜索")) == "第一行 第二行 &lt;<em>搜索</em>&gt;"


def test_the_passage_with_more_of_the_query_wins():
    text = "搜索搜索搜索。" + "别的内容。" * 60 + "搜索与推荐。" + "别的内容。" * 60
    assert "<em>搜索</em>与<em>推荐</em>" in snippet(text, highlight_terms("搜索 推荐"))


def test_a_match_far_inside_a_text_of_megabytes_is_found_at_once():
    text = "今天天气不错，我们去吃饭吧！" * 120_000 + "最后提到龙井茶。"
    started = time.perf_counter()
    assert "<em>龙井茶</em>" in snippet(text, highlight_terms("龙井茶"))
    assert holds_any(text, highlight_terms("龙井茶"))
    assert not holds_any(text, highlight_terms("碧螺春"))
    assert time.perf_counter() - started < 10


def test_fifty_snippets_are_made_in_no_time():
    texts = [f"{BODY[:450]}第{n}篇提到搜索服务与JIRA-{n}。" for n in range(50)]
    wanted = highlight_terms("搜索服务 JIRA-7")
    snippet(texts[0], wanted)
    started = time.perf_counter()
    assert all("<em>" in snippet(text, wanted) for text in texts)
    # Some 8 ms on an idle core; the limit leaves room for a busy one.
    assert time.perf_counter() - started < 0.1


ODD = st.text(
    st.sampled_from("搜索開发abcJ12 .-，。<>&\"'\n\u200b\u0301👍🏽👨\u200d👩ﾊﾞßé{}\ud800") | st.characters(), max_size=60
)


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(ODD, ODD, st.lists(ODD, max_size=2), st.integers(1, 40))
def test_no_text_or_query_raises_and_no_markup_but_em_comes_out(text, query, phrases, length):
    wanted = highlight_terms(query, phrases)
    marked = mark(text, wanted)
    assert html.unescape(re.sub("</?em>", "", marked)) == html.unescape(html.escape(text))
    assert holds_any(text, wanted) == ("<em>" in marked)
    for shown in (marked, mark_name(text, query), snippet(text, wanted, length)):
        rest = re.sub("<em>[^<>]+</em>", "", shown)
        assert not set("<>") & set(rest)
