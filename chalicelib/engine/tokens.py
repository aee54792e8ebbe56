"""AstraFlow's tokens: issued, exchanged, revoked, and what they open.

A refresh token is exchanged once. That it was, is one conditional write on the token itself, made before its
successors are stored; they are derived from it, so whoever finds the mark can store and answer them again. That is
allowed once, within 30 seconds, for an answer that was lost; any later use means that two hold the token, and ends
the whole family.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, replace
from functools import partial

from chalicelib.domain import ids, tokens
from chalicelib.domain.access import (
    ROLE_SCOPES,
    Access,
    Client,
    Role,
    Token,
    TokenKind,
    User,
    in_order,
    plausible_client,
)
from chalicelib.engine.last_use import LastUse
from chalicelib.ports.access import AccessStore, Standing
from chalicelib.ports.ambient import Clock, Randomness

#: Seconds that a killed family is remembered beyond the life of its last token.
_MARGIN_S = 86_400


@dataclass(frozen=True, slots=True)
class Issued:
    """Tokens in full, the only time that they are known; `expires_ms` is what is left of the access token's life."""

    access: str
    refresh: str | None
    scopes: tuple[str, ...]
    expires_ms: int


@dataclass(frozen=True, slots=True)
class Known:
    """A token that works: its record, and whose it is."""

    token: Token
    client: Client
    user: User | None

    @property
    def scopes(self) -> frozenset[str]:
        """What it opens: no more than its client and its user's role may have now."""
        return self.token.scopes & allowed(self.client, self.user)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Tokens:
    """Everything about tokens. Junk and unknown tokens are None, never an error."""

    store: AccessStore
    clock: Clock
    randomness: Randomness
    pepper: bytes
    last_use: LastUse

    def client(self, client_id: str, secret: str) -> Client | None:
        """The client with this id and secret; None when there is none, or it is disabled."""
        client = self.store.client(client_id) if plausible_client(client_id) else None
        expected = "" if client is None else client.secret_hash
        right = hmac.compare_digest(tokens.hashed(secret, self.pepper), expected)
        if not right or client is None or client.disabled:
            return None
        self.last_use.noted(client.used_at, partial(self.store.use_client, client_id))
        return client

    def issue(self, client: Client, user: User | None, scopes: frozenset[str]) -> Issued:
        """Tokens of a new family: an access token, and for a user a refresh token (RFC 6749, section 4.4.3)."""
        now = self.clock.now()
        access, refresh = (
            tokens.mint(tokens.PREFIXES[kind], self.randomness.bytes(tokens.BYTES)) for kind in TokenKind
        )
        origin = Token(
            hash="",
            kind=TokenKind.ACCESS,
            tenant=client.tenant,
            client=client.id,
            user=None if user is None else user.id,
            scopes=scopes,
            family=self._id(),
            issued_at=now,
            expires_at=now,
        )
        self._keep(origin, access, TokenKind.ACCESS, scopes, now)
        if user is not None:
            self._keep(origin, refresh, TokenKind.REFRESH, scopes, now)
        lifetime_ms = tokens.LIFETIME_MS[TokenKind.ACCESS]
        return Issued(access, None if user is None else refresh, in_order(scopes), lifetime_ms)

    def refreshable(self, refresh_token: str, client: Client) -> Known | None:
        """The refresh token as this client may exchange it. Whether one that was exchanged before may be repeated, only
        `exchange` says."""
        known = self.find(refresh_token)
        if known is None or known.token.kind is not TokenKind.REFRESH or known.client.id != client.id:
            return None
        return known if known.scopes else None

    def exchange(self, known: Known, refresh_token: str, scopes: frozenset[str]) -> Issued | None:
        """The successors of a refresh token, the access token for these scopes. None when the token was used up: its
        family is dead then."""
        now = self.clock.now()
        marked = self._marked(known.token, now)
        if marked is None or marked.used_at is None:
            self._kill(known.token)
            return None
        purpose = " ".join(in_order(scopes))
        access = tokens.successor(TokenKind.ACCESS, refresh_token, purpose, self.pepper)
        refresh = tokens.successor(TokenKind.REFRESH, refresh_token, "", self.pepper)
        kept = self._keep(marked, access, TokenKind.ACCESS, scopes, marked.used_at)
        # The scopes of the grant stay with the family (RFC 6749, section 6).
        self._keep(marked, refresh, TokenKind.REFRESH, marked.scopes, marked.used_at)
        return Issued(access, refresh, in_order(scopes), kept.expires_at - now)

    def access(self, access_token: str) -> Access | None:
        """Who an access token speaks for."""
        known = self.find(access_token)
        if known is None or known.token.kind is not TokenKind.ACCESS:
            return None
        role = Role.ADMIN if known.user is None else known.user.role
        return Access(known.token.tenant, known.client.id, known.token.user, role.value, known.scopes)

    def find(self, token: str) -> Known | None:
        """A token that has not ended and was not revoked, with its client and user, who may both come in."""
        kind = tokens.kind_of(token)
        stored = None if kind is None else self.store.token(tokens.hashed(token, self.pepper))
        if stored is None or stored.expires_at <= self.clock.now() or _revoked(stored):
            return None
        standing = self.store.standing(stored)
        if standing.killed or not _welcome(stored, standing) or standing.client is None:
            return None
        return Known(stored, standing.client, standing.user)

    def revoke(self, token: str, client: Client) -> bool:
        """Revoke a token; a refresh token takes all that descends from its grant along (RFC 7009, section 2.1). False
        when it is another client's. An unknown token is revoked already."""
        kind = tokens.kind_of(token)
        stored = None if kind is None else self.store.token(tokens.hashed(token, self.pepper))
        if stored is None:
            return True
        if stored.client != client.id:
            return False
        if stored.kind is TokenKind.REFRESH:
            self._kill(stored)
        else:
            # Marked rather than removed: the repeat of its exchange would store it anew.
            self.store.use_token(stored.hash, at=self.clock.now(), by=self._id())
        return True

    def _marked(self, token: Token, now: int) -> Token | None:
        """The token with our mark, as its first use or as its one repeat; None when it was used up."""
        ours = self._id()
        used = self.store.use_token(token.hash, at=now, by=ours)
        if used is None or used.used_by == ours:
            return used
        if used.used_at is None or now - used.used_at > tokens.REPEAT_MS:
            return None
        repeated = self.store.repeat_token(token.hash, by=ours)
        return repeated if repeated is not None and repeated.repeated_by == ours else None

    def _kill(self, token: Token) -> None:
        # Everything that was issued until now is over after the longest life of a token.
        ends_at = self.clock.now() + max(tokens.LIFETIME_MS.values())
        self.store.kill_family(token.tenant, token.family, expires_s=ends_at // 1000 + _MARGIN_S)

    def _keep(self, origin: Token, text: str, kind: TokenKind, scopes: frozenset[str], issued_at: int) -> Token:
        """Store a token of the origin's family."""
        kept = replace(
            origin,
            hash=tokens.hashed(text, self.pepper),
            kind=kind,
            scopes=scopes,
            issued_at=issued_at,
            expires_at=issued_at + tokens.LIFETIME_MS[kind],
            used_at=None,
            used_by=None,
            repeated_by=None,
        )
        self.store.add_token(kept)
        return kept

    def _id(self) -> str:
        return ids.uuid4_from(self.randomness.bytes(16))


def allowed(client: Client, user: User | None) -> frozenset[str]:
    """The scopes that a client may have for a user, or for itself: as an admin."""
    return client.scopes & ROLE_SCOPES[Role.ADMIN if user is None else user.role]


def _revoked(token: Token) -> bool:
    """Whether an access token was revoked: it has no other use that could be marked."""
    return token.kind is TokenKind.ACCESS and token.used_at is not None


def _welcome(token: Token, standing: Standing) -> bool:
    if standing.client is None or standing.client.disabled:
        return False
    return token.user is None or (standing.user is not None and standing.user.active)
