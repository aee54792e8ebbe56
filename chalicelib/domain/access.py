"""Who may call AstraFlow: tenants with their clients and users, the tokens issued to them, and what a token opens."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

_TENANT = re.compile(r"t[0-9a-f]{16}", re.ASCII)
_CLIENT = re.compile(r"t[0-9a-f]{16}\.[0-9a-f]{12}", re.ASCII)
_USER = re.compile(r"u[0-9a-f]{24}", re.ASCII)


class Scope(StrEnum):
    """What a token may open."""

    TASKS_READ = "tasks:read"
    TASKS_WRITE = "tasks:write"
    USERS_ADMIN = "users:admin"
    WEBHOOKS_WRITE = "webhooks:write"


#: All scopes, in the order in which they are told.
SCOPES = tuple(scope.value for scope in Scope)


class Role(StrEnum):
    """What a user is within the tenant."""

    ADMIN = "admin"
    MEMBER = "member"
    VIEWER = "viewer"


#: The scopes that a role may have.
ROLE_SCOPES: Mapping[Role, frozenset[str]] = MappingProxyType(
    {
        Role.ADMIN: frozenset(SCOPES),
        Role.MEMBER: frozenset(SCOPES) - {Scope.USERS_ADMIN},
        Role.VIEWER: frozenset({Scope.TASKS_READ.value}),
    }
)


@dataclass(frozen=True, slots=True)
class Tenant:
    """One application team: it owns clients, users, items and webhooks. Nobody sees another's."""

    id: str
    name: str
    created_at: int


@dataclass(frozen=True, slots=True)
class Client:
    """An OAuth client: a program that asks for tokens. Its id begins with its tenant's, its secret is stored hashed.
    `used_at` is the last use of the secret that was noted."""

    id: str
    tenant: str
    name: str
    secret_hash: str
    scopes: frozenset[str]
    created_at: int
    disabled: bool = False
    used_at: int | None = None


@dataclass(frozen=True, slots=True)
class User:
    """A person of a tenant. `password` is the stored form, never the text; `version` grows with every change. `made_by`
    is the hash of the idempotency key of the request that made the user, if that one had a key."""

    id: str
    tenant: str
    email: str
    password: str
    role: Role
    created_at: int
    active: bool = True
    version: int = 1
    made_by: str | None = None


class TokenKind(StrEnum):
    """An access token opens the API; a refresh token is exchanged, once, for its successors."""

    ACCESS = "access"
    REFRESH = "refresh"


@dataclass(frozen=True, slots=True)
class Token:
    """What is known of a token once it was handed out; its hash finds it.

    All tokens that descend from one grant are a family. `used_at` and `used_by` are set on a refresh token by the
    request that exchanged it, `repeated_by` by the one request that asked again because the answer was lost.
    """

    hash: str
    kind: TokenKind
    tenant: str
    client: str
    user: str | None
    scopes: frozenset[str]
    family: str
    issued_at: int
    expires_at: int
    used_at: int | None = None
    used_by: str | None = None
    repeated_by: str | None = None


@dataclass(frozen=True, slots=True)
class Access:
    """Who a request speaks for, once its token was accepted. `user` is None where a client speaks for itself."""

    tenant: str
    client: str
    user: str | None
    role: str
    scopes: frozenset[str]

    @property
    def labels(self) -> Mapping[str, object]:
        """What the record of a request says of who made it."""
        return {"tenant": self.tenant, "client": self.client, "user": self.user}


def tenant_id(random: bytes) -> str:
    """A tenant's id from at least 8 random bytes."""
    return f"t{random[:8].hex()}"


def client_id(tenant: str, random: bytes) -> str:
    """A client's id from at least 6 random bytes: it leads to the tenant."""
    return f"{tenant}.{random[:6].hex()}"


def tenant_of(client_id: str) -> str:
    """The tenant that a client's id begins with."""
    return client_id.partition(".")[0]


def user_id(tenant: str, email: str) -> str:
    """The id of the tenant's user with this address: the same for the same pair, however its letters are written.

    So one conditional write on the user's own key makes sure that no address is taken twice.
    """
    digest = hashlib.sha256(b"sluice user\0" + tenant.encode() + b"\0" + email.casefold().encode()).hexdigest()
    return f"u{digest[:24]}"


def in_order(scopes: Iterable[str]) -> tuple[str, ...]:
    """Scopes in the order in which they are told."""
    given = frozenset(scopes)
    return tuple(scope for scope in SCOPES if scope in given)


def plausible_tenant(text: str) -> bool:
    """Whether a text can be a tenant's id at all: anything else is refused without a store read."""
    return _TENANT.fullmatch(text) is not None


def plausible_client(text: str) -> bool:
    """Whether a text can be a client's id at all."""
    return _CLIENT.fullmatch(text) is not None


def plausible_user(text: str) -> bool:
    """Whether a text can be a user's id at all."""
    return _USER.fullmatch(text) is not None
