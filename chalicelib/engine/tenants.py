"""AstraFlow's tenants and their clients, as their operator makes them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from chalicelib.domain import tokens
from chalicelib.domain.access import (
    SCOPES,
    Client,
    Role,
    Tenant,
    User,
    client_id,
    plausible_client,
    plausible_tenant,
    tenant_id,
)
from chalicelib.domain.errors import NotFoundError, UnavailableError
from chalicelib.engine.users import Users
from chalicelib.ports.access import TenantStore
from chalicelib.ports.ambient import Clock, Randomness

#: Random bytes in a password that is made up.
_PASSWORD_BYTES = 18


@dataclass(frozen=True, slots=True)
class NewClient:
    """A client that was just made: the only time that its secret is known."""

    client: Client
    secret: str


@dataclass(frozen=True, slots=True)
class NewAdmin:
    """An admin that was just made, with the password that was given or made up."""

    user: User
    password: str


@dataclass(frozen=True, slots=True)
class Tenants:
    """Everything about tenants and clients. Raises NotFoundError, ConflictError."""

    store: TenantStore
    users: Users
    clock: Clock
    randomness: Randomness
    pepper: bytes

    def create(
        self, name: str, admin_email: str, *, admin_password: str | None = None, id_: str | None = None
    ) -> tuple[Tenant, NewClient, NewAdmin]:
        """A new tenant with its first client and its first admin. UnavailableError when the id is taken."""
        tenant = Tenant(id_ or tenant_id(self.randomness.bytes(8)), name, self.clock.now())
        # The tenant is stored last: a stop in between leaves a client and a user that nobody was told of.
        client = self._new_client(tenant.id, "default", frozenset(SCOPES))
        admin = self._new_admin(tenant.id, admin_email, admin_password)
        if not self.store.add_tenant(tenant) and self.store.tenant(tenant.id) != tenant:
            raise UnavailableError("the tenant could not be stored")
        return tenant, client, admin

    def get(self, tenant_id: str) -> Tenant:
        """The tenant of this id."""
        tenant = self.store.tenant(tenant_id) if plausible_tenant(tenant_id) else None
        if tenant is None:
            raise NotFoundError
        return tenant

    def all(self) -> list[Tenant]:
        """All tenants, oldest first."""
        return sorted(self.store.tenants(), key=lambda tenant: (tenant.created_at, tenant.id))

    def clients(self, tenant_id: str) -> list[Client]:
        """All clients of a tenant, oldest first."""
        return self.store.clients(self.get(tenant_id).id)

    def people(self, tenant_id: str) -> list[User]:
        """All users of a tenant, oldest first."""
        return self.users.store.users(self.get(tenant_id).id, None, None)

    def create_client(self, tenant_id: str, name: str, scopes: frozenset[str]) -> NewClient:
        """One more client of a tenant, for these scopes at most."""
        return self._new_client(self.get(tenant_id).id, name, scopes)

    def switch_client(self, tenant_id: str, id_: str, *, disabled: bool) -> Client:
        """Lock a client out, or let it in again: all of its tokens fail the next request."""
        client = self.store.client(id_) if plausible_client(id_) else None
        if client is None or client.tenant != tenant_id:
            raise NotFoundError
        switched = replace(client, disabled=disabled)
        self.store.put_client(switched)
        return switched

    def create_admin(self, tenant_id: str, email: str, password: str | None) -> NewAdmin:
        """One more admin of a tenant. ConflictError when the address is a user's already."""
        return self._new_admin(self.get(tenant_id).id, email, password)

    def switch_user(self, tenant_id: str, user_id: str, *, active: bool) -> User:
        """Let a user in again, or lock the user out."""
        return self.users.switch(self.get(tenant_id).id, user_id, active=active)

    def _new_client(self, tenant: str, name: str, scopes: frozenset[str]) -> NewClient:
        secret = tokens.mint(tokens.CLIENT_PREFIX, self.randomness.bytes(tokens.BYTES))
        id_ = client_id(tenant, self.randomness.bytes(6))
        client = Client(id_, tenant, name, tokens.hashed(secret, self.pepper), scopes, self.clock.now())
        self.store.put_client(client)
        return NewClient(client, secret)

    def _new_admin(self, tenant: str, email: str, password: str | None) -> NewAdmin:
        password = password or tokens.mint("", self.randomness.bytes(_PASSWORD_BYTES))
        return NewAdmin(self.users.create(tenant, email, password, Role.ADMIN).user, password)
