"""By which keys people, groups and apps are found."""

import pytest

from analyzers import analyse, analyse_name, find_spelled, name_query_terms


def found(name: str, query: str) -> bool:
    """Say whether `query` is the beginning of a key of `name`, as the engine is asked."""
    terms, wanted = analyse_name(name), name_query_terms(query)
    if not set(wanted.chars) <= set(analyse(name).chars.split()):
        return False
    by_pinyin = any(key.startswith(form) for key in (*terms.pinyin, *terms.inner) for form in wanted.pinyin)
    return by_pinyin or any(key.startswith(form) for key in (*terms.initials, *terms.inner) for form in wanted.initials)


@pytest.mark.parametrize(
    "query",
    ["zhangsan", "zhang san", "ZHANGSAN", "Zhang", "zhangs", "zs", "ZS", "z", "san", "zhang三", "张san", "z三", "ｚｓ"],
)
def test_a_person_is_found_as_one_types(query):
    assert found("张三", query)
    assert found("張三", query)
    assert find_spelled("张三", query)


@pytest.mark.parametrize("query", ["lisi", "zl", "zhang四", "zhangsanfeng", "an"])
def test_another_person_is_not(query):
    assert not found("张三", query)


@pytest.mark.parametrize(
    ("name", "pinyin"),
    [
        ("单思琪", "shansiqi"),
        ("解晓东", "xiexiaodong"),
        ("曾志伟", "zengzhiwei"),
        ("仇英", "qiuying"),
        ("查良镛", "zhaliangyong"),
        ("乐嘉", "yuejia"),
        ("区安琪", "ouanqi"),
        ("覃辉", "qinhui"),
        ("盖叫天", "gejiaotian"),
        ("缪琳艳", "miaolinyan"),
        ("朴婷", "piaoting"),
        ("翟天临", "zhaitianlin"),
        ("任静", "renjing"),
        ("万俟佳琪", "moqijiaqi"),
        ("尉迟恭", "yuchigong"),
        ("單于丹", "chanyudan"),
        ("乾隆", "qianlong"),
    ],
)
def test_a_surname_is_read_as_a_surname_first(name, pinyin):
    assert analyse_name(name).pinyin[0] == pinyin


def test_the_usual_reading_of_a_surname_is_a_key_too():
    assert {"shansiqi", "dansiqi"} <= set(analyse_name("单思琪").pinyin)
    assert {"ssq", "dsq", "shansq"} <= set(analyse_name("单思琪").initials)


@pytest.mark.parametrize(
    ("name", "pinyin"),
    [
        ("招商银行", "zhaoshangyinhang"),
        ("重庆出行", "chongqingchuxing"),
        ("音乐会", "yinyuehui"),
        ("Znplyer赞", "znplyerzan"),
        ("MySQL主库运维群", "mysqlzhukuyunweiqun"),
        ("2025校招-数据 组", "2025xiaozhaoshujuzu"),
    ],
)
def test_words_are_read_as_words_and_latin_stays_in_place(name, pinyin):
    assert analyse_name(name).pinyin[0] == pinyin


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("携程旅行", "携cheng"),
        ("MySQL主库运维群", "mysqlzk"),
        ("MySQL主库运维群", "zhuku"),
        ("腰果公考", "gongkao"),
        ("吕布", "lvbu"),
        ("吕布", "lubu"),
        ("吕布", "lübu"),
        ("吕布", "Lǚ Bù"),
        ("José Li", "joseli"),
        ("欧阳娜娜", "ouyangnn"),
    ],
)
def test_parts_and_mixtures_are_found(name, query):
    assert found(name, query)
    assert find_spelled(name, query)


@pytest.mark.parametrize("query", ["张三", "2025", "，", "", "👍"])
def test_without_letters_nothing_is_read(query):
    assert name_query_terms(query) == ([], [], [])


@pytest.mark.parametrize(
    ("name", "query", "part"),
    [
        ("张三", "zs", "张三"),
        ("张三", "zhang", "张"),
        ("张三（外包）", "san", "三"),
        ("單思琪", "shansq", "單思琪"),
        ("MySQL主库运维群", "zhuku", "主库"),
        ("Ｚnplyer赞", "znplyerz", "Ｚnplyer赞"),
        ("携程旅行", "携c", "携程"),
    ],
)
def test_what_is_spelled_can_be_marked(name, query, part):
    span = find_spelled(name, query)
    assert span
    assert name[slice(*span)] == part
