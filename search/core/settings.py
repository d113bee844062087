"""Everything that can be set, grouped by subject in one frozen object that the entry points build and pass down."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from search.core.origins import checked_origin, checked_picture_host
from search.core.timezones import checked_zone


def _split_by_commas(value: object) -> object:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


Listed = (NoDecode, BeforeValidator(_split_by_commas))


class Group(BaseSettings):
    """Settings of one subject, each read from the variable that is the group's prefix and its own name."""

    model_config = SettingsConfigDict(
        env_prefix="OFFICE_SEARCH_", env_ignore_empty=True, frozen=True, populate_by_name=True
    )

    @classmethod
    def variable(cls, name: str) -> str:
        """Return the environment variable of a field, or of the alias that stands for it in an error."""
        known = cls.model_fields.get(name)
        alias = known.validation_alias if known else name
        return alias if isinstance(alias, str) else f"{cls.model_config['env_prefix']}{name}".upper()


class EngineSettings(Group, env_prefix="OFFICE_SEARCH_OPENSEARCH_"):
    """How OpenSearch is reached; without the URL it is the managed local one."""

    url: str | None = Field(None, validation_alias="OPENSEARCH_URL")
    username: str | None = None
    password: SecretStr | None = None
    ca_file: Path | None = None
    client_cert: Path | None = None
    client_key: Path | None = None


class BrokerSettings(Group, env_prefix="OFFICE_SEARCH_BROKER_"):
    """How NATS is reached; without the URL it is the managed local one."""

    url: str | None = Field(None, validation_alias="BROKER_URL")
    username: str | None = None
    password: SecretStr | None = None
    token: SecretStr | None = None
    ca_file: Path | None = None
    client_cert: Path | None = None
    client_key: Path | None = None


class LocalstackSettings(Group):
    """The managed local stack."""

    home: Path | None = Field(None, description="where the managed stack keeps its data, logs and state")
    cache: Path | None = Field(None, description="downloads, shared by every checkout of this user")
    heap: str = Field("512m", pattern=r"^[1-9]\d*[mg]$", description="heap of the managed OpenSearch node")


class GatewaySettings(Group, env_prefix="OFFICE_SEARCH_GATEWAY_"):
    """The gateway that vouches for callers; several secrets are valid at once, so that one can be rotated."""

    secrets: Annotated[tuple[SecretStr, ...], *Listed] = ()
    secrets_file: Path | None = Field(None, description="one secret a line; read anew when it changes")


class JwtSettings(Group, env_prefix="OFFICE_SEARCH_JWT_"):
    """Tokens that are signed: the one source of keys, and what a token must say."""

    jwks_file: Path | None = None
    jwks_url: str | None = None
    secret: SecretStr | None = None
    audience: str | None = None
    issuer: str | None = None
    scope: str = "search"


class IntrospectionSettings(Group, env_prefix="OFFICE_SEARCH_INTROSPECTION_"):
    """Opaque tokens: the identity service that is asked about them, and what its answer must say."""

    url: str | None = None
    client_id: str | None = None
    client_secret: SecretStr | None = None
    client_secret_file: Path | None = None
    audience: str | None = None
    issuer: str | None = None
    scope: str = "search"


class AppsSettings(Group, env_prefix="OFFICE_SEARCH_APPS_"):
    """The apps that sign their requests."""

    file: Path | None = Field(None, description="with secrets and scopes; read anew when it changes")
    first_party: Annotated[tuple[str, ...], *Listed] = Field(
        (), description="clients of the deployment's own, whose tokens count without a signature"
    )


@dataclass(frozen=True)
class IdentitySettings:
    """How callers prove who they are: the modes that are on follow from what is set."""

    gateway: GatewaySettings = field(default_factory=GatewaySettings)
    jwt: JwtSettings = field(default_factory=JwtSettings)
    introspection: IntrospectionSettings = field(default_factory=IntrospectionSettings)
    apps: AppsSettings = field(default_factory=AppsSettings)


class AuditSettings(Group, env_prefix="OFFICE_SEARCH_AUDIT_"):
    """The audit log."""

    key: SecretStr | None = Field(None, description="of the hashes that stand for what was searched for")
    text_tenants: Annotated[tuple[str, ...], *Listed] = ()
    file: Path | None = Field(None, description="where the lines are appended; by default to standard error")


class SealingSettings(Group, env_prefix="OFFICE_SEARCH_SEALING_"):
    """What the service gives out and takes back, such as cursors."""

    key: SecretStr | None = Field(None, description="of cursors, X-Caller and hashes of questions")


class FeedbackSettings(Group, env_prefix="OFFICE_SEARCH_FEEDBACK_"):
    """What is kept of questions and clicks."""

    text_tenants: Annotated[tuple[str, ...], *Listed] = Field(
        (), description="that have questions kept as they were asked, for evaluations; else a hash stands for each"
    )
    recent_searches: Literal["on", "off"] = Field("on", validation_alias="OFFICE_SEARCH_RECENT_SEARCHES")


class RatesSettings(Group, env_prefix="OFFICE_SEARCH_RATE_LIMIT_"):
    """How often may be asked: `120 per 10 seconds`, several parted by `;`, or `off`."""

    caller: str = "120 per 10 seconds"
    app: str = "600 per 10 seconds"
    store: SecretStr = Field(SecretStr("memory://"), description="secret, as it may hold a password")


class AnalysisSettings(Group):
    """How texts and queries are taken apart."""

    lexicons: Path | None = Field(
        None, description="a folder a tenant, with its words.txt and synonyms.txt; read when a process starts"
    )


class ApiSettings(Group, env_prefix="OFFICE_SEARCH_API_"):
    """Where the API listens, and how long and how many connections it keeps."""

    host: str = "127.0.0.1"
    port: int = Field(8080, ge=0, le=65535)
    connections: int = Field(800, ge=1, description="at a time; each takes an open file")
    head_s: float = Field(10, gt=0, description="for the head of a request to arrive")
    idle_s: int = Field(75, ge=1, description="for which a connection waits for its next request")
    origins: Annotated[tuple[Annotated[str, AfterValidator(checked_origin)], ...], *Listed] = Field(
        (), description="of pages elsewhere that may call the API, such as https://office.example"
    )


class PicturesSettings(Group, env_prefix="OFFICE_SEARCH_PICTURE_"):
    """Pictures of people and apps, which lie elsewhere."""

    hosts: Annotated[tuple[Annotated[str, AfterValidator(checked_picture_host)], ...], *Listed] = Field(
        (), description="from which clients may show pictures, by https: pictures.office.example, *.office.example"
    )


class SearchSettings(Group, env_prefix="OFFICE_SEARCH_SEARCH_"):
    """How a search is answered."""

    deadline_ms: int = Field(
        1500, ge=50, description="for all searches of one answer; what is then missing counts as failed"
    )
    timezone: Annotated[str, AfterValidator(checked_zone)] = Field(
        "Asia/Shanghai",
        validation_alias="OFFICE_SEARCH_TIMEZONE",
        description="an IANA name: where days begin, for questions that do not say it",
    )


class IndicesSettings(Group):
    """Indices that are made from now on."""

    refresh_interval: str = Field("1s", pattern=r"^(-1|\d+(ms|s))$")
    shards: int = Field(1, ge=1)
    replicas: int = Field(0, ge=0)


class IndexersSettings(Group, env_prefix="OFFICE_SEARCH_INDEXER_"):
    """Where the indexers' metrics and health are."""

    host: str = "127.0.0.1"
    port: int = Field(8081, ge=0, le=65535)
    access_port: int | None = Field(None, ge=0, le=65535, description="of the access lane; by default the next one")

    @property
    def access_lane_port(self) -> int:
        """Return the port of the access lane's metrics; 0, like the other's, is any that is free."""
        if self.access_port is not None:
            return self.access_port
        return self.port + 1 if self.port else 0


class IndexingSettings(Group):
    """How events are taken from the streams."""

    batch_size: int = Field(1000, ge=1, le=5000)
    ack_wait_s: int = Field(60, ge=5)
    analysis_processes: int = Field(
        1, ge=0, le=64, description="for ordinary texts; long ones have one besides. 0: in the indexer itself"
    )


class RecommendSettings(Group, env_prefix="OFFICE_SEARCH_RECOMMEND_"):
    """What the use of apps is put together for."""

    every_h: float = Field(24, ge=0, description="how often the indexers make the figures of apps anew; 0: never")


class CanarySettings(Group, env_prefix="OFFICE_SEARCH_CANARY_"):
    """How soon a revocation counts, measured by the service on itself."""

    tenant: str | None = Field(None, pattern=r"^[a-z0-9-]{1,40}$", description="off without one")
    every_s: float = Field(10, ge=1)


class LogSettings(Group, env_prefix="OFFICE_SEARCH_LOG_"):
    """What is logged."""

    level: str = "INFO"


# No model that reads the environment by itself: it would take OFFICE_SEARCH_AUDIT, say, for a whole group in JSON.
@dataclass(frozen=True)
class Settings:
    """All of them, from the environment."""

    engine: EngineSettings = field(default_factory=EngineSettings)
    broker: BrokerSettings = field(default_factory=BrokerSettings)
    localstack: LocalstackSettings = field(default_factory=LocalstackSettings)
    identity: IdentitySettings = field(default_factory=IdentitySettings)
    audit: AuditSettings = field(default_factory=AuditSettings)
    sealing: SealingSettings = field(default_factory=SealingSettings)
    feedback: FeedbackSettings = field(default_factory=FeedbackSettings)
    rates: RatesSettings = field(default_factory=RatesSettings)
    analysis: AnalysisSettings = field(default_factory=AnalysisSettings)
    api: ApiSettings = field(default_factory=ApiSettings)
    pictures: PicturesSettings = field(default_factory=PicturesSettings)
    search: SearchSettings = field(default_factory=SearchSettings)
    indices: IndicesSettings = field(default_factory=IndicesSettings)
    indexers: IndexersSettings = field(default_factory=IndexersSettings)
    indexing: IndexingSettings = field(default_factory=IndexingSettings)
    recommend: RecommendSettings = field(default_factory=RecommendSettings)
    canary: CanarySettings = field(default_factory=CanarySettings)
    log: LogSettings = field(default_factory=LogSettings)


GROUPS: tuple[type[Group], ...] = tuple(Group.__subclasses__())


def faults() -> list[str]:
    """Say of each environment variable whose value is wrong what is wrong, without repeating the value."""
    found = []
    for group in GROUPS:
        try:
            group()
        except ValidationError as error:
            wrong = error.errors(include_input=False)
            found += [f"{group.variable(str(each['loc'][0]))}: {each['msg']}" for each in wrong]
    return found
