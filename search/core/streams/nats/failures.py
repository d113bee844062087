"""NATS' errors as what the rest of the system knows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from nats.errors import Error as NatsError

from search.core.errors import Unavailable

FAILURES = (NatsError, OSError, TimeoutError)


@contextmanager
def told_as(sentence: str) -> Iterator[None]:
    """Raise Unavailable in the place of what NATS raises: `sentence`, and what went wrong."""
    try:
        yield
    except FAILURES as error:
        raise unavailable(sentence, error) from error


def unavailable(sentence: str, error: BaseException) -> Unavailable:
    # What the server says is in the text of its errors alone, and others have none.
    reason = f"{type(error).__name__}: {error}".removesuffix(": ")
    return Unavailable(f"{sentence} ({reason:.200}).")
