"""The project's errors: one root with few children; each edge translates them once (status, exit code, dead letter)."""

from __future__ import annotations


class OfficeSearchError(Exception):
    """Any error that this project raises on purpose. The text says what happened and what to do next."""


class ConfigurationError(OfficeSearchError):
    """A setting is missing, faulty, or contradicts another."""


class StackError(OfficeSearchError):
    """The managed local stack could not be downloaded, started or stopped."""


class Unavailable(OfficeSearchError):
    """The engine or the broker does not answer, or is not ready yet; trying again may help."""


class RejectedEvent(OfficeSearchError):
    """An event that breaks the contract; `args[0]` is the reason that goes to the dead letter."""


class BadRequest(OfficeSearchError):
    """A parameter makes no sense; the text names it and says why."""


class Unauthenticated(OfficeSearchError):
    """The request has no credentials, or credentials that prove nothing."""


class Forbidden(OfficeSearchError):
    """The caller is known, or claims to be, but may not do this."""


class NotFound(OfficeSearchError):
    """What is asked for is not there, or not for the caller, who is told the same of both."""


class TooManyRequests(OfficeSearchError):
    """The caller has asked too often. `retry_after`: in how many whole seconds there is room again."""

    def __init__(self, text: str, retry_after: int) -> None:
        super().__init__(text)
        self.retry_after = retry_after
