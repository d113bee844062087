"""Signed app mode: token, signature and nonce must all hold and belong together, and scopes only ever narrow."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jwt
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from identitykit import Clock, MemoryNonces, bearing, introspecting, listening, request
from structlog.testing import capture_logs

from search.access.identity import Caller, Headers, IdentityMode, RequestLines, authenticate, identity_modes, signing
from search.access.identity.signed_app import FIELDS, NONCE, SIGNATURE, sign
from search.core.errors import ConfigurationError, Unauthenticated, Unavailable
from search.core.settings import AppsSettings, GatewaySettings, IdentitySettings, IntrospectionSettings, JwtSettings

NOW = 1_772_442_904
KEY = "0123456789abcdef" * 2
JWT = JwtSettings(secret=KEY, audience="search")
SECRET, NEXT = "the-secret-of-notes-" * 2, "the-next-secret-of-notes-" * 2
OTHERS = "the-secret-of-others-" * 2
CLAIMS = {"sub": "u-1", "tenant": "acme", "aud": "search", "scope": "search", "exp": NOW + 600, "client_id": "notes"}
PATH, BODY = "/v1/search?q=%E6%90%9C%E7%B4%A2", b'{"q":1}'


ALL_SCOPES = ["search", "admin.explain", "admin.status", "admin.reindex"]


def app_with(*secrets: str) -> dict[str, Any]:
    return {"secrets": [*secrets], "scopes": ALL_SCOPES}


def registry(**scopes: list[str]) -> str:
    """The file's content; `scopes` of an app that is registered with others than all."""
    apps: dict[str, dict[str, Any]] = {"notes": app_with(SECRET), "others": app_with(OTHERS)}
    for app, words in scopes.items():
        apps[app]["scopes"] = words
    return json.dumps(apps)


def token(**changes: Any) -> str:
    """A token of the issuer with some claims changed; None leaves one out."""
    claims = {name: value for name, value in (CLAIMS | changes).items() if value is not None}
    return jwt.encode(claims, KEY, algorithm="HS256")


def signed(secret: str = SECRET, *, bearer: str | None = None, app: str = "notes", **more: Any) -> dict[str, str]:
    """The headers of a request to PATH with BODY, all as they should be unless told otherwise."""
    given = {"user": "u-1", "tenant": "acme", "timestamp": NOW, "nonce": "n-1", **more}
    return bearing(bearer or token()) | sign(secret, "POST", PATH, app=app, body=BODY, **given)


@dataclass
class Site:
    """The service with the mode on, and its file of apps."""

    file: Path
    clock: Clock = field(default_factory=Clock)
    nonces: MemoryNonces = field(default_factory=MemoryNonces)
    introspection: IntrospectionSettings = field(default_factory=IntrospectionSettings)
    first_party: tuple[str, ...] = ()
    modes: tuple[IdentityMode, ...] = ()

    def __post_init__(self) -> None:
        apps = AppsSettings(file=self.file, first_party=self.first_party)
        settings = IdentitySettings(jwt=JWT, introspection=self.introspection, apps=apps)
        self.modes = identity_modes(settings, self.nonces, now=lambda: NOW, clock=self.clock)

    def register(self, content: str) -> None:
        self.file.write_text(content)
        self.clock.seconds += 1

    async def who(self, fields: Mapping[str, str]) -> Caller:
        return await authenticate(self.modes, request(fields, PATH, method="POST", body=BODY))

    async def refused(self, fields: Mapping[str, str] | RequestLines) -> str:
        lines = fields if isinstance(fields, RequestLines) else request(fields, PATH, method="POST", body=BODY)
        with pytest.raises(Unauthenticated) as caught:
            await authenticate(self.modes, lines)
        return str(caught.value)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    file = tmp_path / "apps.json"
    file.write_text(registry())
    return Site(file)


class TestProof:
    async def test_a_signed_request_proves_user_app_and_scopes(self, site: Site) -> None:
        assert await site.who(signed()) == Caller("acme", "u-1", "signed app", "notes", frozenset({"search"}))

    async def test_the_signature_is_the_contracts_to_the_byte(self, site: Site) -> None:
        lines = ("POST", PATH, hashlib.sha256(BODY).hexdigest(), "u-1", "acme", str(NOW), "notes", "any")
        fields = {
            "authorization": f"bearer {token()}",
            "x-app-id": "notes",
            "X-TIMESTAMP": str(NOW),
            "X-Nonce": "any",
            "X-Signature": hmac.new(SECRET.encode(), "\n".join(lines).encode(), "sha256").hexdigest().upper(),
        }
        assert (await site.who(fields)).app == "notes"

    async def test_the_app_is_client_id_or_else_azp(self, site: Site) -> None:
        assert await site.who(signed(bearer=token(client_id=None, azp="notes")))
        assert await site.who(signed(bearer=token(azp="notes"), nonce="n-2"))
        for claims in ({"client_id": None}, {"azp": "others"}, {"client_id": "", "azp": "notes"}, {"client_id": [1]}):
            await site.refused(signed(bearer=token(**claims), nonce="n-3"))

    async def test_token_and_headers_must_name_the_same_app(self, site: Site) -> None:
        """Another app's server, with its own secret, has got hold of a token that was issued to this one."""
        assert "does not match" in await site.refused(signed(OTHERS, app="others"))
        assert "does not match" in await site.refused(signed(bearer=token(client_id="others")))

    @pytest.mark.parametrize("secret", [OTHERS, KEY, "x" * 40])
    async def test_another_secret_proves_nothing(self, site: Site, secret: str) -> None:
        assert "does not match" in await site.refused(signed(secret))

    async def test_which_apps_are_registered_is_told_to_nobody_who_cannot_sign(self, site: Site) -> None:
        """Neither by an app's id alone, nor to whoever holds a token of it or of another app."""
        wrong = "w" * 40
        for bearer_app in ("notes", "unknown"):
            told = {
                await site.refused(signed(wrong, app=app, bearer=token(client_id=bearer_app)))
                for app in ("notes", "others", "unknown")
            }
            assert len(told) == 1
        for bad in ("x", token(exp=NOW - 60), token(aud="x"), token(tenant=None), token(scope="openid")):
            assert len({await site.refused(signed(wrong, app=app, bearer=bad)) for app in ("notes", "unknown")}) == 1
        assert await site.refused(bearing(token())) == await site.refused(bearing(token(client_id="unknown")))

    async def test_as_many_signatures_are_tried_for_an_app_that_is_not_registered(
        self, site: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tried: list[bytes] = []
        monkeypatch.setattr(signing, "mac", lambda secret, lines: tried.append(secret) or bytes(32))
        site.register(json.dumps({"notes": app_with(SECRET, NEXT), "others": app_with(OTHERS)}))
        for app in ("notes", "others", "unknown"):
            await site.refused(signed(app=app, bearer=token(client_id=app)))
            assert len(tried) == 2, app
            tried.clear()

    @pytest.mark.parametrize("changes", [{"exp": NOW - 60}, {"aud": "x"}, {"tenant": None}, {"sub": ""}])
    async def test_the_token_is_checked_like_any_other(self, site: Site, changes: dict[str, Any]) -> None:
        await site.refused(signed(bearer=token(**changes)))

    async def test_a_token_that_is_not_the_issuers_is_refused(self, site: Site) -> None:
        await site.refused(signed(bearer=jwt.encode(CLAIMS, "f" * 32, algorithm="HS256")))

    @pytest.mark.parametrize("drift", [-60, 60])
    async def test_a_minute_of_drift_is_allowed(self, site: Site, drift: int) -> None:
        assert await site.who(signed(timestamp=NOW + drift))

    @pytest.mark.parametrize("drift", [-61, 61, -NOW, 10**11])
    async def test_more_than_a_minute_is_refused_either_way(self, site: Site, drift: int) -> None:
        assert "60 s" in await site.refused(signed(timestamp=NOW + drift))

    @pytest.mark.parametrize("user", ["u-2", "u-1\nacme"])
    async def test_who_signs_for_another_user_than_the_token_names_is_refused(self, site: Site, user: str) -> None:
        assert "does not match" in await site.refused(signed(user=user))


class TestHeaders:
    @pytest.mark.parametrize("name", FIELDS)
    async def test_each_is_needed(self, site: Site, name: str) -> None:
        fields = signed()
        del fields[name]
        assert name in await site.refused(fields)

    async def test_the_token_is_needed(self, site: Site) -> None:
        fields = signed()
        del fields["Authorization"]
        assert "Authorization" in await site.refused(fields)

    @pytest.mark.parametrize("name", FIELDS)
    async def test_one_alone_beside_a_token_is_a_signed_request_that_lacks_the_rest(
        self, site: Site, name: str
    ) -> None:
        """Whoever sends one means to sign; taking the token alone would let them in with less."""
        plain = bearing(token(client_id=None))
        assert await site.who(plain)
        await site.refused(plain | {name: signed()[name]})

    @pytest.mark.parametrize("name", [*FIELDS, "Authorization"])
    async def test_each_may_be_sent_once_only(self, site: Site, name: str) -> None:
        fields = [(key.encode(), value.encode()) for key, value in signed().items()]
        twice = Headers([*fields, (name.lower().encode(), signed()[name].encode())])
        assert "once" in await site.refused(RequestLines("POST", PATH.encode(), twice, BODY))

    @pytest.mark.parametrize("name", FIELDS)
    @pytest.mark.parametrize("value", ["", " ", "other", "0", "-1", f"{NOW}.0", "n\t1", "n 1", "张", "a" * 129])
    async def test_changing_one_is_refused(self, site: Site, name: str, value: str) -> None:
        await site.refused(signed() | {name: value})

    @pytest.mark.parametrize("nonce", ["", " ", "n 1", "n\t", "n" * 129])
    async def test_a_nonce_has_a_form_even_when_it_is_signed(self, site: Site, nonce: str) -> None:
        assert NONCE in await site.refused(signed(nonce=nonce))

    @given(data=st.data())
    async def test_flipping_any_byte_of_what_is_signed_is_refused(
        self, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
    ) -> None:
        file = tmp_path_factory.mktemp("apps") / "apps.json"
        file.write_text(registry())
        fields = signed()
        parts = {"method": b"POST", "path": PATH.encode(), "body": BODY}
        parts |= {name: fields[name].encode() for name in FIELDS}
        part = data.draw(st.sampled_from(sorted(parts)))
        at, byte = data.draw(st.integers(0, len(parts[part]) - 1)), data.draw(st.integers(0, 255))
        flipped = parts[part][:at] + bytes([byte]) + parts[part][at + 1 :]
        # Hexadecimal digits mean the same in either case.
        assume(flipped.lower() != parts[part].lower() if part == SIGNATURE else flipped != parts[part])
        parts[part] = flipped
        headers = Headers(
            [(b"authorization", fields["Authorization"].encode()), *((name.encode(), parts[name]) for name in FIELDS)]
        )
        lines = RequestLines(parts["method"].decode("latin-1"), parts["path"], headers, parts["body"])
        await Site(file).refused(lines)

    @given(
        fields=st.lists(
            st.tuples(
                st.sampled_from([*(name.encode() for name in FIELDS), b"Authorization"]),
                st.binary(max_size=60) | st.sampled_from([b"notes", str(NOW).encode(), b"n-1", b"a" * 64]),
            ),
            max_size=7,
        )
    )
    async def test_garbage_is_refused_and_nothing_else(
        self, tmp_path_factory: pytest.TempPathFactory, fields: list[tuple[bytes, bytes]]
    ) -> None:
        file = tmp_path_factory.mktemp("apps") / "apps.json"
        file.write_text(registry())
        await Site(file).refused(RequestLines("GET", b"/", Headers(fields)))


class TestNonces:
    async def test_a_nonce_is_good_once(self, site: Site) -> None:
        assert await site.who(signed())
        assert NONCE in await site.refused(signed())
        assert NONCE in await site.refused(signed(timestamp=NOW + 1))
        assert await site.who(signed(nonce="n-2"))

    async def test_each_app_and_each_tenant_has_its_own(self, site: Site) -> None:
        assert await site.who(signed())
        assert await site.who(signed(OTHERS, app="others", bearer=token(client_id="others")))
        assert await site.who(signed(tenant="other", bearer=token(tenant="other")))

    @pytest.mark.parametrize(
        "fields",
        [
            signed(OTHERS),
            signed(bearer=token(client_id="others")),
            signed(bearer=token(exp=NOW - 60)),
            signed(bearer=token(scope="openid")),
            signed(timestamp=NOW - 61),
            signed() | {SIGNATURE: "a" * 64},
        ],
    )
    async def test_nobody_but_the_app_uses_one_up(self, site: Site, fields: dict[str, str]) -> None:
        await site.refused(fields)
        assert site.nonces.taken == set()
        assert await site.who(signed())

    async def test_without_the_place_for_nonces_nobody_is_let_in_and_nobody_refused(self, site: Site) -> None:
        site.nonces.away = Unavailable("away")
        with pytest.raises(Unavailable):
            await site.who(signed())
        assert "does not match" in await site.refused(signed(OTHERS))


class TestScopes:
    @pytest.mark.parametrize(
        ("of_token", "of_app", "left"),
        [
            ("search admin.explain", None, {"search", "admin.explain"}),
            ("search", ["search.docs"], {"search.docs"}),
            ("search.docs search.apps", ["search"], {"search.docs", "search.apps"}),
            ("search.docs", ["search.apps", "search.docs"], {"search.docs"}),
            ("search.docs", ["search.apps"], set()),
            ("search admin.explain", ["search"], {"search"}),
            ("search", ["admin.explain"], set()),
            ("admin.explain openid", ["search", "admin.explain"], {"admin.explain"}),
            ("search", [], set()),
        ],
    )
    async def test_token_and_registration_both_narrow(
        self, site: Site, of_token: str, of_app: list[str] | None, left: set[str]
    ) -> None:
        if of_app is not None:
            site.register(registry(notes=of_app))
        assert (await site.who(signed(bearer=token(scope=of_token)))).scopes == left

    @pytest.mark.parametrize("scope", ["openid", "", "searching", None, ["openid"]])
    async def test_a_token_for_something_else_is_refused(self, site: Site, scope: object) -> None:
        assert "scope" in await site.refused(signed(bearer=token(scope=scope)))

    async def test_an_app_that_is_registered_without_scopes_has_none(self, site: Site) -> None:
        site.register(json.dumps({"notes": {"secrets": [SECRET]}}))
        assert (await site.who(signed())).scopes == frozenset()


class TestClients:
    """Tokens without a signature, where apps are configured."""

    PLAIN = Caller("acme", "u-1", "jwt", scopes=frozenset({"search"}))

    async def test_a_token_that_names_no_client_is_a_plain_one(self, site: Site) -> None:
        assert await site.who(bearing(token(client_id=None))) == self.PLAIN

    @pytest.mark.parametrize("claims", [{}, {"client_id": None, "azp": "web"}, {"azp": "web", "client_id": "web"}])
    async def test_a_client_that_is_not_registered_is_refused(self, site: Site, claims: dict[str, Any]) -> None:
        assert "registered" in await site.refused(bearing(token(**{"client_id": "web"} | claims)))

    async def test_taking_an_app_out_of_the_file_ends_its_tokens(self, site: Site) -> None:
        site.register(json.dumps({"others": app_with(OTHERS)}))
        await site.refused(bearing(token(scope="search admin.explain")))
        await site.refused(signed())

    async def test_a_client_of_the_deployments_own_needs_no_signature(self, tmp_path: Path, site: Site) -> None:
        own = Site(site.file, first_party=("web", "notes"))
        assert await own.who(bearing(token(client_id="web"))) == self.PLAIN
        await own.refused(bearing(token(client_id="mobile")))
        # One that is registered must sign all the same.
        await own.refused(bearing(token(client_id="notes")))
        assert (await own.who(signed())).app == "notes"


class TestRegistry:
    async def test_a_token_of_a_registered_app_is_worth_nothing_without_the_signature(self, site: Site) -> None:
        """Whoever steals it from the app's server still lacks the secret."""
        assert "X-App-Id" in await site.refused(bearing(token()))
        assert "X-App-Id" in await site.refused(bearing(token(client_id=None, azp="others")))

    async def test_a_secret_is_rotated_without_a_request_failing(self, site: Site) -> None:
        site.register(json.dumps({"notes": app_with(SECRET, NEXT)}))
        for number, secret in enumerate((SECRET, NEXT, SECRET, NEXT)):
            assert await site.who(signed(secret, nonce=f"n-{number}"))
        site.register(json.dumps({"notes": app_with(NEXT)}))
        assert await site.who(signed(NEXT, nonce="n-9"))
        await site.refused(signed(SECRET, nonce="n-10"))

    async def test_an_app_is_added_and_taken_away_while_running(self, site: Site) -> None:
        site.register(json.dumps({"others": app_with(OTHERS)}))
        await site.refused(signed())
        site.register(registry())
        assert await site.who(signed())

    async def test_a_faulty_new_version_is_refused_with_a_reason_and_the_last_good_one_stays(self, site: Site) -> None:
        with capture_logs() as logged:
            site.register(f'{{"notes": {{"secrets": "{NEXT}"}}}}')
            assert await site.who(signed())
        assert [line["event"] for line in logged] == ["file_refused"]
        assert "app 1: secrets" in logged[0]["reason"]
        assert NEXT not in str(logged)

    def test_it_does_not_start_with_a_faulty_file(self, tmp_path: Path) -> None:
        file = tmp_path / "apps.json"
        for content in ("", "{}", '{"notes": {"secrets": ["short"]}}'):
            file.write_text(content)
            with pytest.raises(ConfigurationError, match="OFFICE_SEARCH_APPS_FILE"):
                Site(file)
        with pytest.raises(ConfigurationError, match="OFFICE_SEARCH_APPS_FILE"):
            Site(tmp_path / "missing.toml")

    def test_it_does_not_start_without_a_way_to_check_tokens_or_a_place_for_nonces(self, site: Site) -> None:
        apps = AppsSettings(file=site.file)
        with pytest.raises(ConfigurationError, match="OFFICE_SEARCH_JWT"):
            identity_modes(IdentitySettings(apps=apps, gateway=GatewaySettings(secrets=KEY)), site.nonces)
        with pytest.raises(ConfigurationError, match="nonces"):
            identity_modes(IdentitySettings(apps=apps, jwt=JWT))


async def test_an_opaque_token_serves_as_well(tmp_path: Path) -> None:
    file = tmp_path / "apps.json"
    file.write_text(registry(notes=["search.docs"]))
    async with listening() as server:
        server.answer = introspecting({"opaque": CLAIMS, "others": CLAIMS | {"client_id": "others"}})
        own = {"url": server.url, "client_id": "search", "client_secret": "s", "audience": "search"}
        site = Site(file, introspection=IntrospectionSettings(**own))
        proven = Caller("acme", "u-1", "signed app", "notes", frozenset({"search.docs"}))
        assert await site.who(signed(bearer="opaque")) == proven
        assert await site.who(signed(nonce="n-2")) == proven
        assert "does not match" in await site.refused(signed(bearer="others", nonce="n-3"))
        assert "X-App-Id" in await site.refused(bearing("opaque"))
        asked = server.asked
        await site.refused(signed(timestamp=NOW - 61, bearer="x"))
        assert server.asked == asked
        # The time that an answer takes must not tell which apps are registered either.
        await site.refused(signed(app="unknown", bearer="y"))
        await site.refused(signed(app="notes", bearer="z"))
        assert server.asked == asked + 2
