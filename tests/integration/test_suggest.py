"""`/v1/suggest`: what may be meant by what is typed so far, nearest first, and nothing that one may not see."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Any

import kit
import pytest
from apikit import Api, Company, unrefreshed
from opensearchpy import AsyncOpenSearch

from search.core.streams.port import Broker
from search.suggest.suggest import Asked

ME, TENANT = "u-me", "typing"


@pytest.fixture(scope="module")
async def company(api: Api, broker: Broker, engine: AsyncOpenSearch) -> Company:
    company = Company(api, broker, engine, tenant=TENANT)
    company.role(kit.ALL_MODULES, id="default")
    for id, parent, name in (
        ("d-all", None, "总公司"), ("d-search", "d-all", "搜索研发部"), ("d-shop", "d-all", "商旅研发部"),
    ):  # fmt: skip
        company.department(parent, id=id, name=name)
    for id, name, department, more in (
        (ME, "陈晨", "d-search", {}),
        ("u-zs1", "张三", "d-shop", {"title": "测试工程师", "employee_no": "A10001", "phone": "13800138000"}),
        ("u-zs2", "张三", "d-search", {"title": "后端工程师", "english_name": "Sam Zhang"}),
        ("u-zs3", "张三", "d-shop", {"title": "离职", "status": "disabled"}),
        ("u-zsf", "张三丰", "d-shop", {}),
        ("u-wzs", "王张山", "d-shop", {}),
        ("u-lzs", "李知书", "d-shop", {"english_name": "Susan Liang"}),
        ("u-secret", "张密", "d-shop", {"visible_to": ["user:u-secret"]}),
    ):  # fmt: skip
        company.user(name, id=id, department_ids=[department], **more)
    company.conversation(ME, "u-zs1", id="c-plan", name="张江园区搬迁群")
    company.conversation("u-zs1", id="c-hidden", name="张扬项目群")
    company.conversation("u-zs1", id="c-public", name="公开的羽毛球群", public=True)
    company.conversation(ME, "u-zsf", id="c-direct", name=None, kind="direct")
    company.conversation(ME, "u-zs1", id="c-direct-1", name=None, kind="direct")
    company.app("报销助手", id="a-expense", description="差旅费用", allow=["tenant:*"], category="财务")
    company.app("报销审核台", id="a-audit", allow=["user:u-zs1"])
    company.doc("u-zs1", "报销制度 2026", id="f-rules", allow=["tenant:*"], body="x" * 100)
    company.doc("u-zs1", "报销制度（内部）", id="f-inner", allow=[])
    company.doc(ME, "年度预算评审", id="f-budget")
    for number in range(6):
        company.message("c-direct", f"你好{number}", sender_id=ME)
    company.message("c-plan", "好的", sender_id=ME)
    await company.arrive()
    return company


async def suggest(company: Company, q: str, user: str = ME, **params: Any) -> dict[str, Any]:
    response = await company.api.get(user, "/v1/suggest", tenant=TENANT, q=q, **params)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    assert (answer["partial"], answer["failed"]) == (False, [])
    return answer


async def found(company: Company, q: str, user: str = ME, **params: Any) -> list[str]:
    return [one["id"] for one in (await suggest(company, q, user, **params))["suggestions"]]


class TestNames:
    @pytest.mark.parametrize(
        ("typed", "first", "why"),
        [
            ("张三丰", "u-zsf", "exact_name"), ("張三豐", "u-zsf", "exact_name"), ("张三", "u-zs2", "exact_name"),
            ("zhangsanfeng", "u-zsf", "pinyin"), ("zhang san feng", "u-zsf", "pinyin"), ("ZSF", "u-zsf", "pinyin"),
            ("zhangsf", "u-zsf", "pinyin"), ("zhang三丰", "u-zsf", "pinyin"), ("zhangsanfe", "u-zsf", "pinyin"),
            ("三丰", "u-zsf", "name"), ("知书", "u-lzs", "name"), ("zhishu", "u-lzs", "pinyin"),
            ("susan liang", "u-lzs", "exact_name"), ("susan", "u-lzs", "name"), ("liang", "u-lzs", "name"),
            ("liang su", "u-lzs", "name"), ("A10001", "u-zs1", "exact_name"), ("a1000", "u-zs1", "name"),
            ("13800138000", "u-zs1", "exact_name"), ("1380013", "u-zs1", "name"), ("8000", "u-zs1", "name"),
            ("zhangsanfemg", "u-zsf", "typo"), ("张江", "c-plan", "name"), ("搬迁", "c-plan", "name"),
            ("zhangjiang", "c-plan", "pinyin"), ("bqq", "c-plan", "pinyin"), ("羽毛", "c-public", "name"),
            ("搜索研", "d-search", "name"), ("ssyfb", "d-search", "pinyin"), ("报销助", "a-expense", "name"),
            ("bxzs", "a-expense", "pinyin"), ("baoxiaozhu", "a-expense", "pinyin"), ("助手", "a-expense", "name"),
            ("报销制度", "f-rules", "name"), ("预算", "f-budget", "name"), ("ndys", "f-budget", "pinyin"),
            ("niandu", "f-budget", "pinyin"), ("商旅研发部 张三丰", "u-zsf", "exact_name"),
            ("张三 商旅研发部", "u-zs1", "exact_name"),
        ],
    )  # fmt: skip
    async def test_by_whatever_one_types(self, company: Company, typed: str, first: str, why: str) -> None:
        suggestions = (await suggest(company, typed))["suggestions"]
        assert (suggestions[0]["id"], suggestions[0]["why"]) == (first, why), suggestions

    async def test_whoever_is_close_goes_first_among_equals_and_the_disabled_last(self, company: Company) -> None:
        # All three are called just so: one of the caller's own department, one the caller writes to, one gone.
        assert await found(company, "张三", "u-lzs") == ["u-zs1", "u-zs2", "u-zsf", "u-zs3"]
        assert (await found(company, "张三"))[:2] == ["u-zs2", "u-zs1"]
        assert (await found(company, "张三"))[-1] == "u-zs3"

    async def test_namesakes_are_told_apart(self, company: Company) -> None:
        one, other = (await suggest(company, "张三"))["suggestions"][:2]
        assert (one["detail"], other["detail"]) == ("后端工程师 · Sam Zhang · 搜索研发部", "测试工程师 · 商旅研发部")
        assert one["title"] == "<em>张三</em>"
        assert one["kind"] == "person"
        assert one["vertical"] == "contacts"

    async def test_each_kind_says_what_it_is(self, company: Company) -> None:
        kinds = {one["id"]: (one["kind"], one["detail"]) for one in (await suggest(company, "报销"))["suggestions"]}
        assert kinds == {"a-expense": ("app", "财务"), "f-rules": ("doc", "张三")}
        [group] = (await suggest(company, "羽毛"))["suggestions"]
        assert group["kind"] == "group"
        assert group["fields"] == {"kind": "conversation", "conversation_kind": "group", "public": True}

    async def test_at_most_as_many_as_asked_for(self, company: Company) -> None:
        assert len(await found(company, "张", limit=2)) == 2
        assert (await company.api.get(ME, "/v1/suggest", tenant=TENANT, q="张", limit=21)).status_code == 422

    @pytest.mark.parametrize("typed", ["不存在的名字", "zzzqqq", "!!!", "。", "*", '"', "(", "\\", "x" * 300, "😀"])
    async def test_nothing_is_an_answer_and_no_input_a_fault(self, company: Company, typed: str) -> None:
        assert await found(company, typed) == []


class TestAccess:
    @pytest.mark.parametrize(
        "typed", ["张密", "张扬", "张扬项目群", "报销审核台", "报销制度（内部）", "zhangmi", "bxsht"]
    )
    async def test_what_one_may_not_see_is_like_what_does_not_exist(self, company: Company, typed: str) -> None:
        hidden = {"u-secret", "c-hidden", "a-audit", "f-inner"}
        assert not hidden & set(await found(company, typed))

    async def test_a_module_less_is_a_kind_less(self, company: Company) -> None:
        company.role(["search.apps"], id="default")
        await company.arrive()
        try:
            assert await found(company, "报销") == ["a-expense"]
            assert await found(company, "张三") == []
            assert await found(company, "from:张") == []
            assert await found(company, "") == []
        finally:
            company.role(kit.ALL_MODULES, id="default")
            await company.arrive()

    async def test_an_unknown_caller_is_403(self, company: Company) -> None:
        assert (await company.api.get("u-nobody", "/v1/suggest", tenant=TENANT, q="张")).status_code == 403

    async def test_what_is_taken_away_or_renamed_is_gone_before_the_engine_s_refresh(
        self, company: Company, engine: AsyncOpenSearch
    ) -> None:
        gone = company.app("飞行棋", allow=["tenant:*"])
        narrowed = company.doc("u-zs1", "飞行手册", allow=["tenant:*"])
        renamed = company.user("飞行员")
        stays = company.conversation(ME, name="飞行俱乐部群")
        await company.arrive()
        assert set(await found(company, "飞行")) == {gone, narrowed, renamed, stays}
        async with AsyncExitStack() as stack:
            for vertical in ("contacts", "apps", "docs"):
                await stack.enter_async_context(unrefreshed(engine, f"{vertical}.{TENANT}"))
            company.delete("app", gone)
            company.doc("u-zs1", "飞行手册", id=narrowed, allow=[])
            company.user("改名了", id=renamed)
            await company.arrive_unrefreshed()
            assert await found(company, "飞行") == [stays]


class TestOperators:
    @pytest.mark.parametrize(
        "typed", ["from:张三", "发送人:张三", "发送人：张三", "评审 from:张三", "from:@张三", "from:zhangsan"]
    )
    async def test_people_for_from(self, company: Company, typed: str) -> None:
        one = (await suggest(company, typed))["suggestions"][0]
        assert (one["kind"], one["id"]) == ("person", "u-zs2")
        operator = "from:" if "from" in typed else "发送人:"
        assert one["token"] == f"{operator}u-zs2"
        assert one["text"] == ("评审 " if typed.startswith("评审") else "") + f"{operator}u-zs2 "

    async def test_a_chosen_one_means_that_one_alone(self, company: Company) -> None:
        company.message("c-plan", "关于搬迁", id="m-of-zs1", sender_id="u-zs1")
        await company.arrive()
        first = (await suggest(company, "搬迁 from:张三丰"))["suggestions"][0]
        assert [hit["id"] for hit in (await company.search(ME, first["text"], verticals="messages"))["hits"]] == []
        token = next(one for one in (await suggest(company, "搬迁 from:张三"))["suggestions"] if one["id"] == "u-zs1")
        hits = (await company.search(ME, token["text"], verticals="messages"))["hits"]
        assert [hit["id"] for hit in hits] == ["m-of-zs1"]

    async def test_groups_for_in(self, company: Company) -> None:
        ids = await found(company, "周报 in:张江")
        assert ids == ["c-plan"]
        assert "c-hidden" not in await found(company, "in:张扬")

    async def test_whom_one_writes_to_before_anything_is_typed(self, company: Company) -> None:
        assert (await found(company, "from:"))[0] == "u-zsf"
        assert "c-plan" in await found(company, "in:")

    @pytest.mark.parametrize(
        ("typed", "token"), [("类型:表", "类型:sheet"), ("type:sh", "type:sheet"), ("has:f", "has:file")]
    )
    async def test_values_of_a_list(self, company: Company, typed: str, token: str) -> None:
        one = (await suggest(company, typed))["suggestions"][0]
        assert (one["kind"], one["token"], one["text"]) == ("query", token, f"{token} ")

    @pytest.mark.parametrize("typed", ["before:2026", "http://例", "时间：张三", "nonsense:张三"])
    async def test_other_colons_are_no_operators(self, company: Company, typed: str) -> None:
        assert all(one["token"] is None for one in (await suggest(company, typed))["suggestions"])


class TestNothingTyped:
    async def test_whom_one_talks_to(self, company: Company) -> None:
        suggestions = (await suggest(company, ""))["suggestions"]
        assert [(one["kind"], one["id"], one["why"]) for one in suggestions[:2]] == [
            ("person", "u-zsf", "close"), ("group", "c-plan", "close"),
        ]  # fmt: skip
        assert suggestions[0]["detail"] == "商旅研发部"

    async def test_somebody_who_has_said_nothing_is_told_nothing(self, company: Company) -> None:
        assert await found(company, "", "u-wzs") == []

    async def test_an_app_is_told_nothing_of_the_user_s_own(self, company: Company) -> None:
        services = company.api.app.state.services
        caller = await services.search.directory.principal(TENANT, ME)
        for q in ("", "from:", "in:"):
            own = await services.suggest.answer(caller, Asked(q, personal=True))
            assert own.found
            assert not (await services.suggest.answer(caller, Asked(q, personal=False))).found
        # Nor by the order: of namesakes the one of the same department is still first, and close ones are not.
        named = await services.suggest.answer(caller, Asked("张三", personal=False))
        assert [one.id for one in named.found][:1] == ["u-zs2"]

    async def test_whoever_talks_to_one_at_a_time_is_offered_groups_too(self, company: Company) -> None:
        alone = company.user("独行侠")
        for number in range(12):
            other = company.user(f"对方{number}")
            room = company.conversation(alone, other, name=None, kind="direct")
            company.message(room, "你好", sender_id=alone, sent_at="2026-03-03T09:00:00Z")
        group = company.conversation(alone, name="冷清的群")
        company.message(group, "有人吗", sender_id=alone, sent_at="2026-03-01T09:00:00Z")
        await company.arrive()
        assert await found(company, "in:", alone, limit=1) == [group]

    async def test_what_is_close_is_told_by_no_caller_who_may_not_search_messages(self, company: Company) -> None:
        services = company.api.app.state.services
        caller = await services.search.directory.principal(TENANT, ME)
        assert (await services.suggest.answer(caller, Asked(""))).found
        no_messages = caller.narrowed(frozenset({"search.contacts", "search.personal"}), "an-app")
        assert not (await services.suggest.answer(no_messages, Asked(""))).found

    async def test_what_one_searched_and_opened(self, company: Company) -> None:
        answer = await company.search("u-zs2", "报销制度")
        opened = {"query_id": answer["query_id"], "action": "open", "vertical": "docs", "id": "f-rules", "position": 1}
        response = await company.api.post("u-zs2", opened, path="/v1/clicks", tenant=TENANT)
        assert response.status_code == 204

        async def told() -> bool:
            suggestions = (await suggest(company, "", "u-zs2"))["suggestions"]
            said = {(one["kind"], one["id"] or one["text"], one["why"]) for one in suggestions}
            return said == {("doc", "f-rules", "often_opened"), ("query", "报销制度", "recent")}

        await kit.until(told, "what was opened to be suggested")
        for limit in (3, 8):
            typed = (await suggest(company, "报销", "u-zs2", limit=limit))["suggestions"]
            assert (typed[-1]["kind"], typed[-1]["text"]) == ("query", "报销制度"), "names leave it no place"
        assert "query" not in {one["kind"] for one in (await suggest(company, "报销", ME))["suggestions"]}
