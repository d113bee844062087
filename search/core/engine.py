"""The OpenSearch client: how to connect, and what its failures mean."""

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
    """A serializer with orjson, several times faster on the answers of a few hundred kilobytes that searches read."""

    def dumps(self, data: Any) -> Any:
        return data if isinstance(data, (str, bytes)) else orjson.dumps(data).decode()

    def loads(self, data: str) -> Any:
        return orjson.loads(data)


def connect(settings: EngineSettings, url: str, *, timeout_s: float = 30.0) -> AsyncOpenSearch:
    """Return a client for the engine at `url`; nothing is sent yet. The caller must close it."""
    options: dict[str, Any] = {}
    if settings.username and settings.password:
        options["http_auth"] = (settings.username, settings.password.get_secret_value())
    if settings.client_cert:
        options["client_cert"] = str(settings.client_cert)
        options["client_key"] = str(settings.client_key) if settings.client_key else None
    if settings.ca_file:
        options["ca_certs"] = str(settings.ca_file)
    # The callers decide whether to try again, so the client itself never does.
    return AsyncOpenSearch(
        hosts=[url], serializer=_Json(), timeout=timeout_s, max_retries=0, retry_on_timeout=False, **options
    )


def is_overload(error: OpenSearchException) -> bool:
    """Return whether the engine is away or asks to slow down, so that the same request may be sent again."""
    if isinstance(error, EngineConnectionError):
        return True
    return isinstance(error, TransportError) and error.status_code in (429, 502, 503, 504)


def is_missing(error: Mapping[str, Any] | None) -> bool:
    """Return whether a part of an answer failed because its index does not exist, and so holds nothing.

    An index that is closed or cannot be read may hold something, and is not missing.
    """
    return error is not None and error["type"] == "index_not_found_exception"


async def ping(engine: AsyncOpenSearch) -> None:
    """Raise Unavailable unless the engine answers and can serve."""
    try:
        health = await engine.cluster.health(request_timeout=5)
    except OpenSearchException as error:
        raise Unavailable(
            f"OpenSearch does not answer ({type(error).__name__}); is it up? Try `office-search status`."
        ) from error
    if health["status"] == "red":
        raise Unavailable("OpenSearch is red: some primary shards are not available.")
