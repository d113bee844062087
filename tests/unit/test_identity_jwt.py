"""JWT mode: what a token must claim, and that no trick with algorithms makes a key vouch for what it did not sign."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import assume, given
from hypothesis import strategies as st
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from search.access.identity import Caller, Headers, IdentityMode, RequestLines, authenticate, identity_modes
from search.access.identity.claims import Expected, check
from search.access.identity.jwt import issue_token
from search.access.scopes import permits
from search.core.errors import ConfigurationError, Unauthenticated
from search.core.settings import IdentitySettings, JwtSettings

NOW = 1_772_442_904
SECRET = "0123456789abcdef" * 2
CLAIMS = {"sub": "u-1", "tenant": "acme", "aud": "search", "scope": "openid search", "exp": NOW + 60}

RSA_KEY = rsa.generate_private_key(65537, 2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())
ED_KEY = ed25519.Ed25519PrivateKey.generate()
PRIVATE: dict[str, Any] = {"RS256": RSA_KEY, "ES256": EC_KEY, "EdDSA": ED_KEY}
JWKS = {
    "keys": [
        RSAAlgorithm.to_jwk(RSA_KEY.public_key(), as_dict=True) | {"kid": "k-RS256", "use": "sig", "alg": "RS256"},
        ECAlgorithm.to_jwk(EC_KEY.public_key(), as_dict=True) | {"kid": "k-ES256"},
        OKPAlgorithm.to_jwk(ED_KEY.public_key(), as_dict=True) | {"kid": "k-EdDSA", "key_ops": ["verify"]},
    ]
}

Modes = tuple[IdentityMode, ...]


def shared(**settings: Any) -> Modes:
    return identity_modes(
        IdentitySettings(jwt=JwtSettings(**{"secret": SECRET, "audience": "search", **settings})), now=lambda: NOW
    )


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Modes:
    path = tmp_path_factory.mktemp("jwks") / "keys.json"
    path.write_text(json.dumps(JWKS))
    return identity_modes(IdentitySettings(jwt=JwtSettings(jwks_file=path, audience="search")), now=lambda: NOW)


def bearing(token: str) -> RequestLines:
    return RequestLines("GET", b"/v1/search", Headers([(b"authorization", f"Bearer {token}".encode())]))


def hs256(**changes: Any) -> RequestLines:
    """A token of the issuer with some claims changed; None leaves one out."""
    claims = {name: value for name, value in (CLAIMS | changes).items() if value is not None}
    return bearing(forge({"alg": "HS256"}, json.dumps(claims).encode(), SECRET.encode()))


def forge(header: dict[str, Any], payload: bytes = json.dumps(CLAIMS).encode(), mac_key: bytes = b"") -> str:
    """A token put together by hand; `mac_key`: what its HMAC is made with, without one it has no signature."""
    parts = [base64.urlsafe_b64encode(part).rstrip(b"=") for part in (json.dumps(header).encode(), payload)]
    mac = hmac.digest(mac_key, b".".join(parts), hashlib.sha256) if mac_key else b""
    return b".".join([*parts, base64.urlsafe_b64encode(mac).rstrip(b"=")]).decode()


async def refused(modes: Modes, request: RequestLines) -> str:
    with pytest.raises(Unauthenticated) as caught:
        await authenticate(modes, request)
    return str(caught.value)


async def test_the_demos_own_token_proves_its_user() -> None:
    token = issue_token(SECRET, tenant="acme", user="u-1", audience="search", scope="search", ttl=60, now=NOW)
    assert await authenticate(shared(), bearing(token)) == Caller("acme", "u-1", "jwt", scopes=frozenset({"search"}))


@pytest.mark.parametrize("algorithm", PRIVATE)
@pytest.mark.parametrize("named", [True, False])
async def test_each_published_key_proves_with_its_own_algorithm(published: Modes, algorithm: str, named: bool) -> None:
    headers = {"kid": f"k-{algorithm}"} if named else {}
    token = jwt.encode(CLAIMS, PRIVATE[algorithm], algorithm=algorithm, headers=headers)
    assert await authenticate(published, bearing(token)) == Caller("acme", "u-1", "jwt", scopes=frozenset({"search"}))


@pytest.mark.parametrize("scope", ["search", "openid search", ["search"], ["openid", "search"]])
@pytest.mark.parametrize("audience", ["search", ["search"], ["other", "search"]])
async def test_scope_and_audience_may_be_one_or_several(scope: object, audience: object) -> None:
    assert (await authenticate(shared(), hs256(scope=scope, aud=audience))).user == "u-1"


WRONG: dict[str, list[object]] = {
    "sub": [None, "", "u 1", "u\n1", 7, ["u-1"], "a" * 129],
    "tenant": [None, "", "ACME", "a/b", 7, ["acme"], "a" * 41],
    "aud": [None, "", "other", "search ", "search other", [], ["other"], [["search"]], [7], {"search": 1}, 7],
    "scope": [
        None,
        "",
        "searching",
        "search.other",
        "SEARCH",
        "search\tother",
        [],
        [7],
        {"search": 1},
        ["search other"],
    ],
    "exp": [None, NOW - 5, NOW - 60, 0, -1, str(NOW + 60), True, [NOW + 60]],
    "nbf": [NOW + 6, NOW + 3600, "soon", True],
    "iat": [NOW + 6, "soon"],
    "client_id": ["", 7, ["web"]],
    "azp": ["", 7],
    "cnf": [{"x5t#S256": "A" * 43}, {"jkt": "A" * 43}, {"jwk": {}}, {}, "A", False],
}


@pytest.mark.parametrize(("claim", "value"), [(claim, value) for claim, values in WRONG.items() for value in values])
async def test_a_claim_that_is_missing_or_wrong_is_refused(claim: str, value: object) -> None:
    await refused(shared(), hs256(**{claim: value}))


@pytest.mark.parametrize(
    "claims", [{"client_id": "", "azp": "web"}, {"client_id": "web", "azp": ""}, {"client_id": "web", "azp": "notes"}]
)
async def test_claims_that_name_no_one_client_are_refused(claims: dict[str, str]) -> None:
    assert "client" in await refused(shared(), hs256(**claims))


async def test_both_claims_may_name_the_same_client() -> None:
    assert (await authenticate(shared(), hs256(client_id="web", azp="web"))).user == "u-1"


def twice(text: str) -> bytes:
    """The claims in JSON, and then once more whatever `text` says."""
    return json.dumps(CLAIMS).encode()[:-1] + f",{text}}}".encode()


@pytest.mark.parametrize(
    "again",
    ['"sub":"u-1"', '"tenant":"other"', '"\\u0073ub":"u-2"', '"x":{"a":1,"a":2}', '"x":[{"a":1,"a":1}]'],
)
async def test_a_claim_given_twice_is_refused(again: str) -> None:
    await refused(shared(), bearing(forge({"alg": "HS256"}, twice(again), SECRET.encode())))


@pytest.mark.parametrize("header", [b'{"alg":"HS256","alg":"HS256"}', b'{"alg":"none","alg":"HS256"}'])
async def test_a_header_that_names_its_algorithm_twice_is_refused(header: bytes) -> None:
    parts = [base64.urlsafe_b64encode(part).rstrip(b"=") for part in (header, json.dumps(CLAIMS).encode())]
    signature = base64.urlsafe_b64encode(hmac.digest(SECRET.encode(), b".".join(parts), hashlib.sha256)).rstrip(b"=")
    await refused(shared(), bearing(b".".join([*parts, signature]).decode()))


@pytest.mark.parametrize("claim", ["exp", "nbf", "iat"])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_time_that_never_comes_is_no_time(claim: str, value: float) -> None:
    with pytest.raises(Unauthenticated, match=claim):
        check(CLAIMS | {claim: value}, Expected("search", "search"), NOW, "jwt")


@pytest.mark.parametrize(
    ("scope", "kept"),
    [
        ("openid search", {"search"}),
        ("search search.docs admin.explain mail.read", {"search", "search.docs", "admin.explain"}),
    ],
)
async def test_a_plain_token_too_permits_no_more_than_its_scopes(scope: str, kept: set[str]) -> None:
    """So `search` stands for no `admin.*`, whoever the token was issued to."""
    for client in (None, "web"):
        caller = await authenticate(shared(), hs256(scope=scope, client_id=client))
        assert caller.scopes == kept
        assert not permits(caller.scopes or (), "admin.status")


async def test_the_general_scope_stands_for_search_whatever_it_is_called() -> None:
    caller = await authenticate(shared(scope="find"), hs256(scope="find admin.status"))
    assert caller.scopes == {"search", "admin.status"}
    await refused(shared(scope="find"), hs256(scope="search"))


async def test_clocks_may_differ_a_little() -> None:
    assert await authenticate(shared(), hs256(exp=NOW - 4, nbf=NOW + 5, iat=NOW + 5))


async def test_the_issuer_counts_when_it_is_configured() -> None:
    modes = shared(issuer="https://id.example")
    assert await authenticate(modes, hs256(iss="https://id.example"))
    for issuer in (None, "https://id.example/", ["https://id.example"]):
        assert "iss" in await refused(modes, hs256(iss=issuer))


@pytest.mark.parametrize(
    "payload", [b"", b"[]", b"null", b"7", b"{", b"\xff", b'{"exp":NaN}', b'{"exp":1e999}', b"[" * 9000]
)
async def test_a_signed_payload_that_is_no_claims_is_refused(payload: bytes) -> None:
    await refused(shared(), bearing(forge({"alg": "HS256"}, payload, SECRET.encode())))


PEM = RSA_KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
DER = RSA_KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
N = base64.urlsafe_b64decode(str(JWKS["keys"][0]["n"]) + "==")
EVIL = rsa.generate_private_key(65537, 2048)


@pytest.mark.parametrize("mac_key", [PEM, PEM.strip(), DER, N, json.dumps(JWKS["keys"][0]).encode(), b"\0"])
@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "hs256"])
@pytest.mark.parametrize("kid", ["k-RS256", None])
async def test_a_public_key_is_never_an_hmac_secret(
    published: Modes, mac_key: bytes, algorithm: str, kid: str | None
) -> None:
    header = {"alg": algorithm} | ({"kid": kid} if kid else {})
    await refused(published, bearing(forge(header, mac_key=mac_key)))


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", "", None, 0, [], ["HS256"], {"a": 1}, "HS256 "])
@pytest.mark.parametrize("modes", [shared, None])
async def test_no_algorithm_but_a_known_one(
    published: Modes, modes: Callable[[], Modes] | None, algorithm: object
) -> None:
    using = modes() if modes else published
    signatures = ["", jwt.encode(CLAIMS, SECRET, algorithm="HS256").rpartition(".")[2], "AA"]
    for kid in ({}, {"kid": "k-RS256"}):
        unsigned = forge({"alg": algorithm} | kid)
        for signature in signatures:
            await refused(using, bearing(unsigned + signature))


async def test_a_header_without_algorithm_is_refused(published: Modes) -> None:
    for modes in (published, shared()):
        await refused(modes, bearing(forge({"typ": "JWT"}, mac_key=SECRET.encode())))


@pytest.mark.parametrize("other", ["HS384", "HS512"])
async def test_the_shared_secret_signs_with_one_algorithm(other: str) -> None:
    await refused(shared(), bearing(jwt.encode(CLAIMS, SECRET * 2, algorithm=other)))


@pytest.mark.parametrize("algorithm", ["RS384", "RS512", "PS256"])
async def test_an_rsa_key_signs_with_one_algorithm(published: Modes, algorithm: str) -> None:
    await refused(published, bearing(jwt.encode(CLAIMS, RSA_KEY, algorithm=algorithm, headers={"kid": "k-RS256"})))


@pytest.mark.parametrize("algorithm", PRIVATE)
@pytest.mark.parametrize("kid", ["k-RS256", "k-ES256", "k-EdDSA"])
async def test_a_key_of_another_type_never_checks(published: Modes, algorithm: str, kid: str) -> None:
    token = jwt.encode(CLAIMS, PRIVATE[algorithm], algorithm=algorithm, headers={"kid": kid})
    if kid == f"k-{algorithm}":
        assert await authenticate(published, bearing(token))
    else:
        await refused(published, bearing(token))


@pytest.mark.parametrize(
    "extra",
    [
        {"jwk": RSAAlgorithm.to_jwk(EVIL.public_key(), as_dict=True)},
        {"jku": "https://evil.example/jwks.json"},
        {"x5u": "https://evil.example/cert.pem"},
        {"kid": "../../dev/null"},
        {"kid": "unknown"},
        {},
    ],
)
async def test_a_token_cannot_bring_its_own_key(published: Modes, extra: dict[str, Any]) -> None:
    headers = {"kid": "k-RS256"} | extra
    await refused(published, bearing(jwt.encode(CLAIMS, EVIL, algorithm="RS256", headers=headers)))


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "HS256", "crit": ["b64"], "b64": False},
        {"alg": "HS256", "b64": False},
        {"alg": "HS256", "crit": ["exp"], "exp": 1},
        {"alg": "HS256", "crit": []},
        {"alg": "HS256", "crit": "b64"},
        {"alg": "HS256", "kid": 7},
        {"alg": "HS256", "kid": ["a"]},
    ],
)
async def test_extensions_that_we_do_not_know_are_refused(header: dict[str, Any]) -> None:
    await refused(shared(), bearing(forge(header, mac_key=SECRET.encode())))


async def test_an_es256_signature_of_zeros_is_refused(published: Modes) -> None:
    token = forge({"alg": "ES256", "kid": "k-ES256"}) + base64.urlsafe_b64encode(bytes(64)).decode().rstrip("=")
    await refused(published, bearing(token))


GOOD = hs256().headers.one("authorization") or ""
TOKEN = GOOD.removeprefix("Bearer ")


@pytest.mark.parametrize(
    "value",
    [
        *("", "Bearer", "Bearer ", "Bearer ..", "Bearer a.b.c", "Bearer a.b.c.d.e"),
        *(TOKEN, f"Basic {TOKEN}", f"DPoP {TOKEN}", f"Bearer\t{TOKEN}", f"Bearer {TOKEN} ", f"Bearer {TOKEN},x"),
        *(f"Bearer {TOKEN}=", f"Bearer {TOKEN}.", f"Bearer .{TOKEN}", f"Bearer {TOKEN[:-1]}"),
    ],
)
async def test_only_a_whole_bearer_token_counts(value: str) -> None:
    await refused(shared(), RequestLines("GET", b"/", Headers([(b"Authorization", value.encode())])))


async def test_two_tokens_are_refused() -> None:
    fields = [(b"Authorization", GOOD.encode()), (b"authorization", GOOD.encode())]
    await refused(shared(), RequestLines("GET", b"/", Headers(fields)))


async def test_the_scheme_is_case_insensitive() -> None:
    fields = [(b"authorization", f"bearer  {TOKEN}".encode())]
    assert await authenticate(shared(), RequestLines("GET", b"/", Headers(fields)))


@given(st.integers(0, len(TOKEN) - 1), st.sampled_from("ABCDEFGHIJabcdefghij0123456789-_."))
async def test_changing_any_character_of_a_token_is_refused(at: int, character: str) -> None:
    assume(TOKEN[at] != character)
    await refused(shared(), bearing(TOKEN[:at] + character + TOKEN[at + 1 :]))


SEGMENT = st.from_regex(r"[A-Za-z0-9_-]{0,40}", fullmatch=True) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10) | st.sampled_from(["RS256", "HS256", "k-RS256"]),
    lambda inner: st.dictionaries(st.sampled_from(["alg", "kid", "crit", "b64", "typ"]), inner, max_size=4),
    max_leaves=6,
).map(lambda value: base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode())


@given(st.binary(max_size=80) | st.lists(SEGMENT, max_size=5).map(lambda parts: b"Bearer " + ".".join(parts).encode()))
async def test_garbage_is_refused_and_nothing_else(value: bytes) -> None:
    await refused(shared(), RequestLines("GET", b"/", Headers([(b"Authorization", value)])))


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"secret": SECRET}, "OFFICE_SEARCH_JWT_AUDIENCE"),
        ({"secret": SECRET, "audience": ""}, "OFFICE_SEARCH_JWT_AUDIENCE"),
        ({"secret": SECRET, "audience": "a", "scope": ""}, "OFFICE_SEARCH_JWT_SCOPE"),
        ({"secret": SECRET, "audience": "a", "scope": "a b"}, "OFFICE_SEARCH_JWT_SCOPE"),
        ({"secret": "short", "audience": "a"}, "at least 32"),
        ({"secret": PEM.decode(), "audience": "a"}, "PEM"),
        ({"jwks_file": Path("/nonexistent/keys.json"), "audience": "a"}, "OFFICE_SEARCH_JWT_JWKS_FILE"),
        ({"jwks_url": "http://id.example/keys", "audience": "a"}, "https"),
        ({"jwks_url": "https://me:pw@id.example/keys", "audience": "a"}, "user name"),
        ({"jwks_url": "file:///etc/passwd", "audience": "a"}, "https"),
        ({"jwks_url": "http://127.0.0.1.evil.example/", "audience": "a"}, "https"),
        ({"jwks_url": "http://[::1", "audience": "a"}, "no URL"),
        ({"jwks_url": "https://id.example/k", "secret": SECRET, "audience": "a"}, "just one"),
    ],
)
def test_a_half_configured_mode_does_not_start(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigurationError, match=says) as caught:
        identity_modes(IdentitySettings(jwt=JwtSettings(**settings)))
    assert "short" not in str(caught.value)
    assert "pw@" not in str(caught.value)
