"""Access tokens by client credentials (RFC 6749, section 4.4): fetched when needed, renewed before they end."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from urllib.parse import quote_plus

from astraflow_sdk._ask import Ask
from astraflow_sdk.aio._connection import Connection
from astraflow_sdk.aio._primitives import Lock

_PATH = "/oauth/token"
#: A token is renewed so many seconds before it ends, or after nine tenths of a short life. One that does not say when
#: it ends is renewed when it is refused.
_MARGIN_S = 30


class ClientCredentials:
    """The tokens of a client that says who it is."""

    def __init__(self, client_id: str, client_secret: str, scopes: Sequence[str] | None) -> None:
        # Each was encoded as a form's value before (RFC 6749, section 2.3.1).
        pair = f"{quote_plus(client_id)}:{quote_plus(client_secret)}"
        self._basic = {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}
        self._form = {"grant_type": "client_credentials", **({"scope": " ".join(scopes)} if scopes else {})}
        self._lock = Lock()
        self._current: Mapping[str, str] | None = None
        self._ends = 0.0

    async def headers(self, connection: Connection) -> Mapping[str, str]:
        """The headers of the next request. Many who ask at once wait for one token."""
        async with self._lock:
            now = connection.ambient.now()
            current = self._current
            if current is None or now >= self._ends:
                current = await self._fetched(connection, now)
            return current

    def drop(self, headers: Mapping[str, str]) -> bool:
        """The server refused these headers: whether there may be better ones now."""
        if headers is self._current:
            self._current = None
        return True

    async def _fetched(self, connection: Connection, now: float) -> Mapping[str, str]:
        # A token that is never used does no harm.
        answer = await connection.send(Ask(method="POST", path=_PATH, form=self._form, harmless=True), self._basic)
        token, body = answer.member("access_token"), answer.json()
        if not isinstance(token, str) or not token:
            raise answer.unexpected("The answer holds no access_token")
        lives_s = body.get("expires_in")
        known = isinstance(lives_s, int | float) and not isinstance(lives_s, bool)
        self._ends = now + lives_s - min(_MARGIN_S, lives_s / 10) if known else float("inf")
        self._current = {"Authorization": f"Bearer {token}"}
        return self._current
