"""Dead letters: a stream in which each has a subject that names where it came from, and headers that tell the rest."""

from __future__ import annotations

from nats.js import JetStreamContext
from nats.js.errors import NoStreamResponseError

from search.core.streams.nats.consumers import ensure_dead_letters
from search.core.streams.nats.names import DEAD_LETTERS
from search.core.streams.port import Delivery, event_id

STORED_S = 10
MOST_OF_A_REASON = 1000


async def send(js: JetStreamContext, delivery: Delivery, reason: str, generation: str) -> None:
    """Publish a delivery's bytes to the dead letters. The server keeps one of each id for a day.

    The stream is made again when it is missing: nobody but this system needs it, so nobody else would notice.
    """
    headers = {
        "Nats-Msg-Id": event_id(generation, delivery.stream, delivery.position, delivery.data),
        "Office-Reason": _header(reason[:MOST_OF_A_REASON]),
        "Office-Stream": delivery.stream,
        "Office-Position": str(delivery.position),
        "Office-Generation": generation,
    }
    subject = f"{DEAD_LETTERS}.{delivery.stream}"
    try:
        await js.publish(subject, delivery.data, headers=headers, timeout=STORED_S)
    except NoStreamResponseError:
        await ensure_dead_letters(js)
        await js.publish(subject, delivery.data, headers=headers, timeout=STORED_S)


def _header(text: str) -> str:
    # A header is ASCII without line breaks, whatever a producer put into the text that the reason quotes.
    return text.encode("ascii", "backslashreplace").decode().replace("\n", " ").replace("\r", " ")
