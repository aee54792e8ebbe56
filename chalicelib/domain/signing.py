"""Signatures on everything that goes out, so that a receiver knows who called.

A team's secrets are not stored: each is derived from the deployment's pepper, the team and a generation number, so a
worker signs without asking the store and a table dump holds none.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

from chalicelib.domain.exchange import Headers
from chalicelib.domain.task import SigningState

#: The headers of a signature that are other ones each time, in contrast to `webhook-id`.
OF_A_MOMENT = ("webhook-timestamp", "webhook-signature", "X-AsyncQueue-Signature")


def secret(pepper: bytes, team: str, generation: int) -> str:
    """A team's secret of one generation: `whsec_` + 32 bytes in base64 (Standard Webhooks, "Signature scheme")."""
    raw = hmac.new(pepper, f"signing secret\0{team}\0{generation}".encode(), hashlib.sha256).digest()
    return "whsec_" + base64.b64encode(raw).decode()


def secrets_in_force(pepper: bytes, team: str, state: SigningState, now: int) -> list[str]:
    """The secrets to sign with, newest first: two while a rotation overlaps."""
    secrets = [secret(pepper, team, state.generation)]
    if state.previous_until is not None and state.previous_until > now:
        secrets.append(secret(pepper, team, state.generation - 1))
    return secrets


def headers(secrets: list[str], *, message_id: str, now: int, body: bytes) -> Headers:
    """The signature headers of one outgoing request: those of Standard Webhooks, and AsyncQueue's own beside them.

    `X-AsyncQueue-Signature` is hexadecimal HMAC-SHA256 over `{t}.{body}`, one `v1=` entry per secret.
    """
    timestamp = now // 1000
    own = ",".join("v1=" + _mac(each, f"{timestamp}.".encode() + body).hex() for each in secrets)
    return (
        *_standard_headers(secrets, message_id=message_id, now=now, body=body),
        ("X-AsyncQueue-Signature", f"t={timestamp},{own}"),
    )


def _standard_headers(secrets: list[str], *, message_id: str, now: int, body: bytes) -> Headers:
    """Standard Webhooks signs `{id}.{timestamp}.{body}` with HMAC-SHA256 in base64, one `v1,` entry per secret, parted
    by spaces."""
    timestamp = now // 1000
    signed = f"{message_id}.{timestamp}.".encode() + body
    return (
        ("webhook-id", message_id),
        ("webhook-timestamp", str(timestamp)),
        ("webhook-signature", " ".join("v1," + base64.b64encode(_mac(each, signed)).decode() for each in secrets)),
    )


def _mac(whsec: str, message: bytes) -> bytes:
    return hmac.new(base64.b64decode(whsec.removeprefix("whsec_")), message, hashlib.sha256).digest()
