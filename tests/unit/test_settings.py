"""Every setting: the environment variable that it is read from, and what is said when the value is wrong."""

from __future__ import annotations

from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from search import cli
from search.core.errors import ConfigurationError
from search.core.settings import GROUPS, Settings

OWN = "OFFICE_SEARCH_"

# Variable, where its setting is found, a value in the environment, the value read.
VARIABLES: list[tuple[str, str, str, Any]] = [
    ("OPENSEARCH_URL", "engine.url", "http://engine:9200", "http://engine:9200"),
    (OWN + "OPENSEARCH_USERNAME", "engine.username", "office", "office"),
    (OWN + "OPENSEARCH_PASSWORD", "engine.password", "pw", SecretStr("pw")),
    (OWN + "OPENSEARCH_CA_FILE", "engine.ca_file", "/ca", Path("/ca")),
    (OWN + "OPENSEARCH_CLIENT_CERT", "engine.client_cert", "/cert", Path("/cert")),
    (OWN + "OPENSEARCH_CLIENT_KEY", "engine.client_key", "/key", Path("/key")),
    ("BROKER_URL", "broker.url", "nats://broker:4222", "nats://broker:4222"),
    (OWN + "BROKER_USERNAME", "broker.username", "office", "office"),
    (OWN + "BROKER_PASSWORD", "broker.password", "pw", SecretStr("pw")),
    (OWN + "BROKER_TOKEN", "broker.token", "12345", SecretStr("12345")),
    (OWN + "BROKER_CA_FILE", "broker.ca_file", "/ca", Path("/ca")),
    (OWN + "BROKER_CLIENT_CERT", "broker.client_cert", "/cert", Path("/cert")),
    (OWN + "BROKER_CLIENT_KEY", "broker.client_key", "/key", Path("/key")),
    (OWN + "HOME", "localstack.home", "/home", Path("/home")),
    (OWN + "CACHE", "localstack.cache", "/cache", Path("/cache")),
    (OWN + "HEAP", "localstack.heap", "2g", "2g"),
    (OWN + "GATEWAY_SECRETS", "identity.gateway.secrets", "a, b,", (SecretStr("a"), SecretStr("b"))),
    (OWN + "GATEWAY_SECRETS_FILE", "identity.gateway.secrets_file", "/secrets", Path("/secrets")),
    (OWN + "JWT_JWKS_FILE", "identity.jwt.jwks_file", "/jwks", Path("/jwks")),
    (OWN + "JWT_JWKS_URL", "identity.jwt.jwks_url", "https://id/jwks", "https://id/jwks"),
    (OWN + "JWT_SECRET", "identity.jwt.secret", "s", SecretStr("s")),
    (OWN + "JWT_AUDIENCE", "identity.jwt.audience", "us", "us"),
    (OWN + "JWT_ISSUER", "identity.jwt.issuer", "them", "them"),
    (OWN + "JWT_SCOPE", "identity.jwt.scope", "find", "find"),
    (OWN + "INTROSPECTION_URL", "identity.introspection.url", "https://id/ask", "https://id/ask"),
    (OWN + "INTROSPECTION_CLIENT_ID", "identity.introspection.client_id", "me", "me"),
    (OWN + "INTROSPECTION_CLIENT_SECRET", "identity.introspection.client_secret", "s", SecretStr("s")),
    (OWN + "INTROSPECTION_CLIENT_SECRET_FILE", "identity.introspection.client_secret_file", "/s", Path("/s")),
    (OWN + "INTROSPECTION_AUDIENCE", "identity.introspection.audience", "us", "us"),
    (OWN + "INTROSPECTION_ISSUER", "identity.introspection.issuer", "them", "them"),
    (OWN + "INTROSPECTION_SCOPE", "identity.introspection.scope", "find", "find"),
    (OWN + "APPS_FILE", "identity.apps.file", "/apps.toml", Path("/apps.toml")),
    (OWN + "APPS_FIRST_PARTY", "identity.apps.first_party", "web, mobile", ("web", "mobile")),
    (OWN + "AUDIT_KEY", "audit.key", "k", SecretStr("k")),
    (OWN + "SEALING_KEY", "sealing.key", "k", SecretStr("k")),
    (OWN + "AUDIT_TEXT_TENANTS", "audit.text_tenants", "acme, open", ("acme", "open")),
    (OWN + "AUDIT_FILE", "audit.file", "/audit.log", Path("/audit.log")),
    (OWN + "FEEDBACK_TEXT_TENANTS", "feedback.text_tenants", "acme, open", ("acme", "open")),
    (OWN + "RECENT_SEARCHES", "feedback.recent_searches", "off", "off"),
    (OWN + "RATE_LIMIT_CALLER", "rates.caller", "off", "off"),
    (OWN + "RATE_LIMIT_APP", "rates.app", "1 per day", "1 per day"),
    (OWN + "RATE_LIMIT_STORE", "rates.store", "jetstream://", SecretStr("jetstream://")),
    (OWN + "LEXICONS", "analysis.lexicons", "/words", Path("/words")),
    (OWN + "API_HOST", "api.host", "0.0.0.0", "0.0.0.0"),  # noqa: S104
    (OWN + "API_PORT", "api.port", "9000", 9000),
    (OWN + "API_CONNECTIONS", "api.connections", "2000", 2000),
    (OWN + "API_HEAD_S", "api.head_s", "2.5", 2.5),
    (OWN + "API_IDLE_S", "api.idle_s", "30", 30),
    (
        OWN + "API_ORIGINS",
        "api.origins",
        "https://office.example, http://localhost:3000",
        ("https://office.example", "http://localhost:3000"),
    ),
    (OWN + "SEARCH_DEADLINE_MS", "search.deadline_ms", "2500", 2500),
    (OWN + "TIMEZONE", "search.timezone", "Europe/Berlin", "Europe/Berlin"),
    (OWN + "REFRESH_INTERVAL", "indices.refresh_interval", "-1", "-1"),
    (OWN + "SHARDS", "indices.shards", "3", 3),
    (OWN + "REPLICAS", "indices.replicas", "2", 2),
    (OWN + "INDEXER_HOST", "indexers.host", "::", "::"),
    (OWN + "INDEXER_PORT", "indexers.port", "0", 0),
    (OWN + "INDEXER_ACCESS_PORT", "indexers.access_port", "9002", 9002),
    (OWN + "BATCH_SIZE", "indexing.batch_size", "10", 10),
    (OWN + "ACK_WAIT_S", "indexing.ack_wait_s", "5", 5),
    (OWN + "ANALYSIS_PROCESSES", "indexing.analysis_processes", "3", 3),
    (OWN + "PICTURE_HOSTS", "pictures.hosts", "a.example, *.b.example", ("a.example", "*.b.example")),
    (OWN + "RECOMMEND_EVERY_H", "recommend.every_h", "0.5", 0.5),
    (OWN + "CANARY_TENANT", "canary.tenant", "canary", "canary"),
    (OWN + "CANARY_EVERY_S", "canary.every_s", "2.5", 2.5),
    (OWN + "LOG_LEVEL", "log.level", "DEBUG", "DEBUG"),
]


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, *_ in VARIABLES:
        monkeypatch.delenv(variable, raising=False)


@pytest.mark.parametrize(("variable", "path", "given", "read"), VARIABLES, ids=[row[0] for row in VARIABLES])
def test_a_variable_sets_its_setting_and_empty_it_counts_as_unset(
    variable: str, path: str, given: str, read: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    setting = attrgetter(path)
    default = setting(Settings())
    assert default != read
    monkeypatch.setenv(variable, given)
    assert setting(Settings()) == read
    monkeypatch.setenv(variable, "")
    assert setting(Settings()) == default


def test_every_setting_is_among_them() -> None:
    known = {group.variable(name) for group in GROUPS for name in group.model_fields}
    assert {variable for variable, *_ in VARIABLES} == known


def test_no_group_is_too_long_to_survey() -> None:
    assert all(len(group.model_fields) <= 12 for group in GROUPS)


def test_each_wrong_value_is_named_and_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OFFICE_SEARCH_API_PORT", "none-such")
    monkeypatch.setenv("OFFICE_SEARCH_HEAP", "none-such")
    with pytest.raises(ConfigurationError, match=r"^A setting is wrong: OFFICE_SEARCH_") as caught:
        cli.settings()
    sentences = str(caught.value).removeprefix("A setting is wrong: ").split("; ")
    assert [sentence.partition(": ")[0] for sentence in sentences] == ["OFFICE_SEARCH_HEAP", "OFFICE_SEARCH_API_PORT"]
    assert "none-such" not in str(caught.value)


@pytest.mark.parametrize("setting", ["*", "null", "https://a.example, *"])
def test_every_page_there_is_is_no_origin(setting: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OFFICE_SEARCH_API_ORIGINS", setting)
    with pytest.raises(ConfigurationError, match=r"OFFICE_SEARCH_API_ORIGINS: .* would let every page read answers"):
        cli.settings()


@pytest.mark.parametrize(
    "origin",
    [
        *("office.example", "//office.example", "ftp://office.example", "https://", "https://office.example/"),
        *("https://office.example/app", "https://u@office.example", "https://office.example?", "https://*.example"),
        *("https://Office.example", "HTTPS://office.example", "https://office.example:443", "http://office.example:80"),
        *(
            "https://office.example:",
            "https://office.example:0",
            "https://office.example:65536",
            "https://办公.example",
        ),
        *("https://office.example.", "https://-.example:x", "https://[::1", "file://", "https://a b"),
    ],
)
def test_what_no_browser_sends_is_no_origin(origin: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OFFICE_SEARCH_API_ORIGINS", f"https://good.example,{origin}")
    with pytest.raises(ConfigurationError, match=r"OFFICE_SEARCH_API_ORIGINS: .* an origin is http:// or https://"):
        cli.settings()


@pytest.mark.parametrize(
    "origin", ["http://[::1]:3000", "https://a", "https://xn--fiq228c.example:8443", "http://10.0.0.1"]
)
def test_these_are_origins(origin: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OFFICE_SEARCH_API_ORIGINS", origin)
    assert cli.settings().api.origins == (origin,)


@pytest.mark.parametrize(
    "host",
    [
        *("*", "*.example", "example", "https://a.example", "a.example:8443", "a.example/x", "A.example", "a.example."),
        *("*.*.example.com", "a.*.example.com", "*a.example.com", "-a.example", "a-.example", "a_b.example"),
        *("10.0.0.1", "*.0.0.1", "[::1]", "办公.example", "a.example;script-src", "a.example 'unsafe-inline'"),
        *("x" * 64 + ".example", "a." * 130 + "example", "data:", "'self'", "a..example", ".a.example", "a.example\t;"),
    ],
)
def test_what_could_mean_more_than_a_host_is_no_host_of_pictures(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OFFICE_SEARCH_PICTURE_HOSTS", f"good.example,{host}")
    with pytest.raises(
        ConfigurationError, match=r"OFFICE_SEARCH_PICTURE_HOSTS: .* a host of pictures is its name alone"
    ):
        cli.settings()


@pytest.mark.parametrize("host", ["a.b", "*.cdn-1.office.example", "xn--fiq228c.example", "1.2.3.4.example", "a.4b"])
def test_these_are_hosts_of_pictures(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OFFICE_SEARCH_PICTURE_HOSTS", host)
    assert cli.settings().pictures.hosts == (host,)


def test_a_time_zone_that_there_is_not_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OFFICE_SEARCH_TIMEZONE", "Mars/Olympus")
    with pytest.raises(ConfigurationError, match=r"OFFICE_SEARCH_TIMEZONE: .*there is no such time zone"):
        cli.settings()
