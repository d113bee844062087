"""Which terms a text is found by."""

import pytest

from analyzers import UserWord, analyse, segmenter_with, tokens


def words(text: str) -> list[str]:
    return analyse(text).words.split()


def literal(text: str) -> str:
    return analyse(text).literal


def test_a_sentence_gives_words_pairs_and_characters():
    terms = analyse("明天上午评审搜索方案。")
    assert terms.words == "明天 上午 评审 搜索 方案"
    assert terms.bigrams == "明天 天上 上午 午评 评审 审搜 搜索 索方 方案"
    assert terms.chars == "明 天 上 午 评 审 搜 索 方 案"
    assert terms.literal == "明 天 上 午 评 审 搜 索 方 案 。"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("收到，谢谢！！", "收 到 , 谢 谢 ! !"),
        ("你好 世界", "你 好 世 界"),
        ("K8s 集群", "k8s 集 群"),
        ("v2.3.1", "v2 . 3 . 1"),
        ("release-notes", "release - notes"),
        ("嗯……", "嗯 . . ."),
        ("-----", "- - -"),
        ("《三体》·刘慈欣", "《 三 体 》 · 刘 慈 欣"),
    ],
)
def test_marks_stand_between_in_the_literal_run(text, expected):
    assert literal(text) == expected


@pytest.mark.parametrize("text", ["", " \t\n", "，。！？", "……——", "\u200b\ufe0f", "*:*", "{}"])
def test_punctuation_alone_gives_no_terms(text):
    terms = analyse(text)
    assert terms[:3] == ("", "", "")
    assert not any(map(str.isalnum, terms.literal))
    assert tokens(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("JIRA-1234", ["jira-1234", "jira", "1234"]),
        ("192.168.1.1", ["192.168.1.1", "192", "168", "1", "1"]),
        ("v2.3.1", ["v2.3.1", "v2", "3", "1"]),
        ("zhang.san@acme.example", ["zhang.san@acme.example", "zhang", "san", "acme", "example"]),
        ("https://a.example/wiki?id=7", ["https://a.example/wiki?id=7", "https", "a", "example", "wiki", "id", "7"]),
        ("getUserName", ["getusername", "get", "user", "name"]),
        ("HTTPServer", ["httpserver", "http", "server"]),
        ("snake_case_name", ["snake_case_name", "snake", "case", "name"]),
        ("HT202586424", ["ht202586424", "ht", "202586424"]),
        ("t9wt6qrh03", ["t9wt6qrh03"]),
        ("10kg", ["10kg", "10", "kg"]),
        ("C++", ["c++", "c"]),
        ("C#", ["c#", "c"]),
        ("AT&T", ["at&t", "at", "t"]),
        ("don't", ["don't", "don", "t"]),
        ("2026-03-02", ["2026-03-02", "2026", "03", "02"]),
        ("2026年3月2日", ["2026年3月2日", "2026", "年", "3月2日", "3", "月", "2日", "2", "日"]),
        ("100元", ["100元", "100", "元"]),
        ("Q3报表.xlsx", ["q3报表.xlsx", "q3", "报表", "xlsx"]),
        ("K8s集群", ["k8s", "集群"]),
        ("reports", ["reports", "report"]),
        ("コンピュータ", ["コンピュータ"]),
        ("한국어 검색", ["한국어", "검색"]),
        ("👍🏽", ["👍"]),
        ("🇨🇳🇯🇵", ["🇨🇳", "🇯🇵"]),
    ],
)
def test_words_are_whole_then_in_parts(text, expected):
    assert words(text) == expected


@pytest.mark.parametrize(
    "forms", ["report reports reported reporting", "study studies studied studying", "plan plans planned planning"]
)
def test_inflections_of_an_english_word_meet(forms):
    assert set.intersection(*(set(words(form)) for form in forms.split()))


@pytest.mark.parametrize(
    "text",
    ["JIRA-1234", "v2.3.1", "Q3报表.xlsx", "搜索 中台", "開發環境", "２０２６年", "ﾊﾝｶｸ", "a_b", "明天，上午", "50%"],
)
def test_a_literal_run_is_a_phrase_wherever_it_stands(text):
    around = literal(f"前面的{text}，后面的")
    assert f" {literal(text)} " in f" {around} "


def test_pairs_of_scripts_without_blanks():
    assert analyse("コンピ").bigrams == "コン ンピ"
    assert analyse("한국어").bigrams == "한국 국어"
    assert analyse("我").bigrams == "我"
    assert analyse("我 Java 你").bigrams == "我 java 你"


@pytest.mark.parametrize(
    "run", ["a" * 200_000, "Ab3+/" * 40_000, "1" * 70_000, "é" * 70_000, "ン" * 70_000, "e" + "\u0301" * 70_000]
)
def test_no_term_is_long(run):
    for field in analyse(f"前{run}后"):
        assert max(map(len, field.split())) <= 64


def test_a_long_run_is_cut_alike_in_query_and_document():
    run = "0123456789abcdef" * 20
    assert literal(run) in literal(f"密钥：{run}。")


def test_a_company_word_is_kept_whole():
    text = "搜索中台上线"
    assert "搜索中台" not in words(text)
    assert analyse(text, segmenter_with([UserWord("搜索中台")])).words.split()[0] == "搜索中台"


def test_tokens_stand_where_they_were_written():
    text = "請看ＪＩＲＡ-1234的開發"
    written = {token.text: text[token.start : token.end] for token in tokens(text)}
    assert written["jira-1234"] == "ＪＩＲＡ-1234"
    assert written["1234"] == "1234"
    assert written["开发"] == "開發"
    assert written["请"] == "請"
