"""Identity: credentials in, a proven caller out."""

from search.access.identity.modes import authenticate, identity_modes
from search.access.identity.nonces import BrokerNonces
from search.access.identity.request import Caller, Headers, IdentityMode, RequestLines

__all__ = ["BrokerNonces", "Caller", "Headers", "IdentityMode", "RequestLines", "authenticate", "identity_modes"]
