"""AES-256-GCM from the library, under a key of each place's own.

A sealed value is a version byte, the generation of its data key in two bytes, a random nonce of 96 bits, and what
AES-GCM made of the value and its tag of 128 bits (NIST SP 800-38D). Random nonces are safe for 2^32 values under one
key. So the data key seals nothing itself: it only derives a key for each place (HKDF-Expand, RFC 5869, section 2.3),
under which there are a handful of values, and may serve for as many places as there are.
"""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

KEY_BYTES = 32
_NONCE_BYTES = 12


def derived(key: bytes, context: bytes) -> bytes:
    """The key that a key gives for one context."""
    return HKDFExpand(SHA256(), KEY_BYTES, context).derive(key)


def encrypted(key: bytes, head: bytes, context: bytes, value: bytes) -> bytes:
    """Nonce, ciphertext and tag of a value, to be stored behind `head`. Head and context are authenticated with it."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(derived(key, context)).encrypt(nonce, value, head + context)


def decrypted(key: bytes, head: bytes, context: bytes, stored: bytes) -> bytes | None:
    """The value behind `head`; None when anything of it is not as it was made for this head and context."""
    try:
        return AESGCM(derived(key, context)).decrypt(stored[:_NONCE_BYTES], stored[_NONCE_BYTES:], head + context)
    except (InvalidTag, ValueError):
        return None
