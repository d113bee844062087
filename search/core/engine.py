"""The one way to an OpenSearch client, and what its failures mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from opensearchpy import AsyncOpenSearch
from opensearchpy.exceptions import ConnectionError as EngineConnectionError
from opensearchpy.exceptions import OpenSearchException, TransportError
from opensearchpy.serializer import JSONSerializer

from search.core.errors import Unavailable
from search.core.settings import EngineSettings


class _Json(JSONSerializer):
    """Answers of a few hundred kilobytes are read on every search: orjson is several times faster."""

    def dumps(self, data: Any) -> Any:
        return data if isinstance(data, (str, bytes)) else orjson.dumps(data).decode()

    def loads(self, data: str) -> Any:
        return orjson.loads(data)


def connect(settings: EngineSettings, url: str, *, timeout_s: float = 30.0) -> AsyncOpenSearch:
    """A client for the engine at `url`; nothing is sent yet. The caller closes it."""
    options: dict[str, Any] = {}
    if settings.username and settings.password:
        options["http_auth"] = (settings.username, settings.password.get_secret_value())
    if settings.client_cert:
        options["client_cert"] = str(settings.client_cert)
        options["client_key"] = str(settings.client_key) if settings.client_key else None
    if settings.ca_file:
        options["ca_certs"] = str(settings.ca_file)
    # Whoever calls knows whether trying again is right, so the client itself never does.
    return AsyncOpenSearch(
        hosts=[url], serializer=_Json(), timeout=timeout_s, max_retries=0, retry_on_timeout=False, **options
    )


def is_overload(error: OpenSearchException) -> bool:
    """Whether the engine is away or asks to slow down, so that the same request is worth sending again."""
    if isinstance(error, EngineConnectionError):
        return True
    return isinstance(error, TransportError) and error.status_code in (429, 502, 503, 504)


def is_missing(error: Mapping[str, Any] | None) -> bool:
    """Whether a part of an answer failed as its index is not there: one that nobody has written yet holds nothing.

    One that is closed, or cannot be read, may hold something.
    """
    return error is not None and error["type"] == "index_not_found_exception"


async def ping(engine: AsyncOpenSearch) -> None:
    """Raises Unavailable unless the engine answers and can serve."""
    try:
        health = await engine.cluster.health(request_timeout=5)
    except OpenSearchException as error:
        raise Unavailable(
            f"OpenSearch does not answer ({type(error).__name__}); is it up? Try `office-search status`."
        ) from error
    if health["status"] == "red":
        raise Unavailable("OpenSearch is red: some primary shards are not available.")
