"""The token endpoint's rules are oauthlib's; what is asked of the engine is said here, for one request at a time."""

# ruff: noqa: ARG002  (the signatures are oauthlib's)

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from typing import Any

from oauthlib.common import Request
from oauthlib.oauth2 import (
    BearerToken,
    ClientCredentialsGrant,
    IntrospectEndpoint,
    InvalidGrantError,
    OAuth2Error,
    RefreshTokenGrant,
    RequestValidator,
    ResourceOwnerPasswordCredentialsGrant,
    RevocationEndpoint,
    TokenEndpoint,
)

from chalicelib.domain.access import SCOPES, Client, User, in_order
from chalicelib.domain.timing import ceil_seconds
from chalicelib.engine.guesses import Exhausted
from chalicelib.engine.tokens import Known, allowed
from chalicelib.surfaces.oauth.forms import (
    CLIENT_CREDENTIALS,
    PASSWORD,
    REFRESH_TOKEN,
    Asked,
    OAuthProblem,
    grant_types,
    invalid_client,
)
from chalicelib.wiring import Platform

# It would tell of secrets to whoever listens closely enough.
logging.getLogger("oauthlib").setLevel(logging.CRITICAL)

#: For the refusals that oauthlib leaves without a word.
_DESCRIPTIONS = {
    "invalid_grant": "The grant is invalid, has expired, was revoked or belongs to another client",
    "invalid_scope": f"scope must be one or more of those that client and user may have, of: {', '.join(SCOPES)}",
    "unsupported_grant_type": "grant_type must be one of those that the metadata of this server names",
}


def issue(here: Platform, asked: Asked, address: str) -> str:
    """Tokens for a grant, as JSON. Raises OAuthProblem."""
    validator = _Validator(here, asked, address)
    grants: dict[str, Any] = {
        CLIENT_CREDENTIALS: ClientCredentialsGrant(validator),
        PASSWORD: ResourceOwnerPasswordCredentialsGrant(validator),
        REFRESH_TOKEN: RefreshTokenGrant(validator),
    }
    offered = {name: grants[name] for name in grant_types(here.settings)}
    # The default answers to a grant that is missing or not offered.
    endpoint = TokenEndpoint(CLIENT_CREDENTIALS, _Issuing(validator), offered)
    return _answer(endpoint.create_token_response, asked)


def revoke(here: Platform, asked: Asked, address: str) -> str:
    """Revoke a token (RFC 7009). Raises OAuthProblem."""
    return _answer(RevocationEndpoint(_Validator(here, asked, address)).create_revocation_response, asked)


def introspect(here: Platform, asked: Asked, address: str) -> str:
    """What a token of the asking client is worth (RFC 7662), as JSON. Raises OAuthProblem."""
    return _answer(IntrospectEndpoint(_Validator(here, asked, address)).create_introspect_response, asked)


def _answer(endpoint: Any, asked: Asked) -> str:
    try:
        headers, body, status = endpoint("/", "POST", list(asked.parameters.items()), {})
    except OAuth2Error as error:
        headers, body, status = error.headers, error.json, error.status_code
    if status == 200:
        # RFC 7009, section 2.2: nobody reads what a revocation answers.
        return str(body) or "{}"
    if status == 401:
        raise invalid_client()
    told = json.loads(body)
    description = told.get("error_description") or _DESCRIPTIONS.get(told["error"], "Invalid request")
    kept = {name: value for name, value in headers.items() if name == "Retry-After"}
    raise OAuthProblem(told["error"], description, status=status, headers=kept)


class _TooManyGuessesError(InvalidGrantError):  # type: ignore[misc]
    """RFC 6749, section 4.3.2, asks for a limit on guessing and names no answer: this is RFC 6585's, section 4."""

    status_code = 429
    description = "Too many wrong passwords; try again later"

    def __init__(self, retry_ms: int) -> None:
        super().__init__()
        self._retry_s = max(1, ceil_seconds(retry_ms))

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(self._retry_s)}


@dataclass(frozen=True, slots=True)
class _NamedClient:
    """A client under the name that oauthlib looks for."""

    client_id: str


class _Validator(RequestValidator):  # type: ignore[misc]
    """Answers oauthlib's questions about one request, and remembers what it learned on the way."""

    def __init__(self, here: Platform, asked: Asked, address: str) -> None:
        super().__init__()
        self._here = here
        self._asked = asked
        self._address = address
        self.client: Client | None = None
        self.user: User | None = None
        self.known: Known | None = None

    def authenticate_client(self, request: Request, *args: Any, **kwargs: Any) -> bool:
        self.client = self._here.tokens.client(self._asked.client_id, self._asked.client_secret)
        if self.client is None:
            return False
        request.client = _NamedClient(self.client.id)
        return True

    def validate_grant_type(self, *args: Any, **kwargs: Any) -> bool:
        """Every client may use every grant that is offered."""
        return True

    def validate_user(
        self, username: str, password: str, client: Any, request: Request, *args: Any, **kwargs: Any
    ) -> bool:
        found = self._here.users.sign_in(self.expected_client.tenant, username, password, self._address)
        if isinstance(found, Exhausted):
            raise _TooManyGuessesError(found.retry_ms)
        self.user = found
        return found is not None

    def get_default_scopes(self, *args: Any, **kwargs: Any) -> list[str]:
        return list(in_order(allowed(self.expected_client, self.user)))

    def validate_scopes(self, client_id: str, scopes: list[str], *args: Any, **kwargs: Any) -> bool:
        return bool(scopes) and allowed(self.expected_client, self.user).issuperset(scopes)

    def validate_refresh_token(
        self, refresh_token: str, client: Any, request: Request, *args: Any, **kwargs: Any
    ) -> bool:
        self.known = self._here.tokens.refreshable(refresh_token, self.expected_client)
        return self.known is not None

    def get_original_scopes(self, *args: Any, **kwargs: Any) -> list[str]:
        return [] if self.known is None else list(in_order(self.known.scopes))

    def save_bearer_token(self, *args: Any, **kwargs: Any) -> None:
        """Tokens are stored before they are told."""

    def revoke_token(self, token: str, *args: Any, **kwargs: Any) -> None:
        if not self._here.tokens.revoke(token, self.expected_client):
            raise InvalidGrantError("The token was issued to another client")

    def introspect_token(self, token: str, *args: Any, **kwargs: Any) -> dict[str, object] | None:
        known = self._here.tokens.find(token)
        if known is None or known.client.id != self.expected_client.id or known.token.used_at is not None:
            return None
        claims: dict[str, object] = {
            "scope": " ".join(in_order(known.scopes)),
            "client_id": known.client.id,
            "token_type": "Bearer" if known.token.kind == "access" else "refresh_token",
            "exp": known.token.expires_at // 1000,
            "iat": known.token.issued_at // 1000,
            "sub": known.token.user or known.client.id,
        }
        if known.user is not None:
            claims["username"] = known.user.email
        return claims

    @property
    def expected_client(self) -> Client:
        """The client, which oauthlib has authenticated before it asks anything else."""
        if self.client is None:
            raise TypeError("the client was not authenticated")
        return self.client


class _Issuing(BearerToken):  # type: ignore[misc]
    """Hands out the engine's tokens in place of oauthlib's."""

    def create_token(self, request: Request, refresh_token: bool = False, **kwargs: Any) -> dict[str, object]:
        validator: _Validator = self.request_validator
        tokens, scopes = validator._here.tokens, frozenset(request.scopes)
        if validator.known is None:
            issued = tokens.issue(validator.expected_client, validator.user, scopes)
        else:
            exchanged = tokens.exchange(validator.known, request.refresh_token, scopes)
            if exchanged is None:
                raise InvalidGrantError
            issued = exchanged
        token: dict[str, object] = {
            "access_token": issued.access,
            "token_type": "Bearer",
            "expires_in": issued.expires_ms // 1000,
            "scope": " ".join(issued.scopes),
        }
        if issued.refresh is not None:
            token["refresh_token"] = issued.refresh
        return token
