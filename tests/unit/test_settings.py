"""Every setting: the environment variable that it is read from, and what is said when the value is wrong."""

from __future__ import annotations

from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from search import cli
from search.core.errors import ConfigurationError
from search.core.settings import Settings

OWN = "OFFICE_SEARCH_"

# Variable, where its setting is found, a value in the environment, the value read.
VARIABLES: list[tuple[str, str, str, Any]] = [
    ("OPENSEARCH_URL", "opensearch_url", "http://engine:9200", "http://engine:9200"),
    (OWN + "OPENSEARCH_USERNAME", "opensearch_username", "office", "office"),
    (OWN + "OPENSEARCH_PASSWORD", "opensearch_password", "pw", SecretStr("pw")),
    (OWN + "OPENSEARCH_CA_FILE", "opensearch_ca_file", "/ca", Path("/ca")),
    (OWN + "OPENSEARCH_CLIENT_CERT", "opensearch_client_cert", "/cert", Path("/cert")),
    (OWN + "OPENSEARCH_CLIENT_KEY", "opensearch_client_key", "/key", Path("/key")),
    ("BROKER_URL", "broker_url", "nats://broker:4222", "nats://broker:4222"),
    (OWN + "BROKER_USERNAME", "broker_username", "office", "office"),
    (OWN + "BROKER_PASSWORD", "broker_password", "pw", SecretStr("pw")),
    (OWN + "BROKER_TOKEN", "broker_token", "12345", SecretStr("12345")),
    (OWN + "BROKER_CA_FILE", "broker_ca_file", "/ca", Path("/ca")),
    (OWN + "BROKER_CLIENT_CERT", "broker_client_cert", "/cert", Path("/cert")),
    (OWN + "BROKER_CLIENT_KEY", "broker_client_key", "/key", Path("/key")),
    (OWN + "HOME", "home", "/home", Path("/home")),
    (OWN + "CACHE", "cache", "/cache", Path("/cache")),
    (OWN + "HEAP", "heap", "2g", "2g"),
    (OWN + "GATEWAY_SECRETS", "gateway_secrets", "a, b,", (SecretStr("a"), SecretStr("b"))),
    (OWN + "GATEWAY_SECRETS_FILE", "gateway_secrets_file", "/secrets", Path("/secrets")),
    (OWN + "JWT_JWKS_FILE", "jwt_jwks_file", "/jwks", Path("/jwks")),
    (OWN + "JWT_JWKS_URL", "jwt_jwks_url", "https://id/jwks", "https://id/jwks"),
    (OWN + "JWT_SECRET", "jwt_secret", "s", SecretStr("s")),
    (OWN + "JWT_AUDIENCE", "jwt_audience", "us", "us"),
    (OWN + "JWT_ISSUER", "jwt_issuer", "them", "them"),
    (OWN + "JWT_SCOPE", "jwt_scope", "find", "find"),
    (OWN + "INTROSPECTION_URL", "introspection_url", "https://id/ask", "https://id/ask"),
    (OWN + "INTROSPECTION_CLIENT_ID", "introspection_client_id", "me", "me"),
    (OWN + "INTROSPECTION_CLIENT_SECRET", "introspection_client_secret", "s", SecretStr("s")),
    (OWN + "INTROSPECTION_CLIENT_SECRET_FILE", "introspection_client_secret_file", "/s", Path("/s")),
    (OWN + "INTROSPECTION_AUDIENCE", "introspection_audience", "us", "us"),
    (OWN + "INTROSPECTION_ISSUER", "introspection_issuer", "them", "them"),
    (OWN + "INTROSPECTION_SCOPE", "introspection_scope", "find", "find"),
    (OWN + "APPS_FILE", "apps_file", "/apps.toml", Path("/apps.toml")),
    (OWN + "AUDIT_KEY", "audit_key", "k", SecretStr("k")),
    (OWN + "AUDIT_TEXT_TENANTS", "audit_text_tenants", "acme, open", ("acme", "open")),
    (OWN + "AUDIT_FILE", "audit_file", "/audit.log", Path("/audit.log")),
    (OWN + "RATE_LIMIT_CALLER", "rate_limit_caller", "off", "off"),
    (OWN + "RATE_LIMIT_APP", "rate_limit_app", "1 per day", "1 per day"),
    (OWN + "RATE_LIMIT_STORE", "rate_limit_store", "jetstream://", SecretStr("jetstream://")),
    (OWN + "LEXICONS", "lexicons", "/words", Path("/words")),
    (OWN + "API_HOST", "api_host", "0.0.0.0", "0.0.0.0"),  # noqa: S104
    (OWN + "API_PORT", "api_port", "9000", 9000),
    (OWN + "SEARCH_DEADLINE_MS", "search_deadline_ms", "2500", 2500),
    (OWN + "REFRESH_INTERVAL", "refresh_interval", "-1", "-1"),
    (OWN + "SHARDS", "shards", "3", 3),
    (OWN + "REPLICAS", "replicas", "2", 2),
    (OWN + "INDEXER_HOST", "indexer_host", "::", "::"),
    (OWN + "INDEXER_PORT", "indexer_port", "0", 0),
    (OWN + "BATCH_SIZE", "batch_size", "10", 10),
    (OWN + "ACK_WAIT_S", "ack_wait_s", "5", 5),
    (OWN + "CANARY_TENANT", "canary_tenant", "canary", "canary"),
    (OWN + "CANARY_EVERY_S", "canary_every_s", "2.5", 2.5),
    (OWN + "LOG_LEVEL", "log_level", "DEBUG", "DEBUG"),
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
    assert {path for _, path, *_ in VARIABLES} == Settings.model_fields.keys()


def test_each_wrong_value_is_named_and_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OFFICE_SEARCH_API_PORT", "none-such")
    monkeypatch.setenv("OFFICE_SEARCH_HEAP", "none-such")
    with pytest.raises(ConfigurationError, match=r"^A setting is wrong: .*api_port: .*\.$") as caught:
        cli.settings()
    assert "heap: " in str(caught.value)
    assert "none-such" not in str(caught.value)
