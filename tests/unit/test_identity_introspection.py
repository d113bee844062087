"""Introspection mode over a real connection: what an answer must say, how long it counts, and a service that fails."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from identitykit import Clock, Server, bearing, http, introspecting, listening, request, self_signed

from search.access.identity import Caller, IdentityMode, authenticate, breaker, identity_modes, introspection, states
from search.access.identity.breaker import FAILURES, OPEN_S, Breaker
from search.access.identity.introspection import basic, parse
from search.access.identity.states import KEPT_S
from search.core.errors import ConfigurationError, Unauthenticated, Unavailable
from search.core.settings import IdentitySettings, IntrospectionSettings

NOW = 1_772_442_904.0
TOKEN = "opaque-token-1"
CLAIMS: dict[str, Any] = {
    "sub": "u-1",
    "tenant": "acme",
    "aud": "search",
    "scope": "openid search",
    "exp": NOW + 3600,
    "token_type": "Bearer",
    "username": "张三",
}
CALLER = Caller("acme", "u-1", "introspection", scopes=frozenset({"search"}))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["active", "sub", "exp"]), inner),
    max_leaves=5,
)


@dataclass
class Site:
    """The mode, its identity service, and both of its clocks, which go at the same pace."""

    server: Server
    modes: tuple[IdentityMode, ...]
    clock: Clock
    wall: Clock
    tokens: dict[str, dict[str, Any]] = field(default_factory=dict)

    async def who(self, token: str = TOKEN) -> Caller:
        return await authenticate(self.modes, request(bearing(token)))

    async def refused(self, token: str = TOKEN) -> str:
        with pytest.raises(Unauthenticated) as caught:
            await self.who(token)
        return str(caught.value)

    async def unavailable(self, token: str = TOKEN) -> None:
        with pytest.raises(Unavailable):
            await self.who(token)

    def passes(self, seconds: float) -> None:
        self.clock.seconds += seconds
        self.wall.seconds += seconds

    def works(self) -> None:
        self.server.trickling = False
        self.server.answer = introspecting(self.tokens)


def settings(url: str, **more: Any) -> IdentitySettings:
    given = {"url": url, "client_id": "search", "client_secret": "s", "audience": "search"}
    return IdentitySettings(introspection=IntrospectionSettings(**given | more))


def site_of(server: Server, **more: Any) -> Site:
    clock, wall = Clock(), Clock(NOW)
    site = Site(server, identity_modes(settings(server.url, **more), now=wall, clock=clock), clock, wall)
    site.tokens[TOKEN] = dict(CLAIMS)
    site.works()
    return site


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with listening() as server:
        yield server


@pytest.fixture
def site(server: Server) -> Site:
    return site_of(server)


class TestAnswers:
    async def test_an_active_token_proves_its_user(self, site: Site) -> None:
        assert await site.who() == CALLER

    async def test_any_form_of_token_is_asked_about(self, site: Site) -> None:
        for token in ("a.b.c", "eyJhbGciOiJIUzI1NiJ9.e30.AA", "2YotnFZFEjr1zCsicMWpAA", "a+b/c~d=="):
            site.tokens[token] = CLAIMS
            assert await site.who(token) == CALLER

    async def test_it_is_asked_as_the_standards_say(self, site: Site) -> None:
        await site.who()
        [head], [body] = site.server.heads, site.server.bodies
        lines = [line.lower() for line in head.split(b"\r\n")]
        assert lines[0] == b"post /identity http/1.1"
        assert b"content-type: application/x-www-form-urlencoded" in lines
        assert b"accept: application/json" in lines
        assert b"authorization: basic " + base64.b64encode(b"search:s").lower() in lines
        assert body == f"token={TOKEN}&token_type_hint=access_token".encode()

    def test_client_credentials_are_encoded_before_they_are_joined(self) -> None:
        assert base64.b64decode(basic("a:b", "p w+张").removeprefix("Basic ")) == b"a%3Ab:p+w%2B%E5%BC%A0"

    async def test_an_inactive_or_unknown_token_is_refused(self, site: Site) -> None:
        assert "not active" in await site.refused("unknown")

    @pytest.mark.parametrize(
        ("claim", "value"),
        [
            *(("sub", None), ("sub", "u 1"), ("tenant", None), ("tenant", "ACME"), ("aud", "other"), ("aud", None)),
            *(("scope", "openid"), ("scope", None), ("exp", None), ("exp", NOW - 5), ("exp", "soon"), ("exp", True)),
            *(("nbf", NOW + 6), ("iat", NOW + 6), ("client_id", 7), ("client_id", "")),
            *(("azp", ""), ("cnf", {"x5t#S256": "A" * 43}), ("cnf", {"jkt": "A" * 43}), ("cnf", {})),
            *(("token_type", "refresh_token"), ("token_type", "DPoP"), ("token_type", 7)),
        ],
    )
    async def test_claims_are_checked_like_a_jwts(self, site: Site, claim: str, value: object) -> None:
        site.tokens[TOKEN][claim] = value
        await site.refused()

    @pytest.mark.parametrize("again", ['"sub":"u-2"', '"sub":"u-1"', '"active":true', '"cnf":{"jkt":"a","jkt":"b"}'])
    async def test_a_claim_given_twice_is_refused_and_no_failure_of_the_service(self, site: Site, again: str) -> None:
        whole = json.dumps({"active": True, **CLAIMS})
        site.server.answer = http(f"{whole[:-1]},{again}}}".encode())
        for number in range(FAILURES + 1):
            await site.refused(f"t-{number}")
        site.works()
        assert await site.who() == CALLER

    async def test_an_issuer_counts_when_it_is_configured(self, site: Site) -> None:
        strict = site_of(site.server, issuer="https://id.example")
        await strict.refused()
        strict.tokens["other"] = CLAIMS | {"iss": "https://id.example"}
        assert await strict.who("other") == CALLER

    async def test_a_token_without_a_type_is_a_bearer(self, site: Site) -> None:
        site.tokens[TOKEN]["token_type"] = None
        assert await site.who() == CALLER

    @given(st.binary(max_size=60) | JSON.map(lambda value: json.dumps(value).encode()))
    def test_a_garbled_answer_is_a_value_error_at_worst(self, raw: bytes) -> None:
        try:
            claims = parse(raw)
        except ValueError:
            return
        assert json.loads(raw)["active"] is (claims is not None)

    @pytest.mark.parametrize("active", ["true", 1, None, "yes", [True]])
    def test_only_true_is_active(self, active: object) -> None:
        with pytest.raises(ValueError, match="active"):
            parse(json.dumps({"active": active}).encode())

    def test_what_is_said_of_an_inactive_token_does_not_count(self) -> None:
        assert parse(json.dumps(CLAIMS | {"active": False}).encode()) is None

    def test_only_what_is_checked_is_kept(self) -> None:
        claims = parse(json.dumps(CLAIMS | {"active": True}).encode())
        assert claims is not None
        assert CLAIMS.keys() - claims.keys() == {"username"}


class TestKeeping:
    async def test_an_answer_counts_for_thirty_seconds_and_no_longer(self, site: Site) -> None:
        await site.who()
        site.tokens.clear()
        site.passes(KEPT_S - 0.1)
        assert await site.who() == CALLER
        assert site.server.asked == 1
        site.passes(0.1)
        await site.refused()
        assert site.server.asked == 2

    async def test_time_counts_from_the_question_not_from_the_answer(self, site: Site) -> None:
        honest = site.server.answer
        assert callable(honest)

        def slowly(body: bytes) -> bytes:
            site.passes(10)
            return honest(body)

        site.server.answer = slowly
        await site.who()
        site.passes(KEPT_S - 10)
        await site.who()
        assert site.server.asked == 2

    async def test_an_inactive_token_is_remembered_too(self, site: Site) -> None:
        for _ in range(5):
            await site.refused("unknown")
        assert site.server.asked == 1
        site.tokens["unknown"] = CLAIMS
        site.passes(KEPT_S)
        assert await site.who("unknown") == CALLER

    async def test_an_answer_is_never_kept_past_the_tokens_end(self, site: Site) -> None:
        site.tokens[TOKEN]["exp"] = NOW + 10
        await site.who()
        site.passes(9)
        await site.who()
        assert site.server.asked == 1
        site.passes(1)
        await site.who()
        assert site.server.asked == 2
        site.passes(5)
        assert "expired" in await site.refused()

    async def test_a_kept_answer_is_still_held_to_the_clock(self, site: Site) -> None:
        """The wall clock may be put right in between; the other one does not notice."""
        site.tokens[TOKEN]["exp"] = NOW + 20
        await site.who()
        site.wall.seconds += 25
        assert "expired" in await site.refused()
        assert site.server.asked == 1

    async def test_many_requests_with_one_token_ask_once(self, site: Site) -> None:
        assert set(await asyncio.gather(*(site.who() for _ in range(20)))) == {CALLER}
        assert site.server.asked == 1

    async def test_a_request_that_is_given_up_does_not_take_the_answer_from_the_others(self, site: Site) -> None:
        asking = [asyncio.create_task(site.who()) for _ in range(3)]
        await asyncio.sleep(0)
        asking[0].cancel()
        assert await asyncio.gather(*asking[1:]) == [CALLER, CALLER]
        assert site.server.asked == 1

    async def test_how_many_are_kept_is_bounded_and_the_oldest_go_first(
        self, server: Server, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(states, "MOST_KEPT", 3)
        site = site_of(server)
        for name in ("a", "b", "c", "d"):
            site.tokens[name] = CLAIMS
            await site.who(name)
        for name in ("b", "c", "d"):
            await site.who(name)
        assert site.server.asked == 4
        await site.who("a")
        assert site.server.asked == 5

    async def test_what_is_over_is_not_kept_until_there_are_too_many(self, site: Site) -> None:
        kept = states.TokenStates(lambda token: asyncio.sleep(0, CLAIMS), site.wall, site.clock)
        for number in range(5):
            await kept.claims(f"token-{number}")
        site.passes(KEPT_S)
        await kept.claims("another")
        assert len(kept._active) == 1

    async def test_no_token_is_kept(self, site: Site) -> None:
        kept = states.TokenStates(lambda token: asyncio.sleep(0, CLAIMS), site.wall, site.clock)
        await kept.claims(TOKEN)
        assert TOKEN not in repr(vars(kept))


ACTIVE = json.dumps({"active": True, **CLAIMS}).encode()
BROKEN = {
    "hangs up": b"",
    "not HTTP": b"\x00\xffgarbage\r\n\r\n",
    "500": http(ACTIVE, "500 Oops"),
    "401": http(ACTIVE, "401 Unauthorized"),
    "redirect": http(ACTIVE, "307 Temporary Redirect", "Location: http://127.0.0.1:1/\r\n"),
    "cut off": http(ACTIVE)[:-1],
    "compressed": http(gzip.compress(ACTIVE), extra="Content-Encoding: gzip\r\n"),
    "not JSON": http(b"<html>"),
    "no verdict": http(json.dumps(CLAIMS).encode()),
    "a list": http(b"[true]"),
    "too large": http(ACTIVE[:-1] + b',"x":"' + b"x" * 70_000 + b'"}'),
    "silent": None,
    "trickling": http(ACTIVE),
}


class TestFailing:
    @pytest.mark.parametrize("failure", BROKEN)
    async def test_no_answer_is_no_verdict(self, site: Site, failure: str, monkeypatch: pytest.MonkeyPatch) -> None:
        await site.who()
        site.server.answer = BROKEN[failure]
        site.server.trickling = failure == "trickling"
        if failure in {"silent", "trickling"}:
            monkeypatch.setattr(introspection, "DEADLINE_S", 0.1)
        site.passes(KEPT_S - 1)
        assert await site.who() == CALLER
        await site.unavailable("another")
        site.passes(1)
        await site.unavailable()
        site.works()
        monkeypatch.undo()
        assert await site.who() == CALLER

    async def test_nobody_listening_is_no_verdict(self, site: Site) -> None:
        gone = Site(site.server, identity_modes(settings("http://127.0.0.1:1/")), site.clock, site.wall)
        await gone.unavailable()

    async def test_a_service_that_nobody_vouches_for_is_not_believed(self, site: Site, tmp_path: Path) -> None:
        """It holds a certificate for this very address, made by itself, and would say that the token is active."""
        async with listening(self_signed(tmp_path)) as impostor:
            deceived = site_of(impostor)
            await deceived.unavailable()
            assert impostor.asked == 0

    async def test_no_proxy_stands_between_us_and_this_machine(
        self, site: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with listening() as other:
            for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
                monkeypatch.setenv(name, other.url)
                monkeypatch.setenv(name.lower(), other.url)
            assert await site_of(site.server).who() == CALLER
            assert other.asked == 0

    async def test_after_some_failures_in_a_row_it_is_left_alone_and_then_tried_by_one(self, site: Site) -> None:
        await site.who()
        site.server.answer = b""
        for number in range(FAILURES):
            await site.unavailable(f"t-{number}")
        asked = site.server.asked
        for number in range(10):
            await site.unavailable(f"t-{number}")
        assert site.server.asked == asked
        # What is known still counts; what is not, is neither let in nor refused.
        assert await site.who() == CALLER
        site.passes(OPEN_S)
        site.server.answer = None
        trying = asyncio.create_task(site.who("t-1"))
        await site.server.held_up.wait()
        await site.unavailable("t-2")
        site.server.done.set()
        with pytest.raises(Unavailable):
            await trying
        assert site.server.asked == asked + 1
        site.passes(OPEN_S)
        site.works()
        await site.refused("t-1")
        await site.refused("t-2")

    async def test_a_failure_now_and_then_leaves_it_open_to_all(self, site: Site) -> None:
        for number in range(3 * FAILURES):
            site.server.answer = b""
            await site.unavailable(f"t-{number}")
            site.works()
            await site.refused(f"t-{number}")

    async def test_a_verdict_against_a_token_is_no_failure(self, site: Site) -> None:
        for number in range(3 * FAILURES):
            await site.refused(f"t-{number}")

    def test_a_trial_of_which_nothing_is_heard_is_followed_by_another(self) -> None:
        clock = Clock()
        circuit = Breaker(clock)
        for _ in range(FAILURES):
            assert circuit.lets_out()
            circuit.failed()
        assert not circuit.lets_out()
        for _ in range(3):
            clock.seconds += OPEN_S
            assert circuit.lets_out()
            assert not circuit.lets_out()
        circuit.succeeded()
        assert all(circuit.lets_out() for _ in range(3 * breaker.FAILURES))


class TestConfiguration:
    async def test_the_clients_secret_may_come_from_a_file_and_change(self, tmp_path: Path) -> None:
        path = tmp_path / "secret"
        path.write_text("one\n")
        async with listening() as server:
            site = site_of(server, client_secret=None, client_secret_file=path)
            await site.who()
            path.write_text("another\n")
            site.passes(KEPT_S)
            await site.who()
            first, second = (head.lower() for head in server.heads)
        assert basic("search", "one").lower().encode() in first
        assert basic("search", "another").lower().encode() in second

    @pytest.mark.parametrize("content", [b"", b"\n", b"two words", b"\xff"])
    def test_a_faulty_file_does_not_start(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "secret"
        path.write_bytes(content)
        more = {"client_secret": None, "client_secret_file": path}
        with pytest.raises(ConfigurationError, match="INTROSPECTION_CLIENT_SECRET_FILE"):
            identity_modes(settings("https://id.example/", **more))

    @pytest.mark.parametrize(
        ("more", "says"),
        [
            ({"client_id": None}, "INTROSPECTION_CLIENT_ID"),
            ({"client_secret": None}, "INTROSPECTION_CLIENT_SECRET"),
            ({"client_secret_file": Path("/nowhere")}, "just one"),
            ({"audience": None}, "INTROSPECTION_AUDIENCE"),
            ({"scope": "a b"}, "INTROSPECTION_SCOPE"),
            ({"url": "http://id.example/"}, "https"),
            ({"url": "https://me:pw@id.example/"}, "user name"),
            ({"url": "http://127.0.0.1.evil.example/"}, "https"),
        ],
    )
    def test_a_half_configured_mode_does_not_start(self, more: dict[str, Any], says: str) -> None:
        with pytest.raises(ConfigurationError, match=says) as caught:
            identity_modes(settings(**{"url": "https://id.example/"} | more))
        assert "pw@" not in str(caught.value)
