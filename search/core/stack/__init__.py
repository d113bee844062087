"""The managed local stack: OpenSearch and NATS from package registries, for a machine that has neither."""

from search.core.stack.stack import Endpoints, Stack
from search.core.stack.status import ServiceStatus

__all__ = ["Endpoints", "ServiceStatus", "Stack"]
