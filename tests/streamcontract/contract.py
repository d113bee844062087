"""What every broker must do for the streams. The tests of one inherit it, and give what `Ground` asks for."""

from __future__ import annotations

from streamcontract.connection import Connection
from streamcontract.following import Following
from streamcontract.letters import Letters
from streamcontract.publishing import Publishing
from streamcontract.settling import Settling


class StreamContract(Publishing, Following, Settling, Letters, Connection):
    """All of it."""
