"""Where events go that can never be indexed: their bytes as they came, with the reason."""

from __future__ import annotations

from nats.aio.msg import Msg
from nats.js import JetStreamContext
from prometheus_client import Counter

from search.core.broker import DEAD_LETTERS

COUNT = Counter("office_search_dead_letters_total", "Events given up on, by stream", ["stream"])


async def bury(stream: JetStreamContext, message: Msg, reason: str, generation: str) -> None:
    """Publish a message to the dead letters; returns once the broker has it. The same one is kept once."""
    position = message.metadata.sequence.stream
    headers = {
        "Nats-Msg-Id": f"{generation}:{message.subject}:{position}",
        # A header is ASCII without line breaks, whatever a producer put into the text that the reason quotes.
        "Office-Reason": reason[:1000]
        .encode("ascii", "backslashreplace")
        .decode()
        .replace("\n", " ")
        .replace("\r", " "),
        "Office-Stream": message.subject,
        "Office-Position": str(position),
        "Office-Generation": generation,
    }
    await stream.publish(f"{DEAD_LETTERS}.{message.subject}", message.data, headers=headers, timeout=10)
    COUNT.labels(message.subject).inc()
