"""AstraFlow's tenants, clients, users and tokens in SQLite."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from chalicelib.domain.access import Client, Role, Tenant, Token, User
from chalicelib.embedded.database import Database
from chalicelib.embedded.expiry import KEPT_AFTER_END_S
from chalicelib.ports.access import Standing

_SCHEMA = """
CREATE TABLE IF NOT EXISTS tenants (id TEXT PRIMARY KEY, row BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS clients (id TEXT PRIMARY KEY, row BLOB NOT NULL, used_at INTEGER);
CREATE TABLE IF NOT EXISTS users (
    tenant TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, row BLOB NOT NULL, PRIMARY KEY (tenant, id)
);
CREATE TABLE IF NOT EXISTS tokens (hash TEXT PRIMARY KEY, expires_s INTEGER NOT NULL, row BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS tokens_expiry ON tokens (expires_s);
CREATE TABLE IF NOT EXISTS killed (
    tenant TEXT NOT NULL, family TEXT NOT NULL, expires_s INTEGER NOT NULL, PRIMARY KEY (tenant, family)
);
CREATE INDEX IF NOT EXISTS killed_expiry ON killed (expires_s);
"""

_encode = msgspec.msgpack.Encoder().encode
_tenant = msgspec.msgpack.Decoder(Tenant).decode
_client = msgspec.msgpack.Decoder(Client).decode
_user = msgspec.msgpack.Decoder(User).decode
_token = msgspec.msgpack.Decoder(Token).decode


class EmbeddedAccess:
    """The port `AccessStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.define(_SCHEMA)

    def tenant(self, tenant_id: str) -> Tenant | None:
        """The tenant of this id."""
        row = self._row("SELECT row FROM tenants WHERE id = ?", tenant_id)
        return None if row is None else _tenant(row)

    def tenants(self) -> list[Tenant]:
        """All tenants, for the operator."""
        return [_tenant(row) for (row,) in self._database.rows("SELECT row FROM tenants ORDER BY id")]

    def add_tenant(self, tenant: Tenant) -> bool:
        """Store a new tenant. False when the id is taken."""
        return self._database.change("INSERT OR IGNORE INTO tenants VALUES (?, ?)", (tenant.id, _encode(tenant))) == 1

    def client(self, client_id: str) -> Client | None:
        """The client of this id, of whatever tenant its id begins with."""
        found = self._database.rows("SELECT row, used_at FROM clients WHERE id = ?", (client_id,))
        return _client_of(*found[0]) if found else None

    def clients(self, tenant_id: str) -> list[Client]:
        """All clients of a tenant, oldest first."""
        found = (_client_of(*row) for row in self._database.rows("SELECT row, used_at FROM clients"))
        clients = [client for client in found if client.tenant == tenant_id]
        return sorted(clients, key=lambda client: (client.created_at, client.id))

    def put_client(self, client: Client) -> None:
        """Store a client in whole, but for the use that was noted, which stays."""
        self._database.change(
            "INSERT INTO clients (id, row) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET row = excluded.row",
            (client.id, _encode(client)),
        )

    def use_client(self, client_id: str, *, at: int, before: int) -> bool:
        """Note that a client used its secret, over a use until `before` or none. False when it was not noted."""
        changed = self._database.change(
            "UPDATE clients SET used_at = ? WHERE id = ? AND (used_at IS NULL OR used_at <= ?)", (at, client_id, before)
        )
        return changed == 1

    def user(self, tenant: str, user_id: str) -> User | None:
        """The tenant's user of this id."""
        row = self._row("SELECT row FROM users WHERE tenant = ? AND id = ?", tenant, user_id)
        return None if row is None else _user(row)

    def users(self, tenant: str, role: Role | None, active: bool | None) -> list[User]:
        """All users of a tenant that a filter lets through (None: no filter), oldest first."""
        rows = self._database.rows("SELECT row FROM users WHERE tenant = ?", (tenant,))
        found = (_user(row) for (row,) in rows)
        wanted = (
            user for user in found if (role is None or user.role is role) and (active is None or user.active is active)
        )
        return sorted(wanted, key=lambda user: (user.created_at, user.id))

    def save_user(self, user: User, *, over: int | None) -> bool:
        """Store a user over the version it was read with, or as a new one (None)."""
        row = _encode(user)
        if over is None:
            return (
                self._database.change(
                    "INSERT OR IGNORE INTO users VALUES (?, ?, ?, ?)", (user.tenant, user.id, user.version, row)
                )
                == 1
            )
        return (
            self._database.change(
                "UPDATE users SET version = ?, row = ? WHERE tenant = ? AND id = ? AND version = ?",
                (user.version, row, user.tenant, user.id, over),
            )
            == 1
        )

    def token(self, token_hash: str) -> Token | None:
        """What is known of a token, also past its end."""
        row = self._row("SELECT row FROM tokens WHERE hash = ?", token_hash)
        return None if row is None else _token(row)

    def standing(self, token: Token) -> Standing:
        """What the token hangs on, in one read."""
        with self._database.lock:
            killed = self._database.rows(
                "SELECT 1 FROM killed WHERE tenant = ? AND family = ?", (token.tenant, token.family)
            )
            user = None if token.user is None else self.user(token.tenant, token.user)
            return Standing(self.client(token.client), user, bool(killed))

    def add_token(self, token: Token) -> None:
        """Store a token; one that is there already stays as it is."""
        expires_s = token.expires_at // 1000 + KEPT_AFTER_END_S
        self._database.change("INSERT OR IGNORE INTO tokens VALUES (?, ?, ?)", (token.hash, expires_s, _encode(token)))

    def use_token(self, token_hash: str, *, at: int, by: str) -> Token | None:
        """Mark a token as used, unless it is already; None when there is no such token."""
        with self._database.transaction():
            token = self.token(token_hash)
            if token is None or token.used_by is not None:
                return token
            return self._marked(replace(token, used_at=at, used_by=by))

    def repeat_token(self, token_hash: str, *, by: str) -> Token | None:
        """Mark a used token as asked for once more, unless it is already; as `use_token`."""
        with self._database.transaction():
            token = self.token(token_hash)
            if token is None or token.used_by is None or token.repeated_by is not None:
                return token
            return self._marked(replace(token, repeated_by=by))

    def kill_family(self, tenant: str, family: str, *, expires_s: int) -> None:
        """No token of this family works from now on."""
        self._database.change("REPLACE INTO killed VALUES (?, ?, ?)", (tenant, family, expires_s))

    def _row(self, statement: str, *values: str) -> bytes | None:
        found = self._database.rows(statement, values)
        return found[0][0] if found else None

    def _marked(self, token: Token) -> Token:
        self._database.change("UPDATE tokens SET row = ? WHERE hash = ?", (_encode(token), token.hash))
        return token


def _client_of(row: bytes, used_at: int | None) -> Client:
    """The client as it was stored, with the use that was noted since."""
    return replace(_client(row), used_at=used_at)
