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
from chalicelib.domain.asked import Asked, asked_for, derived
from chalicelib.domain.errors import KeyReusedError, NotFoundError, UnavailableError
from chalicelib.engine.users import Users
from chalicelib.ports.access import TenantStore
from chalicelib.ports.ambient import Clock, Randomness

#: Random bytes in a password that is made up.
_PASSWORD_BYTES = 18
#: The name of a tenant's first client.
_FIRST = "default"


@dataclass(frozen=True, slots=True)
class NewClient:
    """A client that was just made: the only time that its secret is known. `replayed`: an earlier request with the same
    idempotency key had made it."""

    client: Client
    secret: str
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class NewAdmin:
    """An admin that was just made, with the password that was given or made up. `replayed`: an earlier request with the
    same idempotency key had made it."""

    user: User
    password: str
    replayed: bool = False


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Tenants:
    """Everything about tenants and clients. What makes something does so once for one idempotency `key`, and raises
    KeyReusedError when the same key asked for something else. Raises NotFoundError, ConflictError."""

    store: TenantStore
    users: Users
    clock: Clock
    randomness: Randomness
    pepper: bytes

    def create(
        self,
        name: str,
        admin_email: str,
        *,
        admin_password: str | None = None,
        id_: str | None = None,
        key: str | None = None,
    ) -> tuple[Tenant, NewClient, NewAdmin]:
        """A new tenant with its first client and its first admin. UnavailableError when the id is taken."""
        asked = asked_for("tenants", key)
        chance = self.randomness.bytes(8) if asked is None else derived(self.pepper, "tenant", asked)
        tenant = Tenant(id_ or tenant_id(chance), name, self.clock.now())
        known = None if asked is None else self.store.tenant(tenant.id)
        if known is not None and known.name != name:
            raise KeyReusedError
        # The tenant is stored last: a stop in between leaves a client and a user that nobody was told of.
        client = self._new_client(tenant.id, _FIRST, frozenset(SCOPES), asked_for(f"{tenant.id} itself", key))
        admin = self._new_admin(tenant.id, admin_email, admin_password, key)
        if known is None and not self.store.add_tenant(tenant):
            stored = self.store.tenant(tenant.id)
            known = None if stored == tenant else stored
            if known is not None and (asked is None or known.name != name):
                raise UnavailableError("the tenant could not be stored")
        return known or tenant, replace(client, replayed=known is not None), admin

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

    def create_client(self, tenant_id: str, name: str, scopes: frozenset[str], key: str | None = None) -> NewClient:
        """One more client of a tenant, for these scopes at most."""
        return self._new_client(self.get(tenant_id).id, name, scopes, asked_for(f"clients of {tenant_id}", key))

    def switch_client(self, tenant_id: str, id_: str, *, disabled: bool) -> Client:
        """Lock a client out, or let it in again: all of its tokens fail the next request."""
        client = self.store.client(id_) if plausible_client(id_) else None
        if client is None or client.tenant != tenant_id:
            raise NotFoundError
        switched = replace(client, disabled=disabled)
        self.store.put_client(switched)
        return switched

    def create_admin(self, tenant_id: str, email: str, password: str | None, key: str | None = None) -> NewAdmin:
        """One more admin of a tenant. ConflictError when the address is a user's already."""
        return self._new_admin(self.get(tenant_id).id, email, password, key)

    def switch_user(self, tenant_id: str, user_id: str, *, active: bool) -> User:
        """Let a user in again, or lock the user out."""
        return self.users.switch(self.get(tenant_id).id, user_id, active=active)

    def _new_client(self, tenant: str, name: str, scopes: frozenset[str], asked: Asked | None) -> NewClient:
        chance = self.randomness.bytes(6) if asked is None else derived(self.pepper, "client", asked)
        id_ = client_id(tenant, chance)
        secret = tokens.mint(tokens.CLIENT_PREFIX, self._chance("client secret", tokens.BYTES, asked))
        if asked is not None and (known := self.store.client(id_)) is not None:
            if (known.name, known.scopes) != (name, scopes):
                raise KeyReusedError
            return NewClient(replace(known, disabled=False), secret, replayed=True)
        client = Client(id_, tenant, name, tokens.hashed(secret, self.pepper), scopes, self.clock.now())
        self.store.put_client(client)
        return NewClient(client, secret)

    def _new_admin(self, tenant: str, email: str, password: str | None, key: str | None) -> NewAdmin:
        asked = asked_for(f"admins of {tenant}", key)
        password = password or tokens.mint("", self._chance("password", _PASSWORD_BYTES, asked))
        # The operator's keys are not those of the tenant's own admins.
        made = self.users.create(tenant, email, password, Role.ADMIN, None if key is None else f"operator {key}")
        return NewAdmin(made.user, password, made.replayed)

    def _chance(self, purpose: str, count: int, asked: Asked | None) -> bytes:
        return self.randomness.bytes(count) if asked is None else derived(self.pepper, purpose, asked)[:count]
