"""Everything that can be set, in one frozen object that the entry points build and pass down."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AliasChoices, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


class Settings(BaseSettings):
    """Read from the environment (`OFFICE_SEARCH_…`, and the bare names that platforms already set)."""

    model_config = SettingsConfigDict(
        env_prefix="OFFICE_SEARCH_", env_ignore_empty=True, frozen=True, extra="ignore", populate_by_name=True
    )

    # Engine and broker. With neither URL the managed local stack is used.
    opensearch_url: str | None = Field(None, validation_alias=AliasChoices("opensearch_url", "OPENSEARCH_URL"))
    opensearch_username: str | None = None
    opensearch_password: SecretStr | None = None
    opensearch_ca_file: Path | None = None
    opensearch_client_cert: Path | None = None
    opensearch_client_key: Path | None = None
    broker_url: str | None = Field(None, validation_alias=AliasChoices("broker_url", "BROKER_URL"))
    broker_username: str | None = None
    broker_password: SecretStr | None = None
    broker_token: SecretStr | None = None
    broker_ca_file: Path | None = None
    broker_client_cert: Path | None = None
    broker_client_key: Path | None = None

    # The managed local stack.
    home: Path | None = Field(None, description="where the managed stack keeps its data, logs and state")
    cache: Path | None = Field(None, description="downloads, shared by every checkout of this user")
    heap: str = Field("512m", pattern=r"^[1-9]\d*[mg]$", description="heap of the managed OpenSearch node")

    # Identity: which modes are on follows from which of these are set.
    gateway_secrets: Annotated[tuple[SecretStr, ...], NoDecode] = ()
    gateway_secrets_file: Path | None = Field(None, description="one secret a line; read anew when it changes")
    jwt_jwks_file: Path | None = None
    jwt_jwks_url: str | None = None
    jwt_secret: SecretStr | None = None
    jwt_audience: str | None = None
    jwt_issuer: str | None = None
    jwt_scope: str = "search"
    introspection_url: str | None = None
    introspection_client_id: str | None = None
    introspection_client_secret: SecretStr | None = None
    introspection_client_secret_file: Path | None = None
    introspection_audience: str | None = None
    introspection_issuer: str | None = None
    introspection_scope: str = "search"
    apps_file: Path | None = Field(None, description="apps that sign, with secrets and scopes; read anew on change")

    # The audit log.
    audit_key: SecretStr | None = Field(None, description="of the hashes that stand for what was searched for")
    audit_text_tenants: Annotated[tuple[str, ...], NoDecode] = ()
    audit_file: Path | None = Field(None, description="where the lines are appended; by default to standard error")

    # How often may be asked: `120 per 10 seconds`, several parted by `;`, or `off`.
    rate_limit_caller: str = "120 per 10 seconds"
    rate_limit_app: str = "600 per 10 seconds"
    rate_limit_store: SecretStr = Field(SecretStr("memory://"), description="secret, as it may hold a password")

    lexicons: Path | None = Field(
        None, description="a folder a tenant, with its words.txt and synonyms.txt; read when a process starts"
    )

    # The API.
    api_host: str = "127.0.0.1"
    api_port: int = Field(8080, ge=0, le=65535)
    search_deadline_ms: int = Field(
        1500, ge=50, description="for all searches of one answer; what is then missing counts as failed"
    )
    refresh_interval: str = Field("1s", pattern=r"^(-1|\d+(ms|s))$")
    shards: int = Field(1, ge=1)
    replicas: int = Field(0, ge=0)

    # The indexers.
    indexer_host: str = "127.0.0.1"
    indexer_port: int = Field(8081, ge=0, le=65535, description="metrics and health of the indexers")
    batch_size: int = Field(1000, ge=1, le=5000)
    ack_wait_s: int = Field(60, ge=5)

    # How soon a revocation counts, measured by the service on itself.
    canary_tenant: str | None = Field(None, pattern=r"^[a-z0-9-]{1,40}$", description="off without one")
    canary_every_s: float = Field(10, ge=1)

    log_level: str = "INFO"

    @field_validator("gateway_secrets", "audit_text_tenants", mode="before")
    @classmethod
    def split_by_commas(cls, value: object) -> object:
        """Several secrets, separated by commas, are valid at once, so that one can be rotated; tenants likewise."""
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value
