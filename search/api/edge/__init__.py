"""The edge: what every request passes before and after the application: request id, limits, logs, metrics, headers."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.applications import Starlette

from search.access.audit import Audit
from search.access.sealing import Sealing
from search.api.edge.admission import Admission, Limits
from search.api.edge.audited import Audited
from search.api.edge.cors import OtherOrigins
from search.api.edge.headers import SecurityHeaders
from search.api.edge.observed import Observed

__all__ = ["Limits", "install"]


def install(
    app: Starlette,
    *,
    audit: Audit | None = None,
    sealing: Sealing | None = None,
    limits: Limits | None = None,
    allowed_hosts: frozenset[str] | None = None,
    origins: Sequence[str] = (),
    picture_hosts: Sequence[str] = (),
) -> None:
    """Put the edge around `app`. Call it last, as it must be outermost.

    `allowed_hosts`: the only host names to answer to, without port; None for any. `origins`: of pages elsewhere that
    may call the API; without any nothing is said of origins. `picture_hosts`: from which pages may show pictures.
    """
    app.add_middleware(Audited, audit=audit or Audit())
    app.add_middleware(Admission, limits=limits or Limits(), allowed_hosts=allowed_hosts)
    if origins:
        app.add_middleware(OtherOrigins, origins=origins)
    app.add_middleware(SecurityHeaders, picture_hosts=picture_hosts)
    app.add_middleware(Observed, sealing=sealing or Sealing())
