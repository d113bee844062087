"""The project's errors: one root with few children; each edge translates them once (status, exit code, dead letter)."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar


class ProblemType(StrEnum):
    """What kind of error clients are told of, to act on it and to say it in their own language.

    The values are part of the API and must not change.
    """

    BAD_REQUEST = "bad-request"
    INVALID = "invalid"
    TOKEN_MISSING = "token-missing"  # noqa: S105
    TOKEN_REFUSED = "token-refused"  # noqa: S105
    CALLER_NOT_ACTIVE = "caller-not-active"
    MODULE_MISSING = "module-missing"
    SCOPE_MISSING = "scope-missing"
    ADMIN_REQUIRED = "admin-required"
    NOT_FOUND = "not-found"
    TOO_SLOW = "too-slow"
    TOO_LARGE = "too-large"
    TOO_MANY_REQUESTS = "too-many-requests"
    UNAVAILABLE = "unavailable"
    UNEXPECTED = "unexpected"

    @property
    def urn(self) -> str:
        """The `type` of RFC 9457."""
        return f"urn:office-search:problem:{self}"


class OfficeSearchError(Exception):
    """Any error that this project raises on purpose. The text says what happened and what to do next."""

    problem: ClassVar[ProblemType] = ProblemType.UNEXPECTED


class ConfigurationError(OfficeSearchError):
    """A setting is missing, faulty, or contradicts another."""


class StackError(OfficeSearchError):
    """The managed local stack could not be downloaded, started or stopped."""


class Unavailable(OfficeSearchError):
    """The engine or the broker does not answer, or is not ready yet; trying again may help."""

    problem = ProblemType.UNAVAILABLE


class RejectedEvent(OfficeSearchError):
    """An event that breaks the contract; `args[0]` is the reason that goes to the dead letter."""


class BadRequest(OfficeSearchError):
    """A parameter makes no sense; the text names it and says why."""

    problem = ProblemType.BAD_REQUEST


class Unauthenticated(OfficeSearchError):
    """The request has no credentials, or credentials that prove nothing."""

    problem = ProblemType.TOKEN_REFUSED


class CredentialsMissing(Unauthenticated):
    """The request has no credentials at all."""

    problem = ProblemType.TOKEN_MISSING


class Forbidden(OfficeSearchError):
    """The caller is known, or claims to be, but may not do this. What is raised says why, by its class."""


class CallerNotActive(Forbidden):
    """The user is unknown or disabled; which of the two, nobody is told."""

    problem = ProblemType.CALLER_NOT_ACTIVE


class ModuleMissing(Forbidden):
    """None of the caller's roles has the module that this takes."""

    problem = ProblemType.MODULE_MISSING


class ScopeMissing(Forbidden):
    """The app that acts for the user was not granted the scope that this takes."""

    problem = ProblemType.SCOPE_MISSING


class AdminRequired(Forbidden):
    """This is for admins, and the caller is none here."""

    problem = ProblemType.ADMIN_REQUIRED


class NotFound(OfficeSearchError):
    """What is asked for is not there, or not for the caller, who is told the same of both."""

    problem = ProblemType.NOT_FOUND


class TooManyRequests(OfficeSearchError):
    """The caller has asked too often. `retry_after`: in how many whole seconds there is room again."""

    problem = ProblemType.TOO_MANY_REQUESTS

    def __init__(self, text: str, retry_after: int) -> None:
        super().__init__(text)
        self.retry_after = retry_after
