"""Other places of the web, as browsers name them: origins of pages that may read answers, and hosts of pictures."""

from __future__ import annotations

import re

_ORIGIN = re.compile(
    r"(?P<scheme>https?)://(?:[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?|\[[0-9a-f:.]+\])(?::(?P<port>[1-9][0-9]{0,4}))?"
)
# Browsers leave these out.
_IMPLIED = {"http": 80, "https": 443}
_HIGHEST_PORT = 65_535
# Of the last label a letter is asked for, as browsers take no address for a source of pictures.
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_NAMES = rf"(?:{_LABEL}\.)+(?=[0-9-]*[a-z]){_LABEL}"
_PICTURE_HOST = re.compile(rf"(?:\*\.)?{_NAMES}")
_LONGEST_HOST = 253


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


def checked_picture_host(text: str) -> str:
    """Return a host from which pages may show pictures by https: a name, or `*.` before one for all below it.

    Raises ValueError for anything else: it goes into a policy that browsers read, where it would be met by nothing, or
    by everybody.
    """
    if not _PICTURE_HOST.fullmatch(text) or len(text) > _LONGEST_HOST:
        raise ValueError(
            "a host of pictures is its name alone, in lower case, of two parts or more, with `*.` before it for all"
            " below it: pictures.office.example or *.office.example"
        )
    return text
