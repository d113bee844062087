"""The managed local stack: OpenSearch and NATS from package registries, for a machine that has neither."""

from search.core.stack.commands import managed_stack, resolve, run_down, run_status, run_up
from search.core.stack.places import default_home
from search.core.stack.stack import Endpoints, Stack
from search.core.stack.status import ServiceStatus
from search.core.stack.temporary import temporary_stack

__all__ = [
    "Endpoints",
    "ServiceStatus",
    "Stack",
    "default_home",
    "managed_stack",
    "resolve",
    "run_down",
    "run_status",
    "run_up",
    "temporary_stack",
]
