"""What a stream of the contract is called in JetStream; its subject there is the contract's own name."""

from __future__ import annotations

DEAD_LETTERS = "dead_letters"


def stream_name(stream: str) -> str:
    """Return the JetStream stream of a stream of the contract; JetStream's own names allow no dots."""
    return stream.replace(".", "_")
