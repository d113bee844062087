"""`GET /v1/verticals` over HTTP: what there is for a caller, by the roles that they have now."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import apikit
import kit
import pytest
from apikit import GATEWAY_SECRET, Company, told
from kit import VERTICALS

from search.core.endpoints import Endpoints
from search.core.settings import Settings

ADDRESS = "/v1/verticals"
TABS = ["messages", "contacts", "docs", "apps"]


async def declared(company: Company, user: str) -> dict[str, Any]:
    response = await company.api.get(user, ADDRESS, tenant=company.tenant)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


def names(found: Iterable[dict[str, Any]]) -> list[str]:
    return [one["name"] for one in found]


async def test_whoever_may_search_everything_is_told_of_everything(acme: Company) -> None:
    user = acme.user()
    await acme.arrive()
    found = await declared(acme, user)
    assert (names(found["verticals"]), found["denied"]) == (TABS, [])
    assert set(names(found["filters"])) == {one.filter.name for v in VERTICALS.values() for one in v.filters}
    assert all(set(one["labels"]) == {"zh", "en"} for one in (*found["verticals"], *found["filters"]))


async def test_roles_decide_and_the_answers_of_searches_agree(strict: Company) -> None:
    user = strict.user()
    strict.role(["search.docs"], user)
    strict.role(["search.contacts"], user, department_ids=[strict.department()])
    await strict.arrive()
    found = await declared(strict, user)
    assert (names(found["verticals"]), names(found["denied"])) == (["contacts", "docs"], ["messages", "apps"])
    assert names(found["filters"]) == ["from", "type", "after", "before"]
    values = {value["vertical"] for one in found["filters"] for value in one["values"]}
    assert values == {"contacts", "docs"}
    assert set((await strict.search(user))["denied"]) == {"messages", "apps"}


async def test_of_what_is_denied_there_is_no_more_than_a_name_and_a_place(strict: Company) -> None:
    user = strict.user()
    await strict.arrive()
    found = await declared(strict, user)
    assert (found["verticals"], found["filters"]) == ([], [])
    assert names(found["denied"]) == TABS
    assert all(set(one) == {"name", "labels", "tab"} for one in found["denied"])


async def test_a_role_that_is_given_or_taken_counts_at_the_next_call(strict: Company) -> None:
    user = strict.user()
    role = strict.role(["search.docs"], user)
    await strict.arrive()
    assert names((await declared(strict, user))["verticals"]) == ["docs"]
    strict.role(["search.apps"], id=role)
    await strict.arrive()
    assert names((await declared(strict, user))["verticals"]) == ["apps"]


async def test_the_unknown_and_the_disabled_are_told_nothing(acme: Company) -> None:
    disabled = acme.user(status="disabled")
    await acme.arrive()
    for user in ("nobody-of-this-name", disabled):
        response = await acme.api.get(user, ADDRESS, tenant=acme.tenant)
        assert response.status_code == 403
        assert "verticals" not in response.json()
    assert (await acme.api.http.get(ADDRESS)).status_code == 401


@pytest.mark.parametrize("language", ["zh-CN", "en", "fr;q=0.5, *;q=0.1"])
async def test_the_caller_s_language_changes_nothing(acme: Company, language: str) -> None:
    """Both languages' names are always there, so that a client may change its language without asking anew."""
    user = acme.user()
    await acme.arrive()
    request = acme.api.http.build_request("GET", ADDRESS, headers={"Accept-Language": language})
    response = await acme.api.send(request, user, acme.tenant)
    assert told(response) == told(await acme.api.get(user, ADDRESS, tenant=acme.tenant))


async def test_the_hosts_of_pictures_are_told_to_clients(acme: Company, settings: Settings, world: Endpoints) -> None:
    user = acme.user()
    await acme.arrive()
    assert (await declared(acme, user))["picture_hosts"] == []
    hosts = ("pictures.example", "*.cdn.example")
    async with apikit.running(kit.changed(settings, **{"pictures.hosts": hosts}), world, GATEWAY_SECRET) as api:
        await api.ready()
        found = (await api.get(user, ADDRESS, tenant=acme.tenant)).json()
    assert found["picture_hosts"] == [*hosts]
    assert {one["name"]: (one["link"], one["picture"]) for one in found["verticals"]} == {
        "messages": (None, None),
        "contacts": (None, "avatar_url"),
        "docs": ("url", None),
        "apps": ("url", "icon_url"),
    }
