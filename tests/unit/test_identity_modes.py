"""Which modes are on, and what happens to requests with no credentials or too many."""

from __future__ import annotations

import pytest

from search.access.identity import Caller, Headers, RequestLines, authenticate, identity_modes
from search.access.identity.gateway import sign
from search.access.identity.jwt import issue_token
from search.core.errors import ConfigurationError, Unauthenticated
from search.core.settings import Settings

NOW = 1_772_442_904
SECRET = "0123456789abcdef" * 2
BOTH = Settings(gateway_secrets=SECRET, jwt_secret=SECRET, jwt_audience="search")

GATEWAY = sign(SECRET, "GET", "/v1/search", user="u-1", tenant="acme", timestamp=NOW)
TOKEN = issue_token(SECRET, tenant="acme", user="u-2", audience="search", scope="search", ttl=60, now=NOW)
BEARER = {"Authorization": f"Bearer {TOKEN}"}


def request(fields: dict[str, str]) -> RequestLines:
    headers = Headers((name.encode(), value.encode()) for name, value in fields.items())
    return RequestLines("GET", b"/v1/search", headers)


def names(settings: Settings) -> list[str]:
    return [mode.name for mode in identity_modes(settings)]


def test_modes_follow_from_the_settings() -> None:
    assert names(BOTH) == ["gateway", "jwt"]
    assert names(Settings(gateway_secrets=SECRET)) == ["gateway"]
    assert names(Settings(jwt_secret=SECRET, jwt_audience="search")) == ["jwt"]


def test_no_mode_is_a_configuration_error_that_says_what_to_set() -> None:
    with pytest.raises(ConfigurationError, match=r"OFFICE_SEARCH_GATEWAY_SECRETS.*OFFICE_SEARCH_JWT_AUDIENCE"):
        identity_modes(Settings())


async def test_each_mode_proves_its_own_callers() -> None:
    modes = identity_modes(BOTH, now=lambda: NOW)
    assert await authenticate(modes, request(GATEWAY)) == Caller("acme", "u-1", "gateway")
    assert await authenticate(modes, request(BEARER)) == Caller("acme", "u-2", "jwt")


async def test_no_credentials_are_refused() -> None:
    with pytest.raises(Unauthenticated, match="gateway, jwt"):
        await authenticate(identity_modes(BOTH), request({"Cookie": "session=1"}))


@pytest.mark.parametrize("name", GATEWAY)
async def test_credentials_of_two_modes_are_refused_however_little_of_one(name: str) -> None:
    modes = identity_modes(BOTH, now=lambda: NOW)
    for fields in (GATEWAY | BEARER, BEARER | {name: GATEWAY[name]}, GATEWAY | {"Authorization": ""}):
        with pytest.raises(Unauthenticated, match="several kinds"):
            await authenticate(modes, request(fields))


async def test_a_mode_that_is_off_proves_nothing() -> None:
    with pytest.raises(Unauthenticated):
        await authenticate(identity_modes(Settings(gateway_secrets=SECRET), now=lambda: NOW), request(BEARER))


@pytest.mark.parametrize(
    ("tenant", "user"),
    [("", "u"), ("a" * 41, "u"), ("Acme", "u"), ("a.b", "u"), ("acme\n", "u"), ("acme", ""), ("acme", "u" * 129)]
    + [("acme", user) for user in ("u:1", "u 1", "u\n", "张三", "*", "u|v", "u\x00")],
)
def test_no_caller_exists_outside_the_contracts_formats(tenant: str, user: str) -> None:
    with pytest.raises(Unauthenticated):
        Caller(tenant, user, "gateway")
