"""The managed local stack: OpenSearch and NATS from package registries, for machines that have neither.

For development, the demo, evaluations and tests; no code that runs in production imports it.
"""

from search.localstack.managed import managed_stack
from search.localstack.places import default_home
from search.localstack.service_status import ServiceStatus
from search.localstack.stack import Stack
from search.localstack.temporary import temporary_stack

__all__ = ["ServiceStatus", "Stack", "default_home", "managed_stack", "temporary_stack"]
