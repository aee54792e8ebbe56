"""What oauthlib by itself answers at a token endpoint: no more than a book of who is who, and its own rules."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_plus

from oauthlib.oauth2 import (
    BearerToken,
    ClientCredentialsGrant,
    OAuth2Error,
    RefreshTokenGrant,
    RequestValidator,
    ResourceOwnerPasswordCredentialsGrant,
    TokenEndpoint,
)


@dataclass
class Named:
    client_id: str


@dataclass
class Book(RequestValidator):
    """Who is who: the secrets of clients, the passwords of users, the scopes of both, and whose a refresh token is."""

    secrets: dict[str, str]
    client_scopes: dict[str, set[str]]
    passwords: dict[str, str]
    user_scopes: dict[str, set[str]]
    refresh_tokens: dict[str, tuple[str, str]]
    user: str | None = field(default=None, init=False)

    def authenticate_client(self, request: Any, *args: Any, **kwargs: Any) -> bool:
        client_id, secret = self._credentials(request)
        if not secret or self.secrets.get(client_id) != secret:
            return False
        request.client = Named(client_id)
        return True

    def _credentials(self, request: Any) -> tuple[str, str]:
        authorization = request.headers.get("Authorization")
        if authorization is None:
            return request.client_id or "", request.client_secret or ""
        scheme, _, encoded = authorization.partition(" ")
        try:
            client_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        except ValueError:
            return "", ""
        return (unquote_plus(client_id), unquote_plus(secret)) if scheme == "Basic" else ("", "")

    def validate_grant_type(self, *args: Any, **kwargs: Any) -> bool:
        return True

    def validate_user(self, username: str, password: str, *args: Any, **kwargs: Any) -> bool:
        self.user = username
        return self.passwords.get(username) == password

    def _scopes(self, client: Named) -> set[str]:
        return self.client_scopes[client.client_id] & self.user_scopes.get(
            self.user or "", self.client_scopes[client.client_id]
        )

    def get_default_scopes(self, client_id: str, request: Any, *args: Any, **kwargs: Any) -> list[str]:
        return sorted(self._scopes(request.client))

    def validate_scopes(self, client_id: str, scopes: list[str], client: Named, *args: Any, **kwargs: Any) -> bool:
        return set(scopes) <= self._scopes(client)

    def validate_refresh_token(self, refresh_token: str, client: Named, *args: Any, **kwargs: Any) -> bool:
        holder, self.user = self.refresh_tokens.get(refresh_token, ("", ""))
        return holder == client.client_id

    def get_original_scopes(self, refresh_token: str, request: Any, *args: Any, **kwargs: Any) -> list[str]:
        return sorted(self._scopes(request.client))

    def save_bearer_token(self, *args: Any, **kwargs: Any) -> None:
        """Nobody comes back with it."""


def judge(book: Book, uri: str, method: str, body: str, headers: dict[str, str]) -> tuple[int, str | None]:
    """The status of oauthlib's answer, and its error."""
    grants = {
        "client_credentials": ClientCredentialsGrant(book),
        "password": ResourceOwnerPasswordCredentialsGrant(book),
        "refresh_token": RefreshTokenGrant(book),
    }
    endpoint = TokenEndpoint("client_credentials", BearerToken(book), grants)
    try:
        _, answer, status = endpoint.create_token_response(uri, method, body, headers)
    except OAuth2Error as error:
        return error.status_code, error.error
    return status, json.loads(answer).get("error")
