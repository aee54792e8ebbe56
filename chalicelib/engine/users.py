"""AstraFlow's users: made by admins, signed in by their password, switched off by the operator."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace

from chalicelib.domain import passwords
from chalicelib.domain.access import Role, User, plausible_user, user_id
from chalicelib.domain.errors import ConflictError, KeyReusedError, NotFoundError, UnavailableError
from chalicelib.domain.passwords import Cost
from chalicelib.engine.guesses import Exhausted, Guesses
from chalicelib.ports.access import UserStore
from chalicelib.ports.ambient import Clock, Randomness
from chalicelib.ports.blobs import Blobs

#: How long it is known, in seconds, for which address an idempotency key was used.
KEY_KEPT_S = 30 * 86_400
_ROUNDS = 20


@dataclass(frozen=True, slots=True)
class Made:
    """The user as it was made. `replayed`: an earlier request with the same key had made it."""

    user: User
    replayed: bool


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Users:
    """Everything about the users of tenants. Raises NotFoundError, ConflictError."""

    store: UserStore
    blobs: Blobs
    guesses: Guesses
    clock: Clock
    randomness: Randomness
    cost: Cost

    def create(self, tenant: str, email: str, password: str, role: Role, key: str | None = None) -> Made:
        """A new user. ConflictError when the address is a user's of this tenant already, however it is written;
        KeyReusedError when the idempotency key was used for another one, or with other words."""
        id_, made_by = user_id(tenant, email), None if key is None else _key_hash(tenant, key)
        if made_by is not None:
            self._use(made_by, id_)
        user = User(id_, tenant, email, self._hashed(password), role, self.clock.now(), made_by=made_by)
        if self.store.save_user(user, over=None):
            return Made(user, replayed=False)
        stored = self.store.user(tenant, id_)
        # Refused over an equal user, salt and all: only the answer of our own first write was lost.
        if stored == user:
            return Made(user, replayed=False)
        if stored is None or made_by is None or stored.made_by != made_by:
            raise ConflictError
        if (stored.email, stored.role) != (email, role) or not passwords.matches(password, stored.password):
            raise KeyReusedError
        return Made(stored, replayed=True)

    def get(self, tenant: str, id_: str) -> User:
        """The tenant's user of this id."""
        user = self.store.user(tenant, id_) if plausible_user(id_) else None
        if user is None:
            raise NotFoundError
        return user

    def page(
        self, tenant: str, role: Role | None, active: bool | None, *, offset: int, limit: int
    ) -> tuple[list[User], int]:
        """A part of the users that a filter lets through, oldest first, and how many these are in all."""
        found = self.store.users(tenant, role, active)
        return found[offset : offset + limit], len(found)

    def switch(self, tenant: str, id_: str, *, active: bool) -> User:
        """Let a user in again, or lock the user out: all of the user's tokens fail the next request."""
        return self._change(tenant, id_, lambda user: replace(user, active=active))

    def sign_in(self, tenant: str, email: str, password: str, address: str) -> User | Exhausted | None:
        """The active user with this password; None when there is none, at the same cost. Each look at a password counts
        until it turns out right."""
        id_ = user_id(tenant, email)
        place = self.guesses.take(f"{tenant}#{id_}", address)
        if isinstance(place, Exhausted):
            return place
        user = self.store.user(tenant, id_)
        stored = passwords.nobodys(self.cost) if user is None else user.password
        if not passwords.within_limits(password) or not passwords.matches(password, stored):
            return None
        if user is None or not user.active:
            return None
        self.guesses.give_back(place)
        if passwords.cost_of(user.password) != self.cost:
            renewed = self._hashed(password)
            return self._change(tenant, id_, lambda known: replace(known, password=renewed))
        return user

    def _use(self, made_by: str, id_: str) -> None:
        """Note for whom an idempotency key is used."""
        expires_s = self.clock.now() // 1000 + KEY_KEPT_S
        known = self.blobs.swap(f"user-key#{made_by}", id_.encode(), over=0, expires_s=expires_s)
        if known is not None and known[1] != id_.encode():
            raise KeyReusedError

    def _change(self, tenant: str, id_: str, change: Callable[[User], User]) -> User:
        for _ in range(_ROUNDS):
            user = self.get(tenant, id_)
            wanted = change(user)
            if wanted == user:
                return user
            changed = replace(wanted, version=user.version + 1)
            if self.store.save_user(changed, over=user.version):
                return changed
        raise UnavailableError("the user changes too often to be saved")

    def _hashed(self, password: str) -> str:
        return passwords.hashed(password, self.randomness.bytes(passwords.SALT_BYTES), self.cost)


def _key_hash(tenant: str, key: str) -> str:
    return hashlib.sha256(f"{tenant}\0{key}".encode()).hexdigest()[:32]
