"""Where AstraFlow's tenants, clients, users and tokens live."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from chalicelib.domain.access import Client, Role, Tenant, Token, User


class TenantStore(Protocol):
    """Tenants and their clients. Reads are strongly consistent."""

    def tenant(self, tenant_id: str) -> Tenant | None:
        """The tenant of this id."""

    def tenants(self) -> list[Tenant]:
        """All tenants, for the operator."""

    def add_tenant(self, tenant: Tenant) -> bool:
        """Store a new tenant. False when the id is taken."""

    def client(self, client_id: str) -> Client | None:
        """The client of this id, of whatever tenant its id begins with."""

    def clients(self, tenant_id: str) -> list[Client]:
        """All clients of a tenant, oldest first."""

    def put_client(self, client: Client) -> None:
        """Store a client in whole, but for the use that was noted, which stays."""


class UserStore(Protocol):
    """Users of tenants. Reads are strongly consistent."""

    def user(self, tenant: str, user_id: str) -> User | None:
        """The tenant's user of this id."""

    def users(self, tenant: str, role: Role | None, active: bool | None) -> list[User]:
        """All users of a tenant that a filter lets through (None: no filter), oldest first. Reads them all."""

    def save_user(self, user: User, *, over: int | None) -> bool:
        """Store a user over the version it was read with, or as a new one (None). False when the version is another, or
        the new one's id is taken."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a token hangs on, as it is now: its client, its user (None also where it has none), and whether its family
    was killed."""

    client: Client | None
    user: User | None
    killed: bool


class TokenStore(Protocol):
    """Tokens by their hash, and the families that were killed. Reads are strongly consistent."""

    def client(self, client_id: str) -> Client | None:
        """The client of this id, of whatever tenant its id begins with."""

    def use_client(self, client_id: str, *, at: int, before: int) -> bool:
        """Note that a client used its secret, over a use until `before` or none, if there is such a client. False when
        it was not noted. It is asked for once and given up soon: UnavailableError for every refusal."""

    def token(self, token_hash: str) -> Token | None:
        """What is known of a token, also past its end."""

    def standing(self, token: Token) -> Standing:
        """What the token hangs on, in one read."""

    def add_token(self, token: Token) -> None:
        """Store a token; one that is there already stays as it is."""

    def use_token(self, token_hash: str, *, at: int, by: str) -> Token | None:
        """Mark a token as used, unless it is already; None when there is no such token. The token as it then stands:
        `used_by` says whose mark it bears."""

    def repeat_token(self, token_hash: str, *, by: str) -> Token | None:
        """Mark a used token as asked for once more, unless it is already; as `use_token`."""

    def kill_family(self, tenant: str, family: str, *, expires_s: int) -> None:
        """No token of this family works from now on. It may be forgotten from the epoch second `expires_s` on."""


class AccessStore(TenantStore, UserStore, TokenStore, Protocol):
    """All of them, where one place keeps them."""
