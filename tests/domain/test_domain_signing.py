"""Signatures, verified the way a receiver would."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from chalicelib.domain import signing
from chalicelib.domain.task import SigningState

PEPPER = b"pepper of the deployment"
BODY = b'{"event": "task.completed", "text": "\xc3\xa9"}'
FIRST = signing.secret(PEPPER, "team", 1)
SECOND = signing.secret(PEPPER, "team", 2)


def now() -> int:
    """The machine's time: receivers refuse signatures that are five minutes off it."""
    return time.time_ns() // 1_000_000


def signed(state: SigningState, at: int, body: bytes = BODY) -> dict[str, str]:
    secrets = signing.secrets_in_force(PEPPER, "team", state, at)
    return dict(signing.headers(secrets, message_id="message", now=at, body=body))


def test_a_secret_has_the_standard_form_and_32_bytes() -> None:
    assert FIRST.startswith("whsec_")
    assert len(base64.b64decode(FIRST.removeprefix("whsec_"), validate=True)) == 32


def test_each_deployment_team_and_generation_has_its_own_secret() -> None:
    others = {
        signing.secret(b"another pepper", "team", 1),
        signing.secret(PEPPER, "another team", 1),
        signing.secret(PEPPER, "team", 2),
        FIRST,
    }

    assert len(others) == 4
    assert signing.secret(PEPPER, "team", 1) == FIRST


def test_the_standard_library_of_receivers_accepts_the_signature() -> None:
    headers = signed(SigningState(), now())

    assert Webhook(FIRST).verify(BODY, headers) == {"event": "task.completed", "text": "é"}


def test_a_changed_body_is_refused() -> None:
    headers = signed(SigningState(), now())

    with pytest.raises(WebhookVerificationError):
        Webhook(FIRST).verify(BODY + b" ", headers)


def test_the_secret_of_another_team_is_refused() -> None:
    headers = signed(SigningState(), now())

    with pytest.raises(WebhookVerificationError):
        Webhook(signing.secret(PEPPER, "another team", 1)).verify(BODY, headers)


def test_a_replay_after_five_minutes_is_refused() -> None:
    headers = signed(SigningState(), now() - 301_000)

    with pytest.raises(WebhookVerificationError):
        Webhook(FIRST).verify(BODY, headers)


def test_while_a_rotation_overlaps_both_secrets_verify() -> None:
    at = now()
    headers = signed(SigningState(2, previous_until=at + 1), at)

    assert Webhook(SECOND).verify(BODY, headers) == Webhook(FIRST).verify(BODY, headers)


def test_after_the_overlap_only_the_new_secret_verifies() -> None:
    at = now()
    headers = signed(SigningState(2, previous_until=at), at)

    assert Webhook(SECOND).verify(BODY, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(FIRST).verify(BODY, headers)


def test_our_own_header_is_hexadecimal_hmac_over_time_and_raw_body() -> None:
    at = now()

    value = signed(SigningState(), at)["X-AsyncQueue-Signature"]

    assert value == f"t={at // 1000},v1={recomputed(FIRST, at)}"


def test_our_own_header_carries_both_signatures_during_an_overlap_newest_first() -> None:
    at = now()

    value = signed(SigningState(2, previous_until=at + 60_000), at)["X-AsyncQueue-Signature"]

    assert value == f"t={at // 1000},v1={recomputed(SECOND, at)},v1={recomputed(FIRST, at)}"


def test_an_empty_body_is_signed_too() -> None:
    at = now()

    value = signed(SigningState(), at, b"")["X-AsyncQueue-Signature"]

    assert value.endswith(recomputed(FIRST, at, b""))


def recomputed(secret: str, at: int, body: bytes = BODY) -> str:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    return hmac.new(key, f"{at // 1000}.".encode() + body, hashlib.sha256).hexdigest()
