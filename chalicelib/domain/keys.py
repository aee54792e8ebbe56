"""API keys: `aq_live_` + 30 base62 characters (178 bits) + 6 base62 characters of the CRC32 of all before them.

The format follows GitHub's (github.blog/2021-04-05-behind-githubs-new-authentication-token-formats): a prefix that
scanners recognise and a checksum that rejects junk without asking the store.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import string
import zlib

PREFIX = "aq_live_"
SECRET_LENGTH = 30
CHECKSUM_LENGTH = 6
#: What a secret scanner may look for.
PATTERN = re.compile(r"aq_live_[0-9A-Za-z]{36}", re.ASCII)

_DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase


def mint(random: bytes) -> str:
    """A new key from at least 32 random bytes."""
    number = int.from_bytes(random[:32], "big")
    body = PREFIX + _base62(number, SECRET_LENGTH)
    return body + _checksum(body)


def plausible(key: str) -> bool:
    """Whether the key's form and checksum are right: junk is refused without a store read."""
    return PATTERN.fullmatch(key) is not None and hmac.compare_digest(_checksum(key[:-CHECKSUM_LENGTH]), key[-6:])


def hashed(key: str, pepper: bytes) -> str:
    """What is stored in place of the key: HMAC-SHA256 under the deployment's pepper, in hexadecimal."""
    return hmac.new(pepper, b"api key\0" + key.encode(), hashlib.sha256).hexdigest()


def shown_prefix(key: str) -> str:
    """The part of a key that may be shown again, to tell keys apart."""
    return key[: len(PREFIX) + 4]


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode()), CHECKSUM_LENGTH)


def _base62(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, 62)
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))
