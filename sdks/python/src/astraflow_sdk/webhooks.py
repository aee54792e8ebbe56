"""Telling a webhook that was really sent by the deployment from one that anybody made up.

Two schemes are understood: Standard Webhooks (`webhook-id`, `webhook-timestamp`, `webhook-signature: v1,...`), and
signatures like `t=1700000000,v1=...` (`X-AsyncQueue-Signature`), hexadecimal HMAC-SHA256 over `{t}.{body}`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from astraflow_sdk.errors import ConfigurationError, WebhookVerificationError

_ID, _TIMESTAMP, _SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
_OWN = "x-asyncqueue-signature"


@dataclass(frozen=True, slots=True)
class VerifiedWebhook:
    """A webhook whose signature is right. `id` is the same in each delivery of one event (None under `t=...,v1=...`):
    keep it to act only once. `payload` is the body as it came."""

    id: str | None
    sent_at: datetime
    payload: bytes = field(repr=False)

    def json(self) -> Any:
        """The body as JSON. Raises ValueError."""
        return json.loads(self.payload)


def verify_webhook(
    payload: bytes | str,
    headers: Mapping[str, str],
    secret: str | Sequence[str],
    *,
    tolerance: float = 300,
    now: float | None = None,
) -> VerifiedWebhook:
    """Check a webhook's signature and age.

    `payload` is the body exactly as it came, before anything parsed it. `secret` is `whsec_...`; pass several while one
    takes the place of another. `tolerance` is how many seconds old, or ahead, a webhook may be; `now` is the time to
    measure by, in seconds since 1970. Raises WebhookVerificationError, and ConfigurationError when a secret is none.
    """
    body = payload.encode() if isinstance(payload, str) else bytes(payload)
    keys = [_key(each) for each in ([secret] if isinstance(secret, str) else secret or ())]
    if not keys:
        raise ConfigurationError("secret must be one or more secrets like whsec_...")
    named = {name.lower(): value for name, value in headers.items()}
    if _SIGNATURE in named:
        message_id, timestamp, macs = _standard(named)
        signed = f"{message_id}.{timestamp}.".encode(errors="replace") + body
    elif _OWN in named:
        message_id, timestamp, macs = None, *_own(named[_OWN])
        signed = f"{timestamp}.".encode() + body
    else:
        raise WebhookVerificationError(f"Neither {_SIGNATURE} nor {_OWN} is among the headers")
    if not _matches(keys, signed, macs):
        raise WebhookVerificationError("No signature matches: another secret, or the body was changed on its way")
    age = (time.time() if now is None else now) - timestamp
    if abs(age) > tolerance:
        raise WebhookVerificationError(
            f"The webhook is {abs(age):.0f} s {'old' if age > 0 else 'ahead'}, more than the {tolerance:g} s allowed"
        )
    return VerifiedWebhook(message_id, datetime.fromtimestamp(timestamp, UTC), body)


def _standard(headers: Mapping[str, str]) -> tuple[str, int, list[bytes]]:
    message_id = headers.get(_ID, "")
    if not message_id:
        raise WebhookVerificationError(f"{_ID} is missing")
    macs = []
    for each in headers[_SIGNATURE].split():
        version, _, encoded = each.partition(",")
        if version == "v1":
            try:
                macs.append(base64.b64decode(encoded, validate=True))
            except ValueError:
                continue
    return message_id, _instant(headers.get(_TIMESTAMP, ""), _TIMESTAMP), macs


def _own(signature: str) -> tuple[int, list[bytes]]:
    parts = [part.strip().partition("=") for part in signature.split(",")]
    times = [value for name, _, value in parts if name == "t"]
    macs = []
    for name, _, value in parts:
        if name == "v1":
            try:
                macs.append(bytes.fromhex(value))
            except ValueError:
                continue
    return _instant(times[0] if len(times) == 1 else "", "t"), macs


def _instant(text: str, name: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 11):
        raise WebhookVerificationError(f"{name} must be seconds since 1970")
    return int(text)


def _matches(keys: Sequence[bytes], signed: bytes, macs: Sequence[bytes]) -> bool:
    expected = [hmac.new(key, signed, hashlib.sha256).digest() for key in keys]
    return any(hmac.compare_digest(mine, theirs) for mine in expected for theirs in macs)


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except ValueError:
        key = b""
    if not key:
        raise ConfigurationError("secret must be whsec_ and base64")
    return key
