"""What tests ask NATS itself, past the port."""

from __future__ import annotations

from nats.aio.client import Client
from streamkit import DeadLetter

from search.core.streams.nats.names import DEAD_LETTERS


async def dead_letters(client: Client) -> list[DeadLetter]:
    """All dead letters, oldest first."""
    js = client.jetstream()
    found = []
    state = (await js.stream_info(DEAD_LETTERS)).state
    for sequence in range(max(state.first_seq, 1), state.last_seq + 1):
        kept = await js.get_msg(DEAD_LETTERS, sequence)
        headers = kept.headers or {}
        assert kept.subject == f"{DEAD_LETTERS}.{headers['Office-Stream']}"
        found.append(
            DeadLetter(
                headers["Office-Stream"],
                int(headers["Office-Position"]),
                headers["Office-Reason"],
                headers["Office-Generation"],
                kept.data or b"",
            )
        )
    return found
