"""AstraFlow's tenants, clients, users and tokens, on the table that holds the identities."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import msgspec

from chalicelib.aws import keys
from chalicelib.aws.attributes import Item, Value, flag, number, number_of, text, text_of
from chalicelib.aws.clients import Clients
from chalicelib.aws.table import Table, Values, Written
from chalicelib.aws.uses import Uses, used_at
from chalicelib.domain.access import Client, Role, Tenant, Token, User
from chalicelib.ports.access import Standing

#: Seconds that a token is kept after its end, so that no clock finds it gone too early.
KEPT_AFTER_END_S = 86_400

_UNMADE = "attribute_not_exists(#pk)"
_UNCHANGED = "#version = :over"
_UNUSED = "attribute_exists(#pk) AND attribute_not_exists(#usedBy)"
_UNREPEATED = "attribute_exists(#usedBy) AND attribute_not_exists(#repeatedBy)"

_encode = msgspec.json.Encoder(order="deterministic").encode
_tenant = msgspec.json.Decoder(Tenant).decode
_client = msgspec.json.Decoder(Client).decode
_user = msgspec.json.Decoder(User).decode
_token = msgspec.json.Decoder(Token).decode


class AwsAccess:
    """The port `AccessStore`. Each method but `tenants`, `clients` and `users` is one call."""

    def __init__(self, clients: Clients, table: str) -> None:
        self._table = Table(clients, table)
        self._uses = Uses(clients, table)

    def tenant(self, tenant_id: str) -> Tenant | None:
        """The tenant of this id."""
        item = self._table.get(keys.tenant(tenant_id))
        return None if item is None else _tenant(text_of(item["tenant"]))

    def tenants(self) -> list[Tenant]:
        """All tenants, by a scan of the whole table: for the operator's eyes alone, never on a request's path."""
        found = self._table.scan("#sk = :tenant", {":tenant": text(keys.TENANT_SORT)})
        return [_tenant(text_of(item["tenant"])) for item in found]

    def add_tenant(self, tenant: Tenant) -> bool:
        """Store a new tenant. False when the id is taken."""
        item = {**keys.tenant(tenant.id), "tenant": _json(tenant)}
        return isinstance(self._table.put(item, _UNMADE), Written)

    def client(self, client_id: str) -> Client | None:
        """The client of this id, of whatever tenant its id begins with."""
        item = self._table.get(keys.client(client_id))
        return None if item is None else _client_of(item)

    def clients(self, tenant_id: str) -> list[Client]:
        """All clients of a tenant, oldest first: one call for each MiB of them."""
        place = {":pk": keys.tenant(tenant_id)["pk"], ":clients": text(keys.CLIENT_SORTS)}
        found = self._all("#pk = :pk AND begins_with(#sk, :clients)", place, None)
        clients = (_client_of(item) for item in found)
        return sorted(clients, key=lambda client: (client.created_at, client.id))

    def put_client(self, client: Client) -> None:
        """Store a client in whole, but for the use that was noted, which stays."""
        self._table.update(keys.client(client.id), "SET #client = :client", values={":client": _json(client)})

    def use_client(self, client_id: str, *, at: int, before: int) -> bool:
        """Note that a client used its secret, over a use until `before` or none. False when it was not noted."""
        return self._uses.note(keys.client(client_id), at=at, before=before)

    def user(self, tenant: str, user_id: str) -> User | None:
        """The tenant's user of this id."""
        item = self._table.get(keys.user(tenant, user_id))
        return None if item is None else _user(text_of(item["user"]))

    def users(self, tenant: str, role: Role | None, active: bool | None) -> list[User]:
        """All users of a tenant that a filter lets through, oldest first: one call for each MiB of users."""
        where, values = _filter(role, active)
        place = {":pk": keys.tenant(tenant)["pk"], ":users": text(keys.USER_SORTS)}
        found = self._all("#pk = :pk AND begins_with(#sk, :users)", {**place, **values}, where)
        users = (_user(text_of(item["user"])) for item in found)
        return sorted(users, key=lambda user: (user.created_at, user.id))

    def save_user(self, user: User, *, over: int | None) -> bool:
        """Store a user over the version it was read with, or as a new one (None)."""
        item = {
            **keys.user(user.tenant, user.id),
            "version": number(user.version),
            "role": text(user.role.value),
            "active": flag(user.active),
            "user": _json(user),
        }
        if over is None:
            return isinstance(self._table.put(item, _UNMADE), Written)
        return isinstance(self._table.put(item, _UNCHANGED, {":over": number(over)}), Written)

    def token(self, token_hash: str) -> Token | None:
        """What is known of a token, also past its end."""
        item = self._table.get(keys.token(token_hash))
        return None if item is None else _token_of(item)

    def standing(self, token: Token) -> Standing:
        """What the token hangs on, in one read."""
        wanted = [keys.client(token.client), keys.family(token.tenant, token.family)]
        if token.user is not None:
            wanted.append(keys.user(token.tenant, token.user))
        found = self._table.batch_get(wanted)
        client = next((_client_of(item) for item in found if "client" in item), None)
        user = next((_user(text_of(item["user"])) for item in found if "user" in item), None)
        return Standing(client, user, any("killed" in item for item in found))

    def add_token(self, token: Token) -> None:
        """Store a token; one that is there already stays as it is."""
        item = {
            **keys.token(token.hash),
            "token": _json(token),
            "expiresAt": number(token.expires_at // 1000 + KEPT_AFTER_END_S),
        }
        self._table.put(item, _UNMADE)

    def use_token(self, token_hash: str, *, at: int, by: str) -> Token | None:
        """Mark a token as used, unless it is already; None when there is no such token."""
        return self._mark(token_hash, "SET #usedAt = :at, #usedBy = :by", _UNUSED, {":at": number(at), ":by": text(by)})

    def repeat_token(self, token_hash: str, *, by: str) -> Token | None:
        """Mark a used token as asked for once more, unless it is already; as `use_token`."""
        return self._mark(token_hash, "SET #repeatedBy = :by", _UNREPEATED, {":by": text(by)})

    def kill_family(self, tenant: str, family: str, *, expires_s: int) -> None:
        """No token of this family works from now on."""
        self._table.put({**keys.family(tenant, family), "killed": flag(True), "expiresAt": number(expires_s)})

    def _mark(self, token_hash: str, change: str, condition: str, values: Values) -> Token | None:
        written = self._table.update(keys.token(token_hash), change, condition, values)
        return None if written.item is None else _token_of(written.item)

    def _all(self, condition: str, values: Values, where: str | None) -> Iterator[Item]:
        start: Item | None = None
        while True:
            options = {} if start is None else {"ExclusiveStartKey": start}
            answer = self._table.query(condition, values, where, ConsistentRead=True, **options)
            yield from answer["Items"]
            start = answer.get("LastEvaluatedKey")
            if start is None:
                return


def _filter(role: Role | None, active: bool | None) -> tuple[str | None, Values]:
    conditions, values = [], Values()
    if role is not None:
        conditions.append("#role = :role")
        values[":role"] = text(role.value)
    if active is not None:
        conditions.append("#active = :active")
        values[":active"] = flag(active)
    return " AND ".join(conditions) or None, values


def _client_of(item: Item) -> Client:
    """The client as it was stored, with the use that was noted since."""
    return replace(_client(text_of(item["client"])), used_at=used_at(item))


def _token_of(item: Item) -> Token:
    """The token as it was stored, with the marks that it bears since."""
    return replace(
        _token(text_of(item["token"])),
        used_at=number_of(item["usedAt"]) if "usedAt" in item else None,
        used_by=text_of(item["usedBy"]) if "usedBy" in item else None,
        repeated_by=text_of(item["repeatedBy"]) if "repeatedBy" in item else None,
    )


def _json(record: Tenant | Client | User | Token) -> Value:
    return text(_encode(record).decode())
