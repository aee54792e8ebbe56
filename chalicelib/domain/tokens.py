"""Tokens and client secrets of AstraFlow: a prefix that scanners recognise, and 256 random bits in base64url.

They are opaque: what they open is looked up by their hash, so that revoking one is felt by the next request.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re

from chalicelib.domain.access import TokenKind

CLIENT_PREFIX = "cs_"
PREFIXES = {TokenKind.ACCESS: "at_", TokenKind.REFRESH: "rt_"}
#: What a secret scanner may look for.
PATTERN = re.compile(r"(?:at|rt|cs)_[0-9A-Za-z_-]{43}", re.ASCII)

#: Random bytes in a token.
BYTES = 32
#: How long a token lives, in milliseconds: an hour, and 30 days.
LIFETIME_MS = {TokenKind.ACCESS: 3_600_000, TokenKind.REFRESH: 2_592_000_000}
#: For so long after a refresh token was exchanged, its answer can be had once more.
REPEAT_MS = 30_000


def mint(prefix: str, random: bytes) -> str:
    """A token or secret from 32 random bytes."""
    return prefix + base64.urlsafe_b64encode(random[:BYTES]).decode().rstrip("=")


def kind_of(token: str) -> TokenKind | None:
    """What kind of token a text can be by its form; None for junk, which is refused without a store read."""
    if PATTERN.fullmatch(token) is None:
        return None
    return next((kind for kind, prefix in PREFIXES.items() if token.startswith(prefix)), None)


def hashed(secret: str, pepper: bytes) -> str:
    """What is stored in place of a token or secret: HMAC-SHA256 under the deployment's pepper, in hexadecimal."""
    return hmac.new(pepper, b"oauth\0" + secret.encode(), hashlib.sha256).hexdigest()


def successor(kind: TokenKind, refresh_token: str, purpose: str, pepper: bytes) -> str:
    """The token that a refresh token is exchanged for.

    It is derived rather than drawn: whoever repeats the exchange because the answer was lost gets the same again,
    although only hashes are stored.
    """
    message = "\0".join(["oauth successor", kind.value, purpose, refresh_token])
    return mint(PREFIXES[kind], hmac.new(pepper, message.encode(), hashlib.sha256).digest())
