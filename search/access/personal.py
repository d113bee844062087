"""What a caller's own past may be used for: recent searches, suggestions, ranking and recommendations of their own."""

from __future__ import annotations

from search.access.identity import Caller
from search.access.scopes import PERSONAL

WITHOUT_SCOPE = f"This app acts without the scope `{PERSONAL}`, which recent searches need; have the app granted it."


def may_personal(caller: Caller) -> bool:
    """Return whether what the caller did before may be kept and used for them.

    Always for a user's own client; for an app that acts for the user, with the scope of that name alone.
    """
    return caller.app is None or PERSONAL in (caller.scopes or ())
