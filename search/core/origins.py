"""Origins of web pages, as browsers name them, to which an answer may be shown."""

from __future__ import annotations

import re

_ORIGIN = re.compile(
    r"(?P<scheme>https?)://(?:[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?|\[[0-9a-f:.]+\])(?::(?P<port>[1-9][0-9]{0,4}))?"
)
# Browsers leave these out.
_IMPLIED = {"http": 80, "https": 443}
_HIGHEST_PORT = 65_535


def checked_origin(text: str) -> str:
    """Return an origin. Raises ValueError for what no browser sends, and for `*` and `null`, which are anybody.

    It is compared letter by letter with the header `Origin`: one in another form would never be met, without a word.
    """
    if text in ("*", "null"):
        raise ValueError(f"{text} would let every page read answers; name the origins one by one")
    match = _ORIGIN.fullmatch(text)
    port = int(match["port"] or 0) if match else 0
    if match is None or port > _HIGHEST_PORT or port == _IMPLIED[match["scheme"]]:
        raise ValueError(
            "an origin is http:// or https:// and a host, in lower case, with the port if it is not the usual one, and"
            " nothing behind it: https://office.example or http://localhost:3000"
        )
    return text
