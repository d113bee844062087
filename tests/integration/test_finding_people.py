"""People, groups and apps found the way people type: with typos, by the ends of numbers, the nearest first."""

from __future__ import annotations

import apikit
import kit
import pytest
from apikit import Api, Company
from opensearchpy import AsyncOpenSearch

from search.core.streams.port import Broker


@pytest.fixture(scope="module")
async def acme(api: Api, broker: Broker, engine: AsyncOpenSearch) -> Company:
    company = Company(api, broker, engine)
    company.role(kit.ALL_MODULES, id="default")
    for id, parent in (("d-all", None), ("d-east", "d-all"), ("d-shop", "d-east"), ("d-west", "d-all")):
        company.department(parent, id=id, name=id)
    company.user("我", id="me", department_ids=["d-shop"])
    company.user("张三", id="u-zhang", phone="13800005678", employee_no="E20047", email="zhang.san@acme.example")
    company.user("单思琪", id="u-shan", english_name="Jonathan")
    company.user("John Smith", id="u-john")
    company.user("隐形人", id="u-hidden", english_name="Jhon", visible_to=["user:nobody"])
    for id, department in (("u-far", "d-west"), ("u-same", "d-shop"), ("u-near", "d-east")):
        company.user("李然", id=id, department_ids=[department], title="工程师" * (id == "u-far"))
    company.app("携程商旅", id="a-trip")
    company.conversation("me", id="c-search", name="搜索中台项目群")
    await company.arrive()
    return company


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("zhagnsan", "u-zhang"),  # two letters changed places
        ("zhangsna", "u-zhang"),
        ("zhngsan", "u-zhang"),  # one is missing
        ("zhangssan", "u-zhang"),  # one too many
        ("zhamgsan", "u-zhang"),  # a wrong one
        ("zhagn san", "u-zhang"),
        ("shnasiqi", "u-shan"),
        ("Jonh", "u-john"),
        ("Jonh Smith", "u-john"),
        ("Jonahtan", "u-shan"),
        ("xiechneg", "a-trip"),
        ("sousuozhongati", "c-search"),
    ],
)
async def test_a_small_typo(acme: Company, typed: str, found: str) -> None:
    answer = await acme.search("me", typed)
    assert found in apikit.ids(answer)
    hit = next(hit for hit in answer["hits"] if hit["id"] == found)
    assert "<em>" in hit["title"] + hit["snippet"] or found == "u-shan"  # an English name is not in the title


@pytest.mark.parametrize("typed", ["zhnagsna", "Jxxn", "zs1", "lra"])
async def test_more_than_a_small_typo_is_another_name(acme: Company, typed: str) -> None:
    assert apikit.ids(await acme.search("me", typed), "contacts") == []


async def test_without_a_typo_nothing_else_is_found(acme: Company) -> None:
    """Jonathan and John are not far from each other, and john is there as it was typed."""
    assert apikit.ids(await acme.search("me", "john"), "contacts") == ["u-john"]


async def test_whom_one_may_not_see_is_not_found_by_a_typo_either(acme: Company) -> None:
    assert "u-hidden" not in apikit.ids(await acme.search("me", "Jonh"))
    # That somebody is called just so does not keep what is nearly so away.
    assert apikit.ids(await acme.search("me", "Jhon"), "contacts") == ["u-john"]


@pytest.mark.parametrize("typed", ["5678", "05678", "00005678", "13800005678", "20047", "0047", "E20047", "zhang.san"])
async def test_the_end_of_a_number_and_the_beginning_of_an_address(acme: Company, typed: str) -> None:
    assert apikit.ids(await acme.search("me", typed), "contacts")[:1] == ["u-zhang"]


@pytest.mark.parametrize("typed", ["678", "567", "1380"])
async def test_three_digits_and_the_beginning_of_a_number_are_nothing(acme: Company, typed: str) -> None:
    assert "u-zhang" not in apikit.ids(await acme.search("me", typed), "contacts")


@pytest.mark.parametrize("typed", ["李然", "liran", "lr", "李"])
async def test_homonyms_go_by_closeness_to_the_caller(acme: Company, typed: str) -> None:
    found = [id for id in apikit.ids(await acme.search("me", typed), "contacts") if id in ("u-same", "u-near", "u-far")]
    assert found == ["u-same", "u-near", "u-far"]


async def test_closeness_is_the_caller_s_own(acme: Company) -> None:
    acme.user("她", id="her", department_ids=["d-west"])
    await acme.arrive()
    assert apikit.ids(await acme.search("her", "李然"), "contacts")[0] == "u-far"
