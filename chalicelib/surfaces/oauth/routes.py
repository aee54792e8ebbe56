"""Where tokens come from: the token endpoint, revocation, introspection, and the document that names them."""

from __future__ import annotations

import re

from chalicelib.domain.access import SCOPES
from chalicelib.surfaces.kit import Call, Problem, Reply, Surface
from chalicelib.surfaces.oauth import forms
from chalicelib.surfaces.oauth.edge import CLIENT, OPEN, OAuthEdge
from chalicelib.surfaces.oauth.forms import Asked
from chalicelib.surfaces.replies import ok

METADATA_PATH = "/.well-known/oauth-authorization-server"
_HOST = re.compile(r"[0-9A-Za-z.\[\]:_-]{1,255}", re.ASCII)

surface = Surface("oauth", OAuthEdge())

# oauthlib is imported by the first request that needs it: most cold starts do without.


@surface.route("POST /oauth/token", CLIENT)
def issue_token(call: Call) -> Reply:
    from chalicelib.surfaces.oauth import grants

    return _told(grants.issue(call.platform, _asked(call), call.address))


@surface.route("POST /oauth/revoke", CLIENT)
def revoke_token(call: Call) -> Reply:
    from chalicelib.surfaces.oauth import grants

    return _told(grants.revoke(call.platform, _asked(call), call.address))


@surface.route("POST /oauth/introspect", CLIENT)
def introspect_token(call: Call) -> Reply:
    from chalicelib.surfaces.oauth import grants

    return _told(grants.introspect(call.platform, _asked(call), call.address))


@surface.route(f"GET {METADATA_PATH}", OPEN)
def get_metadata(call: Call) -> Reply:
    """RFC 8414. On a deployment without a domain of its own the issuer has the API's stage in its path."""
    issuer = _issuer(call)
    ways = ["client_secret_basic", "client_secret_post"]
    return ok(
        {
            "issuer": issuer,
            "token_endpoint": f"{issuer}/oauth/token",
            "token_endpoint_auth_methods_supported": ways,
            "grant_types_supported": forms.grant_types(call.platform.settings),
            # There is no authorization endpoint, so there is nothing that it could answer.
            "response_types_supported": [],
            "scopes_supported": SCOPES,
            "revocation_endpoint": f"{issuer}/oauth/revoke",
            "revocation_endpoint_auth_methods_supported": ways,
            "introspection_endpoint": f"{issuer}/oauth/introspect",
            "introspection_endpoint_auth_methods_supported": ways,
        }
    )


def _asked(call: Call) -> Asked:
    if not isinstance(call.principal, Asked):
        raise TypeError("the request was not admitted by this surface")
    return call.principal


def _told(body: str) -> Reply:
    return Reply(200, body, {"Content-Type": "application/json"})


def _issuer(call: Call) -> str:
    host = call.headers.get("host", "")
    if not _HOST.fullmatch(host):
        raise Problem(400, "Host must be the name of this deployment", field="Host")
    scheme = call.headers.get("x-forwarded-proto", "http" if call.platform.settings.local else "https")
    below = call.path.removesuffix("/").removesuffix(METADATA_PATH)
    return f"{'http' if scheme == 'http' else 'https'}://{host}{below}"
