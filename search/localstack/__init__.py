"""The managed local stack: OpenSearch and NATS from package registries, for a machine that has neither.

For development, the demo, evaluations and tests; what runs in production imports none of it.
"""

from search.localstack.managed import managed_stack
from search.localstack.places import default_home
from search.localstack.stack import Stack
from search.localstack.status import ServiceStatus
from search.localstack.temporary import temporary_stack

__all__ = ["ServiceStatus", "Stack", "default_home", "managed_stack", "temporary_stack"]
