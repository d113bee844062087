"""Rate limits: how often a caller may ask, and an app for all its callers together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self, cast

from limits import RateLimitItem, parse_many
from limits.aio.storage import Storage
from limits.errors import ConfigurationError as LimitsError
from limits.storage import storage_from_string
from prometheus_client import Counter

from search.access.identity import Caller
from search.api.rates.counters import Borrow, CounterStorage
from search.api.rates.counts import Counts
from search.core.errors import ConfigurationError, TooManyRequests
from search.core.settings import RatesSettings

OFF = "off"
NAMESPACE = "office-search"

REFUSED = Counter(
    "office_search_rate_limited_total", "Requests refused because their caller or app asks too often", ("kind",)
)


class Rates:
    """Rate limits; a request passes only if each of them has room.

    A caller's limits count this user through this app; an app's limits count all its users within the tenant.
    """

    def __init__(self, caller: Sequence[RateLimitItem], app: Sequence[RateLimitItem], counts: Counts) -> None:
        self._caller = caller
        self._app = app
        self._counts = counts

    @classmethod
    def configured(cls, settings: RatesSettings, borrow: Borrow) -> Self:
        """Return the limits that the settings describe. `borrow`: returns the broker connection.

        Raises ConfigurationError for a limit or a store that cannot be used.
        """
        caller = _limits("OFFICE_SEARCH_RATE_LIMIT_CALLER", settings.caller)
        app = _limits("OFFICE_SEARCH_RATE_LIMIT_APP", settings.app)
        return cls(caller, app, Counts(_store(settings.store.get_secret_value(), borrow)))

    async def admit(self, caller: Caller) -> None:
        """Count one request of a proven caller. Raises TooManyRequests."""
        # The caller's limits come first, so that refused requests do not use up the app's limit for its other callers.
        if seconds := await self._wait(self._caller, "caller", caller.tenant, caller.app or "", caller.user):
            raise _refusal("caller", "You ask", seconds)
        if caller.app and (seconds := await self._wait(self._app, "app", caller.tenant, caller.app)):
            raise _refusal("app", "This app asks, for all its users together,", seconds)

    async def _wait(self, limits: Sequence[RateLimitItem], *key: str) -> int:
        """Return the seconds until the first full limit has room again; 0 when none is full."""
        for limit in limits:
            if seconds := await self._counts.take(limit, NAMESPACE, *key):
                return seconds
        return 0


def _refusal(kind: str, who_asks: str, seconds: int) -> TooManyRequests:
    REFUSED.labels(kind).inc()
    return TooManyRequests(
        f"{who_asks} more often than this service allows; wait {seconds} s and then ask again, less often.", seconds
    )


def _limits(setting: str, text: str) -> Sequence[RateLimitItem]:
    if text.strip().lower() == OFF:
        return ()
    try:
        limits = parse_many(text)
    except ValueError:
        limits = []
    if not limits or any(limit.amount < 1 or limit.get_expiry() < 1 for limit in limits):
        raise ConfigurationError(
            f"{setting} is {text!r}; write it like `120 per 10 seconds`, several parted by `;`, or `{OFF}`."
        )
    return limits


def _store(uri: str, borrow: Borrow) -> Storage | None:
    """Return the store that the setting names; None for the memory of this process."""
    uri = uri.removeprefix("async+")
    scheme = uri.partition("://")[0]
    if scheme == "memory":
        return None
    if f"async+{scheme}" in CounterStorage.STORAGE_SCHEME:
        return CounterStorage(uri, borrow=borrow)
    try:
        storage = cast(Storage, storage_from_string(f"async+{uri}"))
    except (LimitsError, ValueError) as error:
        # The address may hold a password, so the message holds only its scheme and what is missing.
        missing = f" ({error})" if "prerequisite" in str(error) else ""
        raise ConfigurationError(
            f"OFFICE_SEARCH_RATE_LIMIT_STORE with the scheme {scheme!r} cannot be used{missing}; use memory://, "
            "jetstream:// (the broker's), or an address that the library `limits` knows, with its client installed."
        ) from None
    if not hasattr(storage, "acquire_sliding_window_entry"):
        raise ConfigurationError(
            f"OFFICE_SEARCH_RATE_LIMIT_STORE: a store of the scheme {scheme!r} has no sliding windows; "
            "use memory://, jetstream:// or Redis."
        )
    return storage
