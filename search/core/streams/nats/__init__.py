"""The streams in NATS JetStream. Nobody else knows NATS, but for what is kept in it beside streams."""

from search.core.streams.nats.broker import NatsBroker
from search.core.streams.nats.connection import NatsConnection

__all__ = ["NatsBroker", "NatsConnection"]
