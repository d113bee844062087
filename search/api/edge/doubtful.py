"""Requests that two readers, such as a proxy and this service, may take differently; neither reading is acted upon."""

from __future__ import annotations

import re
import string

from starlette.types import Scope

from search.api.problems import Problem
from search.core.errors import ProblemType

# What stands for itself in a path (RFC 3986, 2.3), separates its parts or cannot be seen. A proxy that compares paths
# as they are sent would let such a one through, encoded, to a route that it guards.
_PLAIN = f"{string.ascii_letters}{string.digits}-._~/\\\x7f".encode() + bytes(range(0x20))
_DISGUISED = re.compile(rb"%(?:" + b"|".join(b"%02x" % byte for byte in _PLAIN) + rb"|(?![0-9a-f]{2}))", re.IGNORECASE)


def doubtful(scope: Scope) -> Problem | None:
    """Return the answer to a request that can be read in two ways; None if it cannot."""
    names = {name for name, _ in scope["headers"]}
    # RFC 9112, 6.1: where the body ends, and so where the next request begins, is read in two ways.
    if b"transfer-encoding" in names and (b"content-length" in names or scope["http_version"] == "1.0"):
        detail = "Transfer-Encoding goes neither with Content-Length nor with HTTP/1.0; send one of them."
        return Problem(400, ProblemType.BAD_REQUEST, detail, {"Connection": "close"})
    if _DISGUISED.search(scope["raw_path"]):
        detail = "The path holds letters, digits, slashes or the like percent-encoded; send them plain."
        return Problem(400, ProblemType.BAD_REQUEST, detail)
    return None
