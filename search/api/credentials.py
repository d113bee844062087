"""What the OpenAPI document says of credentials: the ways to prove a caller, and which calls need one of them."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from search.access.identity import gateway, signed_app

Scheme = dict[str, str]


def _header(name: str, description: str) -> Scheme:
    return {"type": "apiKey", "in": "header", "name": name, "description": description}


_LINES = "hex HMAC-SHA256 over `METHOD\\nPATH?QUERY\\nSHA256(body)\\nuser\\ntenant\\ntimestamp`"

_GATEWAY: dict[str, Scheme] = {
    "gateway_user": _header(gateway.USER, "The user whom the gateway has authenticated."),
    "gateway_tenant": _header(gateway.TENANT, "The user's tenant."),
    "gateway_timestamp": _header(gateway.TIMESTAMP, "Unix seconds, at most 60 from now."),
    "gateway_signature": _header(gateway.SIGNATURE, f"The gateway's signature: {_LINES}, with the shared secret."),
}
_JWT: dict[str, Scheme] = {
    "jwt": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "A token that the identity service has signed, with `sub`, `tenant`, `aud`, `exp` and `scope`.",
    }
}
_OPAQUE: dict[str, Scheme] = {
    "introspection": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "opaque",
        "description": "A token that the identity service is asked about (RFC 7662).",
    }
}
_APP: dict[str, Scheme] = {
    "app_token": {
        "type": "http",
        "scheme": "bearer",
        "description": "A token, of either form, that names the user, the tenant and the app (`client_id`).",
    },
    "app_id": _header(signed_app.APP, "The app's id."),
    "app_timestamp": _header(signed_app.TIMESTAMP, "Unix seconds, at most 60 from now."),
    "app_nonce": _header(signed_app.NONCE, "1 to 128 printable characters; good once."),
    "app_signature": _header(
        signed_app.SIGNATURE, f"The app's signature: {_LINES}, then app id and nonce, with the app's secret."
    ),
}

# All of a group together; one of the groups.
_WAYS = (_GATEWAY, _JWT, _OPAQUE, _APP)

SCHEMES: dict[str, Scheme] = {name: scheme for way in _WAYS for name, scheme in way.items()}
REQUIRED: list[dict[str, list[str]]] = [{name: [] for name in way} for way in _WAYS]


def describe(app: FastAPI) -> None:
    """Declare the ways to prove a caller in the document of `app`; its routes say themselves whether they need one.

    All ways are declared, whichever are on, so that clients made from the document fit every deployment.
    """
    made = app.openapi

    def document() -> dict[str, Any]:
        found = made()
        found.setdefault("components", {})["securitySchemes"] = SCHEMES
        return found

    app.openapi = document  # type: ignore[method-assign]
