"""Which modes are on, and what happens to requests with no credentials or too many."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from identitykit import MemoryNonces, bearing, introspecting, listening, request

from search.access.identity import Caller, IdentityMode, authenticate, identity_modes
from search.access.identity.bearer_tokens import BearerTokens, is_jws
from search.access.identity.claims import Grant
from search.access.identity.gateway import sign
from search.access.identity.jwt import issue_token
from search.access.identity.signed_app import sign as sign_as_app
from search.core.errors import ConfigurationError, Unauthenticated
from search.core.settings import AppsSettings, GatewaySettings, IdentitySettings, IntrospectionSettings, JwtSettings

Modes = tuple[IdentityMode, ...]

NOW = 1_772_442_904
SECRET = "0123456789abcdef" * 2
BOTH = IdentitySettings(gateway=GatewaySettings(secrets=SECRET), jwt=JwtSettings(secret=SECRET, audience="search"))

GATEWAY = sign(SECRET, "GET", "/v1/search", user="u-1", tenant="acme", timestamp=NOW)
TOKEN = issue_token(SECRET, tenant="acme", user="u-2", audience="search", scope="search", ttl=60, now=NOW)
BEARER = {"Authorization": f"Bearer {TOKEN}"}
SEARCH = frozenset({"search"})


def names(settings: IdentitySettings) -> list[str]:
    return [mode.name for mode in identity_modes(settings)]


def test_modes_follow_from_the_settings() -> None:
    assert names(BOTH) == ["gateway", "jwt"]
    assert names(IdentitySettings(gateway=GatewaySettings(secrets=SECRET))) == ["gateway"]
    assert names(IdentitySettings(jwt=JwtSettings(secret=SECRET, audience="search"))) == ["jwt"]


def test_no_mode_is_a_configuration_error_that_says_what_to_set() -> None:
    with pytest.raises(ConfigurationError, match=r"OFFICE_SEARCH_GATEWAY_SECRETS.*OFFICE_SEARCH_JWT_AUDIENCE"):
        identity_modes(IdentitySettings())


async def test_each_mode_proves_its_own_callers() -> None:
    modes = identity_modes(BOTH, now=lambda: NOW)
    assert await authenticate(modes, request(GATEWAY)) == Caller("acme", "u-1", "gateway")
    assert await authenticate(modes, request(BEARER)) == Caller("acme", "u-2", "jwt", scopes=SEARCH)


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
        await authenticate(
            identity_modes(IdentitySettings(gateway=GatewaySettings(secrets=SECRET)), now=lambda: NOW), request(BEARER)
        )


@pytest.mark.parametrize(
    ("tenant", "user"),
    [("", "u"), ("a" * 41, "u"), ("Acme", "u"), ("a.b", "u"), ("acme\n", "u"), ("acme", ""), ("acme", "u" * 129)]
    + [("acme", user) for user in ("u:1", "u 1", "u\n", "张三", "*", "u|v", "u\x00")],
)
def test_no_caller_exists_outside_the_contracts_formats(tenant: str, user: str) -> None:
    with pytest.raises(Unauthenticated):
        Caller(tenant, user, "gateway")


APP_SECRET = "the-secret-of-an-app" * 2
CLAIMS = {"sub": "u-4", "tenant": "acme", "aud": "search", "scope": "search", "exp": NOW + 60, "client_id": "notes"}
OPAQUE = {"Authorization": "Bearer opaque"}
OF_APP = {"Authorization": "Bearer opaque-of-app"}


@pytest.fixture
async def all_on(tmp_path: Path) -> AsyncIterator[Modes]:
    """Every mode that there is; the identity service knows a user's token and one of an app."""
    apps = tmp_path / "apps.json"
    apps.write_text(json.dumps({"notes": {"secrets": [APP_SECRET], "scopes": ["search"]}}))
    async with listening() as server:
        server.answer = introspecting(
            {"opaque": CLAIMS | {"sub": "u-3", "client_id": "web"}, "opaque-of-app": CLAIMS, TOKEN: CLAIMS}
        )
        own = {"url": server.url, "client_id": "search", "client_secret": "s", "audience": "search"}
        settings = replace(
            BOTH,
            introspection=IntrospectionSettings(**own),
            apps=AppsSettings(file=apps, first_party=("web",)),
        )
        yield identity_modes(settings, MemoryNonces(), now=lambda: NOW)


def of_app(nonce: str = "n-1") -> dict[str, str]:
    """The headers with which the app signs, without its token."""
    return sign_as_app(
        APP_SECRET, "GET", "/v1/search", app="notes", user="u-4", tenant="acme", timestamp=NOW, nonce=nonce
    )


async def test_all_modes_may_be_on_and_each_proves_its_own_callers(all_on: Modes) -> None:
    assert [mode.name for mode in all_on] == ["gateway", "jwt or introspection", "signed app"]
    assert await authenticate(all_on, request(GATEWAY)) == Caller("acme", "u-1", "gateway")
    assert await authenticate(all_on, request(BEARER)) == Caller("acme", "u-2", "jwt", scopes=SEARCH)
    assert await authenticate(all_on, request(OPAQUE)) == Caller("acme", "u-3", "introspection", scopes=SEARCH)
    caller = await authenticate(all_on, request(OF_APP | of_app()))
    assert caller == Caller("acme", "u-4", "signed app", "notes", SEARCH)


@pytest.mark.parametrize("name", GATEWAY)
@pytest.mark.parametrize("credentials", [BEARER, OPAQUE, OF_APP | of_app(), of_app(), {"X-App-Id": "notes"}])
async def test_the_least_of_the_gateway_beside_any_other_credentials_is_refused(
    all_on: Modes, credentials: dict[str, str], name: str
) -> None:
    for fields in (credentials | GATEWAY, credentials | {name: GATEWAY[name]}):
        with pytest.raises(Unauthenticated, match="several kinds"):
            await authenticate(all_on, request(fields))


@pytest.mark.parametrize("name", of_app())
@pytest.mark.parametrize("credentials", [BEARER, OPAQUE, GATEWAY])
async def test_the_least_of_a_signature_beside_another_users_credentials_is_refused(
    all_on: Modes, credentials: dict[str, str], name: str
) -> None:
    for fields in (credentials | of_app(), credentials | {name: of_app()[name]}):
        with pytest.raises(Unauthenticated):
            await authenticate(all_on, request(fields))


@pytest.mark.parametrize("name", of_app())
async def test_a_signature_without_a_token_is_a_malformed_request_of_an_app(all_on: Modes, name: str) -> None:
    for fields in (of_app(), {name: of_app()[name]}):
        with pytest.raises(Unauthenticated, match=r"an app sends all four|must be `Bearer`"):
            await authenticate(all_on, request(fields))


async def test_signatures_of_apps_mean_nothing_while_their_mode_is_off() -> None:
    modes = identity_modes(BOTH, now=lambda: NOW)
    assert (await authenticate(modes, request(BEARER | of_app()))).user == "u-2"
    with pytest.raises(Unauthenticated, match="no credentials"):
        await authenticate(modes, request(of_app()))


def encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


@pytest.mark.parametrize(
    ("token", "mode"),
    [
        (TOKEN, "jwt"),
        (f"{TOKEN}x", "jwt"),
        (f"{encoded('{}')}.e30.AA", "jwt"),
        # Nothing is signed, but a JWS it is: none for the other check to be asked about.
        (encoded('{"alg":"none"}') + ".e30.", "jwt"),
        (f"{encoded('[]')}.e30.AA", "introspection"),
        (f"{encoded('{')}.e30.AA", "introspection"),
        ("a.b.c", "introspection"),
        (f"{encoded('{}')}.e30", "introspection"),
        (f"{encoded('{}')}.e30.AA.AA.AA", "introspection"),
        (f"{encoded('{}')}.e3~0.AA", "introspection"),
        (f"{TOKEN}=", "introspection"),
        (".e30.AA", "introspection"),
        ("opaque", "introspection"),
    ],
)
async def test_the_form_of_a_token_alone_says_which_check_it_belongs_to(token: str, mode: str) -> None:
    asked: list[str] = []

    class Check:
        def __init__(self, name: str) -> None:
            self.name = name

        async def grant(self, token: str, peer: str) -> Grant:
            asked.append(self.name)
            raise Unauthenticated("as every token here")

    signed, opaque = Check("jwt"), Check("introspection")
    for tokens in (BearerTokens(signed, opaque), BearerTokens(signed, None), BearerTokens(None, opaque)):
        with pytest.raises(Unauthenticated):
            await tokens.grant(request(bearing(token)))
    # With only one of the two on it gets them all.
    assert asked == [mode, "jwt", "introspection"]


@pytest.mark.parametrize(
    ("token", "asked_about"),
    [
        ("a" * 4096, True),
        ("a" * 4097, False),
        ("a" * 20_000, False),
        (TOKEN + "A" * (16 * 1024 - len(TOKEN)), True),
        (TOKEN + "A" * (16 * 1024 + 1 - len(TOKEN)), False),
    ],
)
async def test_a_token_that_is_too_long_is_refused_before_anybody_is_asked(token: str, asked_about: bool) -> None:
    asked: list[str] = []

    class Check:
        name = "any"

        async def grant(self, token: str, peer: str) -> Grant:
            asked.append(token)
            raise Unauthenticated("as every token here")

    for tokens in (BearerTokens(Check(), Check()), BearerTokens(Check(), None), BearerTokens(None, Check())):
        with pytest.raises(Unauthenticated):
            await tokens.grant(request(bearing(token)))
    assert len(asked) == 3 * asked_about


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=5) | st.integers(-(2**53), 2**53), max_size=4))
def test_every_token_that_could_be_proven_by_its_signature_is_of_that_form(claims: dict[str, Any]) -> None:
    assert is_jws(jwt.encode({"exp": NOW}, SECRET, algorithm="HS256", headers={"extra": claims}))


@pytest.mark.parametrize("value", ["", "Bearer", "Bearer ", "Basic YTpi", "Bearer a b", "Bearer a,b", "Bearer =", "x"])
async def test_only_one_whole_bearer_token_is_one(all_on: Modes, value: str) -> None:
    with pytest.raises(Unauthenticated, match="must be `Bearer`"):
        await authenticate(all_on, request({"Authorization": value}))
