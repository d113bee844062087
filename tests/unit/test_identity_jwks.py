"""Published keys over a real connection: rotation, an unreachable server, garbage, and how often it is asked."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st
from identitykit import Clock, Server, http, listening
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm
from structlog.testing import capture_logs

from search.access.identity import Headers, RequestLines, authenticate, identity_modes, jwks
from search.access.identity.jwks import FRESH_S, LAST_KNOWN_S, REFETCH_S, PublishedKeys, from_file, from_url, parse
from search.core.errors import Unauthenticated, Unavailable
from search.core.settings import IdentitySettings, JwtSettings

NOW = 1_772_442_904
ED = {name: ed25519.Ed25519PrivateKey.generate() for name in ("a", "b")}
SETS = {
    name: json.dumps({"keys": [OKPAlgorithm.to_jwk(key.public_key(), as_dict=True) | {"kid": name}]}).encode()
    for name, key in ED.items()
}


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with listening() as server:
        yield server


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys(server: Server, clock: Clock) -> PublishedKeys:
    return PublishedKeys(from_url(server.url), clock)


async def finds(keys: PublishedKeys, kid: str) -> bool:
    return await keys.find(kid, "EdDSA") is not None


async def test_a_token_is_proved_with_a_fetched_key(server: Server) -> None:
    modes = identity_modes(IdentitySettings(jwt=JwtSettings(jwks_url=server.url, audience="search")), now=lambda: NOW)
    assert server.asked == 0
    server.publish(SETS["a"])
    claims = {"sub": "u-1", "tenant": "acme", "aud": "search", "scope": "search", "exp": NOW + 60}
    for signer, proven in (("a", True), ("b", False)):
        token = jwt.encode(claims, ED[signer], algorithm="EdDSA", headers={"kid": "a"})
        request = RequestLines("GET", b"/", Headers([(b"authorization", f"Bearer {token}".encode())]))
        if proven:
            assert (await authenticate(modes, request)).user == "u-1"
        else:
            with pytest.raises(Unauthenticated):
                await authenticate(modes, request)
    assert server.asked == 1


async def test_many_callers_at_once_fetch_once(server: Server, keys: PublishedKeys) -> None:
    server.publish(SETS["a"])
    assert all(await asyncio.gather(*(finds(keys, "a") for _ in range(20))))
    assert server.asked == 1


async def test_a_rotated_key_is_found_without_waiting_for_the_cache(
    server: Server, keys: PublishedKeys, clock: Clock
) -> None:
    server.publish(SETS["a"])
    assert await finds(keys, "a")
    server.publish(SETS["b"])
    clock.seconds += REFETCH_S
    assert await finds(keys, "b")
    assert not await finds(keys, "a")


async def test_unknown_keys_ask_the_server_once_an_interval(server: Server, keys: PublishedKeys, clock: Clock) -> None:
    server.publish(SETS["a"])
    for attempt in range(50):
        assert not await finds(keys, f"unknown-{attempt}")
    assert server.asked == 1
    clock.seconds += REFETCH_S
    await asyncio.gather(*(finds(keys, "b") for _ in range(50)))
    assert server.asked == 2


@pytest.mark.parametrize("algorithm", ["HS256", "none", "RS512", ""])
async def test_a_token_that_no_published_key_can_have_signed_asks_nobody(
    server: Server, keys: PublishedKeys, algorithm: str
) -> None:
    assert await keys.find("a", algorithm) is None
    assert server.asked == 0


async def test_a_withdrawn_key_is_gone_once_the_set_is_old(server: Server, keys: PublishedKeys, clock: Clock) -> None:
    server.publish(SETS["a"])
    assert await finds(keys, "a")
    server.publish(SETS["b"])
    clock.seconds += FRESH_S
    assert await finds(keys, "a")
    clock.seconds += 1
    assert not await finds(keys, "a")


async def test_a_set_without_usable_keys_takes_them_all_away(server: Server, keys: PublishedKeys, clock: Clock) -> None:
    server.publish(SETS["a"])
    assert await finds(keys, "a")
    server.publish(b'{"keys":[]}')
    clock.seconds += FRESH_S + 1
    assert not await finds(keys, "a")


EMPTY_SET = b'{"keys":[]}'
BROKEN = {
    "hangs up": b"",
    "not HTTP": b"\x00\xffgarbage\r\n\r\n",
    "500": http(EMPTY_SET, "500 Oops"),
    "redirect": http(EMPTY_SET, "302 Found", "Location: http://127.0.0.1:1/\r\n"),
    "cut off": http(EMPTY_SET)[:-1],
    "compressed": http(gzip.compress(EMPTY_SET), extra="Content-Encoding: gzip\r\n"),
    "not JSON": http(b"<html>"),
    "not a set": http(b"[]"),
    "keys no list": http(b'{"keys":7}'),
    "too large": http(EMPTY_SET + b" " * 300_000),
    "silent": None,
    "trickling": http(EMPTY_SET + b" " * 1000),
}


@pytest.mark.parametrize("failure", BROKEN)
async def test_the_last_known_keys_serve_while_the_server_is_broken_but_not_for_ever(
    server: Server, keys: PublishedKeys, clock: Clock, failure: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.publish(SETS["a"])
    assert await finds(keys, "a")
    server.answer = BROKEN[failure]
    server.trickling = failure == "trickling"
    if failure in {"silent", "trickling"}:
        monkeypatch.setattr(jwks, "FETCH_DEADLINE_S", 0.2)
    clock.seconds += LAST_KNOWN_S
    assert await finds(keys, "a")
    clock.seconds += REFETCH_S
    with pytest.raises(Unavailable):
        await finds(keys, "a")
    monkeypatch.undo()
    server.trickling = False
    server.publish(SETS["a"])
    clock.seconds += REFETCH_S
    assert await finds(keys, "a")


async def test_a_key_that_nobody_can_be_asked_about_is_no_verdict_on_its_token(
    server: Server, keys: PublishedKeys, clock: Clock
) -> None:
    """It may have been rotated in while the server is away: whoever holds such a token must not be sent off for one."""
    server.publish(SETS["a"])
    assert await finds(keys, "a")
    assert not await finds(keys, "b")
    server.answer = b""
    clock.seconds += REFETCH_S
    for _ in range(2):
        with pytest.raises(Unavailable):
            await finds(keys, "b")
        assert await finds(keys, "a")
    server.publish(SETS["b"])
    clock.seconds += REFETCH_S
    assert await finds(keys, "b")
    assert not await finds(keys, "a")


async def test_a_server_that_never_answered_is_unavailable_not_a_verdict_on_the_token(clock: Clock) -> None:
    keys = PublishedKeys(from_url("http://127.0.0.1:1/keys"), clock)
    with pytest.raises(Unavailable):
        await finds(keys, "a")


async def test_one_request_waits_for_a_slow_server_while_others_go_on(
    server: Server, keys: PublishedKeys, clock: Clock
) -> None:
    server.publish(SETS["a"])
    assert await finds(keys, "a")
    server.answer = None
    clock.seconds += FRESH_S + 1
    waiting = asyncio.create_task(finds(keys, "a"))
    await server.held_up.wait()
    assert await finds(keys, "a")
    assert not waiting.done()
    server.done.set()
    assert await waiting


async def test_a_request_that_is_given_up_neither_cuts_the_fetch_short_nor_has_it_repeated(
    server: Server, keys: PublishedKeys
) -> None:
    server.answer = None
    waiting = [asyncio.create_task(finds(keys, "a")) for _ in range(3)]
    await server.held_up.wait()
    waiting[0].cancel()
    again = asyncio.create_task(finds(keys, "a"))
    server.done.set()
    for one in (*waiting[1:], again):
        with pytest.raises(Unavailable):
            await one
    assert waiting[0].cancelled()
    assert server.asked == 1


async def test_a_file_is_read_again_after_it_changed(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "keys.json"
    path.write_bytes(SETS["a"])
    keys = PublishedKeys(from_file(path), clock)
    assert await finds(keys, "a")
    path.write_bytes(SETS["b"])
    clock.seconds += FRESH_S + 1
    assert await finds(keys, "b")
    path.unlink()
    clock.seconds += FRESH_S + 1
    assert await finds(keys, "b")


RSA_KEY = RSAAlgorithm.to_jwk(rsa.generate_private_key(65537, 2048).public_key(), as_dict=True)
SHORT_RSA = rsa.generate_private_key(65537, 1024)  # noqa: S505 — what it is here to show
EC_PRIVATE = ec.generate_private_key(ec.SECP256R1())
EC_KEY = ECAlgorithm.to_jwk(EC_PRIVATE.public_key(), as_dict=True)
UNUSABLE: dict[str, object] = {
    "a shared secret": {"kty": "oct", "k": "c2VjcmV0", "alg": "HS256"},
    "a private key": ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP256R1()), as_dict=True),
    "for encryption": RSA_KEY | {"use": "enc"},
    "for wrapping": RSA_KEY | {"key_ops": ["wrapKey"]},
    "odd operations": RSA_KEY | {"key_ops": 7},
    "another algorithm": RSA_KEY | {"alg": "PS256"},
    "a symmetric algorithm": RSA_KEY | {"alg": "HS256"},
    "no algorithm": RSA_KEY | {"alg": "none"},
    "another curve": ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP384R1()).public_key(), as_dict=True),
    "no curve": {name: value for name, value in EC_KEY.items() if name != "crv"},
    "a point off the curve": EC_KEY | {"x": EC_KEY["y"]},
    "too short": RSAAlgorithm.to_jwk(SHORT_RSA.public_key(), as_dict=True),
    "no modulus": {"kty": "RSA", "e": "AQAB"},
    "an odd modulus": RSA_KEY | {"n": 7},
    "an even exponent": RSA_KEY | {"e": "Ag"},
    "a list": [RSA_KEY],
    "nothing": None,
}


@pytest.mark.parametrize("kind", UNUSABLE)
def test_a_key_that_must_not_check_tokens_is_left_out_and_the_others_stay(kind: str) -> None:
    found = parse(json.dumps({"keys": [UNUSABLE[kind], EC_KEY]}).encode())
    assert {algorithm: len(keys) for algorithm, keys in found.items()} == {"ES256": 1}


def padded(member: dict[str, Any], name: str) -> dict[str, Any]:
    """The same key, with its number written with a zero before it."""
    number = base64.urlsafe_b64decode(member[name] + "==")
    return member | {name: base64.urlsafe_b64encode(b"\0" + number).decode()}


RSA_PRIVATE = rsa.generate_private_key(65537, 2048)
OKP_PRIVATE = ed25519.Ed25519PrivateKey.generate()
HALVES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    kind: (of.to_jwk(private, as_dict=True), of.to_jwk(private.public_key(), as_dict=True))
    for kind, of, private in (
        ("RSA", RSAAlgorithm, RSA_PRIVATE),
        ("EC", ECAlgorithm, EC_PRIVATE),
        ("OKP", OKPAlgorithm, OKP_PRIVATE),
    )
}
OTHER_KEY = json.loads(SETS["a"])["keys"][0]


@pytest.mark.parametrize("kind", HALVES)
@pytest.mark.parametrize("private_first", [True, False])
def test_the_public_half_of_a_published_private_key_is_not_used_either(kind: str, private_first: bool) -> None:
    private, public = HALVES[kind]
    halves = [private | {"kid": "p", "use": "enc", "alg": "x"}, public | {"kid": "k"}]
    members = [*(halves if private_first else halves[::-1]), OTHER_KEY]
    found = parse(json.dumps({"keys": members}).encode())
    assert [key.key_id for keys in found.values() for key in keys] == ["a"]


def test_however_the_two_halves_are_written_they_are_one_key() -> None:
    private, public = HALVES["RSA"]
    parts = [{"kty": "RSA", "n": private["n"], "e": "AQAB", name: private[name]} for name in ("d", "p", "dq")]
    for one in [padded(private, "n"), {**private, "n": private["n"] + "=="}, *parts]:
        assert parse(json.dumps({"keys": [one, public]}).encode()) == {}


def test_another_key_of_the_kind_stays() -> None:
    found = parse(json.dumps({"keys": [HALVES["RSA"][0], RSA_KEY, {"kty": "oct", "k": "c2VjcmV0"}]}).encode())
    assert {algorithm: len(keys) for algorithm, keys in found.items()} == {"RS256": 1}


async def test_a_private_key_is_told_once_as_long_as_the_set_stays_the_same(
    server: Server, keys: PublishedKeys, clock: Clock
) -> None:
    server.publish(json.dumps({"keys": [HALVES["OKP"][0], OTHER_KEY]}).encode())
    with capture_logs() as logs:
        for _ in range(3):
            assert await finds(keys, "a")
            clock.seconds += FRESH_S + 1
    assert server.asked == 3
    assert [line["event"] for line in logs] == ["jwks_private_key", "jwk_ignored"]
    assert HALVES["OKP"][0]["d"] not in str(logs)


async def test_two_keys_under_one_name_are_no_key(server: Server, keys: PublishedKeys) -> None:
    members = [json.loads(SETS[name])["keys"][0] | {"kid": "same"} for name in ED]
    server.publish(json.dumps({"keys": members}).encode())
    assert not await finds(keys, "same")
    assert await keys.find(None, "EdDSA") is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "kty": st.sampled_from(["RSA", "EC", "OKP", "oct"]),
    "crv": st.sampled_from(["P-256", "Ed25519", "X25519"]),
    "n": st.just(RSA_KEY["n"]),
    "e": st.sampled_from(["AQAB", "", "AA", "AQ"]),
    "x": st.just(EC_KEY["x"]),
    "y": st.just(EC_KEY["y"]),
}


@given(
    st.binary(max_size=50)
    | st.fixed_dictionaries(
        {},
        optional={name: JSON | values for name, values in FIELDS.items()}
        | dict.fromkeys(("alg", "use", "kid", "key_ops"), JSON),
    ).map(lambda key: json.dumps({"keys": [key]}).encode())
    | JSON.map(lambda value: json.dumps(value).encode())
)
def test_a_garbled_set_is_a_value_error_at_worst(raw: bytes) -> None:
    try:
        parse(raw)
    except ValueError:
        return
