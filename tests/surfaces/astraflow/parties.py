"""A tenant at AstraFlow: its client, its users, and how they ask for tokens."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote_plus, urlencode

from world import Reply, World

from chalicelib.domain.access import SCOPES, Role, User
from chalicelib.engine.tenants import NewClient

FORM = "application/x-www-form-urlencoded"
PASSWORD = "secret"
Form = Mapping[str, str] | Sequence[tuple[str, str]]


def basic(client_id: str, secret: str) -> str:
    """The `Authorization` of a client (RFC 6749, section 2.3.1)."""
    pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


class Tenancy:
    """One tenant of a world, with a client for everything."""

    def __init__(self, world: World, name: str = "Acme") -> None:
        self.world = world
        tenant, self.client, new_admin = world.platform.tenants.create(name, "admin@example.com")
        self.id = tenant.id
        self.admin, self.admin_password = new_admin.user, new_admin.password

    def another_client(self, *scopes: str) -> NewClient:
        """One more client of the tenant, for these scopes or for all."""
        return self.world.platform.tenants.create_client(self.id, "another", frozenset(scopes or SCOPES))

    def user(self, email: str, role: Role = Role.MEMBER) -> User:
        """A user whose password is `PASSWORD`."""
        return self.world.platform.users.create(self.id, email, PASSWORD, role).user

    def ask(
        self, path: str, form: Form, *, client: NewClient | None = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        """A form to an endpoint of OAuth, from the tenant's client unless another is named."""
        client = client or self.client
        signed = {"Authorization": basic(client.client.id, client.secret), "Content-Type": FORM, **(headers or {})}
        return self.world.request("POST", path, body=urlencode(form).encode(), headers=signed)

    def grant(self, *, client: NewClient | None = None, **form: str) -> dict[str, Any]:
        """What the token endpoint grants."""
        reply = self.ask("/oauth/token", form, client=client)
        assert reply.status == 200, reply.body
        granted: dict[str, Any] = reply.json
        return granted

    def sign_in(self, email: str, password: str = PASSWORD, **form: str) -> dict[str, Any]:
        """The tokens of a user."""
        return self.grant(grant_type="password", username=email, password=password, **form)

    def as_role(self, role: Role) -> str:
        """The access token of a new user with this role."""
        email = f"{role.value}-{self.world.platform.parts.randomness.bytes(4).hex()}@example.com"
        self.user(email, role)
        return str(self.sign_in(email)["access_token"])

    def token(self, **form: str) -> str:
        """An access token of the client itself."""
        return str(self.grant(grant_type="client_credentials", **form)["access_token"])

    def opens(self, access_token: str) -> int:
        """The status that a request with this token gets where every scope would do."""
        return self.world.request("GET", "/api/v1/users", key=access_token).status
