"""verify_webhook, against what the server signs and what the standard's own library signs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from places import Place, Twin
from standardwebhooks import Webhook

from astraflow_sdk import ConfigurationError, WebhookVerificationError, verify_webhook

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_" + "A" * 32
BODY = b'{"event": "task.completed"}'
SENT = datetime(2024, 1, 15, 10, 30, tzinfo=UTC)
NOW = SENT.timestamp()


def signed(body: bytes = BODY, secret: str = SECRET) -> dict[str, str]:
    return {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(NOW)),
        "webhook-signature": Webhook(secret).sign("msg_1", SENT, body.decode()),
    }


def check(headers: dict[str, str], body: bytes | str = BODY, secret: Any = SECRET, **options: Any) -> Any:
    return verify_webhook(body, headers, secret, **{"now": NOW, **options})


@pytest.fixture
def called(place: Place, twin: Twin) -> tuple[Place, Any, Any]:
    """A team whose callback was made and whose webhook was sent."""
    client = place.client("AsyncQueueClient", place.world.team()[1])
    twin.run(
        client.create_task(
            "https://api.example.com/hook", body="plain text", on_complete_url="https://example.com/done"
        )
    )
    place.world.work()
    return place, client, twin


def test_what_asyncqueue_sends_is_right_under_both_schemes(called: tuple[Place, Any, Any]) -> None:
    place, client, twin = called
    secret = twin.run(client.signing_secret()).secret
    now = place.clock.now() / 1000
    callback, webhook = place.world.door.calls
    for call in (callback, webhook):
        headers = dict(call.headers)
        own = {name: value for name, value in headers.items() if name == "X-AsyncQueue-Signature"}
        standard = {name: value for name, value in headers.items() if name.startswith("webhook-")}
        assert (len(own), len(standard)) == (1, 3)
        assert verify_webhook(call.body, standard, secret, now=now).id == headers["webhook-id"]
        assert verify_webhook(call.body, own, secret, now=now).id is None
        for scheme in (own, standard):
            with pytest.raises(WebhookVerificationError):
                verify_webhook(call.body + b" ", scheme, secret, now=now)
    assert verify_webhook(webhook.body, dict(webhook.headers), secret, now=now).json()["event"] == "task.completed"


def test_both_secrets_are_right_while_one_takes_the_place_of_the_other(called: tuple[Place, Any, Any]) -> None:
    place, client, twin = called
    before = twin.run(client.signing_secret()).secret
    after = twin.run(client.rotate_signing_secret()).secret
    twin.run(client.create_task("https://api.example.com/again"))
    place.world.work()
    call = place.world.door.calls[-1]

    for secret in (before, after, [OTHER, after]):
        assert verify_webhook(call.body or b"", dict(call.headers), secret, now=place.clock.now() / 1000)


def test_a_right_webhook_is_told_with_its_id_and_time() -> None:
    verified = check({name.title(): value for name, value in signed().items()})

    assert (verified.id, verified.sent_at, verified.payload) == ("msg_1", SENT, BODY)
    assert verified.json() == {"event": "task.completed"}
    assert check(signed(), BODY.decode()) == verified


def test_one_right_signature_among_several_is_enough() -> None:
    headers = signed()
    headers["webhook-signature"] = f"v1a,xyz v1,!! v1,AAAA {headers['webhook-signature']}"

    assert check(headers).id == "msg_1"


@pytest.mark.parametrize(("age", "passes"), [(0, True), (300, True), (301, False), (-300, True), (-301, False)])
def test_a_webhook_is_neither_old_nor_ahead(age: float, passes: bool) -> None:
    if passes:
        check(signed(), now=NOW + age)
    else:
        with pytest.raises(WebhookVerificationError, match="more than the 300 s allowed"):
            check(signed(), now=NOW + age)
        check(signed(), now=NOW + age, tolerance=400)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"webhook-id": "msg_2"}, "No signature matches"),
        ({"webhook-id": "\udcff"}, "No signature matches"),
        ({"webhook-id": ""}, "webhook-id is missing"),
        ({"webhook-timestamp": str(int(NOW) + 1)}, "No signature matches"),
        ({"webhook-timestamp": "now"}, "webhook-timestamp must be seconds since 1970"),
        ({"webhook-timestamp": "9" * 30}, "webhook-timestamp must be"),
        ({"webhook-signature": ""}, "No signature matches"),
        ({"webhook-signature": "v1,"}, "No signature matches"),
        ({"webhook-signature": "v1,é"}, "No signature matches"),
    ],
)
def test_headers_that_were_changed_are_refused(change: dict[str, str], complaint: str) -> None:
    with pytest.raises(WebhookVerificationError, match=complaint):
        check({**signed(), **change})


@pytest.mark.parametrize("own", ["", "t=1", "v1=ab", "t=1,t=2,v1=ab", "t=x,v1=ab", "t=1,v1=zz", "t=1,v1=", "é"])
def test_an_own_signature_that_is_none_is_refused(own: str) -> None:
    with pytest.raises(WebhookVerificationError):
        check({"X-AsyncQueue-Signature": own})


def test_another_body_or_secret_is_refused() -> None:
    for attempt in (
        {"body": BODY + b"\n"},
        {"secret": OTHER},
        {"headers": signed(secret=OTHER)},
        {"headers": {}},
    ):
        with pytest.raises(WebhookVerificationError):
            check(**{"headers": signed(), **attempt})


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_???", [], None, "aq_live_key", "é"])
def test_a_secret_that_is_none_is_refused_without_being_shown(secret: Any) -> None:
    with pytest.raises(ConfigurationError, match="secret must be") as refused:
        check(signed(), secret=secret)
    assert "aq_live" not in str(refused.value)


@given(body=st.binary(max_size=50), position=st.integers(0, 49), flip=st.integers(1, 255))
def test_no_byte_can_be_changed(body: bytes, position: int, flip: int) -> None:
    signature = signed_bytes(body)
    assert check(signature, body).payload == body
    changed = bytearray(body or b"x")
    changed[position % len(changed)] ^= flip
    with pytest.raises(WebhookVerificationError):
        check(signature, bytes(changed))


def signed_bytes(body: bytes) -> dict[str, str]:
    """The headers that the server itself puts on a body."""
    from chalicelib.domain import signing

    return dict(signing.headers([SECRET], message_id="msg_1", now=int(NOW * 1000), body=body))
