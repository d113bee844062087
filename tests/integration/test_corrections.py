"""Did you mean: a better question where one finds little, made of nothing but what the caller may see."""

from __future__ import annotations

import apikit
import kit
import pytest
from apikit import Api, Company
from opensearchpy import AsyncOpenSearch

from search.core.streams.port import Broker

TEXTS = [
    "明天上午评审搜索中台方案",
    "费用报销流程",
    "年假怎么申请",
    "下午在会议室开会",
    "第三季度预算",
    "项目进度和里程碑",
    "kubernetes 集群升级",
    "release notes for the gateway",
]


@pytest.fixture(scope="module")
async def acme(api: Api, broker: Broker, engine: AsyncOpenSearch) -> Company:
    company = Company(api, broker, engine)
    company.role(kit.ALL_MODULES, id="default")
    company.role([], id="none")
    me, room = company.user(id="me"), company.conversation("me", id="c-room", name="闲聊")
    for number, text in enumerate(TEXTS * 3):
        company.message(room, text, id=f"m-{number}")
    company.doc(me, "商旅平台接入手册", id="f-trip", allow=["tenant:*"])
    company.user("李然", id="u-li")
    company.user("隐形人", id="u-hidden", visible_to=["user:nobody"])
    company.conversation("u-li", id="c-secret", name="涨薪名单")
    company.message("c-secret", "涨薪名单 confidential", id="m-secret")
    company.doc("u-li", "裁员方案", id="f-secret")
    await company.arrive()
    return company


async def corrected(company: Company, q: str, **params: str) -> str | None:
    answer = await company.search("me", q, **params)
    found: str | None = answer["query"]["corrected"]
    return found


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("搜所", "搜索"),  # sounds the same
        ("搜所中台", "搜索中台"),
        ("索搜", "搜索"),  # changed places
        ("报消", "报销"),
        ("费用报消流程", "费用报销流程"),
        ("年价", "年假"),  # in no dictionary
        ("会义室", "会议室"),
        ("与算", "预算"),
        ("项木进度", "项目进度"),
        ("搜嗦 方案", "搜索 方案"),
        ("會義室", "会议室"),  # Traditional
        ("李燃", "李然"),  # a name that sounds the same
        ("kuberntes", "kubernetes"),
        ("kuberntes 集群", "kubernetes 集群"),
        ("relaese notes", "release notes"),
        ("商侣平台", "商旅平台"),  # looks alike
        ("未算", None),
    ],
)
async def test_a_question_that_finds_little_is_put_right(acme: Company, typed: str, meant: str | None) -> None:
    assert await corrected(acme, typed) == meant


@pytest.mark.parametrize(
    "typed",
    ["搜索", "搜索中台", "报销流程", "预算 评审", "liran", "李然", "release", "releases", "m-1", "", "！？", "zq",
     "5678", "明天上午开会讨论第三季度的预算和项目进度好不好呀大家都来吧今天就这么说定了啊谁也不许迟到"],
)  # fmt: skip
async def test_what_is_right_or_means_nothing_stays(acme: Company, typed: str) -> None:
    assert await corrected(acme, typed) is None


@pytest.mark.parametrize("typed", ["费用报销流程", "明天上午评审搜索中台方案", "下午在会议", "台方案", "知会义室"])
async def test_what_stands_somewhere_as_it_is_was_meant(acme: Company, typed: str) -> None:
    """However odd: one visible document, or a name, that holds all of it is enough."""
    acme.message("c-room", "知会义室的事", id="m-odd")
    await acme.arrive()
    assert await corrected(acme, typed) is None


async def test_a_name_that_was_found_by_pinyin_is_no_typo(acme: Company) -> None:
    acme.user("陈龙", id="u-chen")
    acme.user("陈宁", id="u-ning", english_name="chenning")
    await acme.arrive()
    assert await corrected(acme, "chenlong") is None


@pytest.mark.parametrize("typed", ["涨新", "张薪名单", "名但", "裁原", "confidental", "隐型人"])
async def test_what_the_caller_may_not_see_corrects_nothing(acme: Company, typed: str) -> None:
    assert await corrected(acme, typed) is None


@pytest.mark.parametrize("typed", ["裁员方按", "涨新名单 方按"])
async def test_what_the_caller_may_not_see_neither_makes_nor_spoils_a_correction(acme: Company, typed: str) -> None:
    """方案 is to be seen, and all that is put right: 裁员 stays as it was typed, whether or not anything holds it."""
    assert await corrected(acme, typed) == typed.replace("方按", "方案")


async def test_who_sees_it_is_corrected_by_it(acme: Company) -> None:
    answer = await acme.search("u-li", "confidental")
    assert answer["query"]["corrected"] == "confidential"


async def test_operators_stay(acme: Company) -> None:
    assert await corrected(acme, "搜所 in:c-room") == "搜索 in:c-room"


async def test_a_correction_must_meet_the_operators(acme: Company) -> None:
    assert await corrected(acme, "搜所 before:2001-01-01") is None


async def test_only_verticals_that_the_caller_searches_count(acme: Company) -> None:
    assert await corrected(acme, "搜所", verticals="docs") is None
    assert await corrected(acme, "商侣平台", verticals="docs") == "商旅平台"


async def test_a_later_page_is_not_corrected_again(acme: Company) -> None:
    first = await acme.search("me", "流程 方案 预算 年假", limit=1)
    later = await acme.search("me", "流程 方案 预算 年假", limit=1, cursor=first["cursor"])
    assert later["query"]["corrected"] is None


async def test_a_recall_takes_the_correction_away_before_the_next_refresh(
    acme: Company, engine: AsyncOpenSearch
) -> None:
    acme.message("c-room", "量子纠缠", id="m-quantum")
    await acme.arrive()
    assert await corrected(acme, "量子究缠") == "量子纠缠"
    index = (await engine.indices.get_alias(name="messages.acme")).popitem()[0]
    async with apikit.unrefreshed(engine, index):
        acme.delete("message", "m-quantum")
        await acme.arrive_unrefreshed()
        assert await corrected(acme, "量子究缠") is None
