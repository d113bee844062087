"""Gateway mode: the signature covers everything, the clock is narrow, and two secrets can be valid at once."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from identitykit import Clock
from structlog.testing import capture_logs

from search.access.identity import Caller, Headers, IdentityMode, RequestLines, authenticate, identity_modes
from search.access.identity.gateway import SIGNATURE, sign
from search.core.errors import ConfigurationError, Unauthenticated
from search.core.settings import GatewaySettings, IdentitySettings

NOW = 1_772_442_904
OLD, NEW = "old-" * 8, "new-" * 8
MODES = identity_modes(IdentitySettings(gateway=GatewaySettings(secrets=f"{OLD},{NEW}")), now=lambda: NOW)


def raw(fields: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode()) for name, value in fields.items()]


def signed(secret: str = OLD, timestamp: int = NOW) -> RequestLines:
    path, body = "/v1/search?q=%E6%90%9C%E7%B4%A2&limit=5", b'{"q":1}'
    fields = sign(secret, "POST", path, body=body, user="u-1", tenant="acme", timestamp=timestamp)
    return RequestLines("POST", path.encode(), Headers(raw(fields)), body)


async def refused(request: RequestLines) -> str:
    with pytest.raises(Unauthenticated) as caught:
        await authenticate(MODES, request)
    return str(caught.value)


@pytest.mark.parametrize("secret", [OLD, NEW])
async def test_either_of_two_secrets_proves_the_caller(secret: str) -> None:
    assert await authenticate(MODES, signed(secret)) == Caller("acme", "u-1", "gateway")


async def test_the_signature_is_the_contracts_to_the_byte() -> None:
    lines = "\n".join(("GET", "/v1/search?q=a", hashlib.sha256(b"").hexdigest(), "u-1", "acme", str(NOW)))
    fields = {
        "x-user-id": "u-1",
        "X-TENANT-ID": "acme",
        "X-Gateway-Timestamp": str(NOW),
        "X-Gateway-Signature": hmac.new(OLD.encode(), lines.encode(), "sha256").hexdigest().upper(),
    }
    request = RequestLines("GET", b"/v1/search?q=a", Headers(raw(fields)))
    assert await authenticate(MODES, request) == Caller("acme", "u-1", "gateway")


@pytest.mark.parametrize("signs", ["/v1/search", "/v1/search?"])
async def test_without_a_query_a_bare_question_mark_may_be_signed_or_not(signs: str) -> None:
    """What the server passes on does not tell whether there was one."""
    fields = sign(OLD, "GET", signs, user="u-1", tenant="acme", timestamp=NOW)
    assert await authenticate(MODES, RequestLines("GET", b"/v1/search", Headers(raw(fields))))
    await refused(RequestLines("GET", b"/v1/search?q=a", Headers(raw(fields))))
    await refused(RequestLines("GET", b"/v1/searc", Headers(raw(fields))))
    queried = sign(OLD, "GET", "/v1/search?q", user="u-1", tenant="acme", timestamp=NOW)
    await refused(RequestLines("GET", b"/v1/search", Headers(raw(queried))))


async def test_a_secret_that_is_not_ours_proves_nothing() -> None:
    assert "does not match" in await refused(signed("else" * 8))


@pytest.mark.parametrize("drift", [-60, 60])
async def test_a_minute_of_drift_is_allowed(drift: int) -> None:
    assert (await authenticate(MODES, signed(timestamp=NOW + drift))).user == "u-1"


@pytest.mark.parametrize("drift", [-61, 61, -NOW, 10**11])
async def test_more_than_a_minute_is_refused_either_way(drift: int) -> None:
    assert "60 s" in await refused(signed(timestamp=NOW + drift))


TAMPERED = {
    "method": replace(signed(), method="GET"),
    "path": replace(signed(), path_and_query=b"/v1/suggest?q=%E6%90%9C%E7%B4%A2&limit=5"),
    "query": replace(signed(), path_and_query=b"/v1/search?q=%E6%90%9C%E7%B4%A2&limit=50"),
    "query decoded": replace(signed(), path_and_query="/v1/search?q=搜索&limit=5".encode()),
    "query order": replace(signed(), path_and_query=b"/v1/search?limit=5&q=%E6%90%9C%E7%B4%A2"),
    "no query": replace(signed(), path_and_query=b"/v1/search"),
    "body": replace(signed(), body=b'{"q":2}'),
    "no body": replace(signed(), body=b""),
}


@pytest.mark.parametrize("part", TAMPERED)
async def test_changing_a_part_of_the_request_breaks_the_signature(part: str) -> None:
    assert "does not match" in await refused(TAMPERED[part])


HEADERS = sign(OLD, "GET", "/v1/search?q=a", user="u-1", tenant="acme", timestamp=NOW)


def with_headers(fields: list[tuple[bytes, bytes]]) -> RequestLines:
    return RequestLines("GET", b"/v1/search?q=a", Headers(fields))


@pytest.mark.parametrize("name", HEADERS)
@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        "other",
        "u-2",
        "0",
        "-1",
        "+1772442904",
        "1772442904.0",
        "١٧٧٢٤٤٢٩٠٤",
        "acme\n",
        "Acme",
        "u/1",
        "a" * 129,
    ],
)
async def test_changing_a_header_is_refused(name: str, value: str) -> None:
    await refused(with_headers(raw(HEADERS | {name: value})))


@pytest.mark.parametrize("name", HEADERS)
async def test_a_missing_header_is_refused(name: str) -> None:
    assert name in await refused(with_headers(raw({key: value for key, value in HEADERS.items() if key != name})))


@pytest.mark.parametrize("name", HEADERS)
async def test_a_header_sent_twice_is_refused_even_with_the_same_value(name: str) -> None:
    assert "once" in await refused(with_headers([*raw(HEADERS), (name.lower().encode(), HEADERS[name].encode())]))


async def test_lines_cannot_be_shifted_between_user_and_tenant() -> None:
    fields = sign(OLD, "GET", "/v1/search?q=a", user="u-1\nacme", tenant="x", timestamp=NOW)
    await refused(with_headers(raw(fields | {"X-User-Id": "u-1", "X-Tenant-Id": "acme"})))
    await refused(with_headers(raw(fields)))


@given(st.data())
async def test_flipping_any_byte_anywhere_is_refused(data: st.DataObject) -> None:
    good = signed()
    parts = {"method": good.method.encode(), "path": good.path_and_query, "body": good.body}
    parts |= {name: (good.headers.one(name) or "").encode() for name in HEADERS}
    part = data.draw(st.sampled_from(sorted(parts)))
    at = data.draw(st.integers(0, len(parts[part]) - 1))
    byte = data.draw(st.integers(0, 255))
    flipped = parts[part][:at] + bytes([byte]) + parts[part][at + 1 :]
    # Hexadecimal digits mean the same in either case.
    assume(flipped.lower() != parts[part].lower() if part == SIGNATURE else flipped != parts[part])
    parts[part] = flipped
    headers = Headers((name.encode(), parts[name]) for name in HEADERS)
    await refused(RequestLines(parts["method"].decode("latin-1"), parts["path"], headers, parts["body"]))


@given(
    st.lists(
        st.tuples(
            st.sampled_from([*(name.encode() for name in HEADERS), b"Authorization", b"X-Other"]),
            st.binary(max_size=100) | st.from_regex(rb"[0-9]{1,12}|[0-9a-f]{64}|[a-z-]{1,40}", fullmatch=True),
        ),
        max_size=8,
    ),
    st.binary(max_size=50),
)
async def test_garbage_is_refused_and_nothing_else(fields: list[tuple[bytes, bytes]], path: bytes) -> None:
    await refused(RequestLines("GET", path, Headers(fields)))


def test_a_weak_secret_is_a_configuration_error_that_does_not_tell_it() -> None:
    with pytest.raises(ConfigurationError, match="OFFICE_SEARCH_GATEWAY_SECRETS") as caught:
        identity_modes(IdentitySettings(gateway=GatewaySettings(secrets=f"{OLD},hunter2")))
    assert "hunter2" not in str(caught.value)


def test_signing_wants_the_path_as_it_goes_over_the_wire() -> None:
    with pytest.raises(UnicodeEncodeError):
        sign(OLD, "GET", "/v1/search?q=搜索", user="u-1", tenant="acme")


async def proven(modes: tuple[IdentityMode, ...], secret: str) -> bool:
    try:
        await authenticate(modes, signed(secret))
    except Unauthenticated:
        return False
    return True


async def test_a_secret_is_rotated_in_a_file_without_a_request_failing(tmp_path: Path) -> None:
    path, clock = tmp_path / "secrets", Clock()
    path.write_text(OLD + "\n")
    modes = identity_modes(IdentitySettings(gateway=GatewaySettings(secrets_file=path)), now=lambda: NOW, clock=clock)
    assert (await proven(modes, OLD), await proven(modes, NEW)) == (True, False)
    path.write_text(f"{OLD}\n{NEW}\n")
    # The gateway goes over once the new secret is known, and nothing fails on either side of that.
    for _ in range(20):
        assert await proven(modes, OLD)
        clock.seconds += 0.1
    assert await proven(modes, NEW)
    path.write_text(NEW + "\n")
    for _ in range(20):
        assert await proven(modes, NEW)
        clock.seconds += 0.1
    assert not await proven(modes, OLD)


async def test_secrets_of_the_environment_and_of_the_file_count_together(tmp_path: Path) -> None:
    path = tmp_path / "secrets"
    path.write_text(f"\n  {NEW}  \r\n\n")
    modes = identity_modes(IdentitySettings(gateway=GatewaySettings(secrets=OLD, secrets_file=path)), now=lambda: NOW)
    assert await proven(modes, OLD)
    assert await proven(modes, NEW)


FAULTY = {
    "weak": b"hunter2\n",
    "one of two weak": f"{OLD}\nhunter2\n".encode(),
    "empty": b"",
    "blank": b"\n \n",
    "a public key": b"-----BEGIN PUBLIC KEY-----hunter2\n",
    "not UTF-8": b"hunter2-hunter2-hunter2-hunter2\xff\n",
}


@pytest.mark.parametrize("fault", FAULTY)
async def test_a_faulty_file_of_secrets_does_not_start_and_changes_nothing_later(tmp_path: Path, fault: str) -> None:
    path, clock = tmp_path / "secrets", Clock()
    path.write_bytes(FAULTY[fault])
    with pytest.raises(ConfigurationError, match="OFFICE_SEARCH_GATEWAY_SECRETS_FILE") as caught:
        identity_modes(IdentitySettings(gateway=GatewaySettings(secrets=OLD, secrets_file=path)), now=lambda: NOW)
    path.write_text(OLD)
    modes = identity_modes(IdentitySettings(gateway=GatewaySettings(secrets_file=path)), now=lambda: NOW, clock=clock)
    path.write_bytes(FAULTY[fault])
    clock.seconds += 1
    with capture_logs() as logged:
        assert await proven(modes, OLD)
    assert [line["event"] for line in logged] == ["file_refused"]
    assert "hunter2" not in f"{logged}{caught.value}"
