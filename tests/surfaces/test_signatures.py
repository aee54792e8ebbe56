"""Everything that goes out is signed, and the page that tells receivers how to verify it is right."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from world import ManualClock, World, answer

from chalicelib.domain import signing
from chalicelib.domain.exchange import Request
from surfaces.astraflow.tenancy import application

PAGE = (Path(__file__).parents[2] / "docs" / "verify-signatures.md").read_text("utf-8")
SNIPPETS = {
    language: re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    for language in ("python", "javascript", "bash")
}
SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
BODY = '{"event":"task.completed","text":"é"}'.encode()


@pytest.fixture
def world() -> Iterator[World]:
    # Receivers judge the age of a message by the machine's own clock.
    with World(clock=ManualClock(time.time_ns() // 1_000_000)) as world:
        yield world


def macs(request: Request, secret: str) -> tuple[str, str]:
    """Both signatures of a request, computed anew with one secret."""
    headers, key = dict(request.headers), base64.b64decode(secret.removeprefix("whsec_"))
    body, timestamp = request.body or b"", headers["webhook-timestamp"]
    standard = hmac.new(key, f"{headers['webhook-id']}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    own = hmac.new(key, f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
    return f"v1,{base64.b64encode(standard).decode()}", f"v1={own}"


def assert_signed(request: Request, *secrets: str) -> None:
    """Signed with exactly these secrets, newest first, in both schemes."""
    headers = dict(request.headers)
    expected = [macs(request, secret) for secret in secrets]
    assert headers["webhook-signature"] == " ".join(standard for standard, _ in expected)
    own = ",".join(own for _, own in expected)
    assert headers["X-AsyncQueue-Signature"] == f"t={headers['webhook-timestamp']},{own}"


def told(request: Request) -> tuple[str, str]:
    headers = dict(request.headers)
    assert headers["Idempotency-Key"] == headers["webhook-id"]
    return headers["X-Task-Attempt"], headers["X-Task-Last-Attempt"]


def test_callbacks_and_completion_webhooks_are_signed_with_the_teams_secret(world: World) -> None:
    _, key = world.team()
    secret = world.request("GET", "/v1/signing-secret", key=key).json["secret"]
    world.door.script = lambda request: answer(500)
    order = {"callbackUrl": "https://a.example/", "onCompleteUrl": "https://b.example/", "body": "{}", "maxRetries": 1}
    world.request("POST", "/v1/tasks", key=key, json=order)
    world.work()

    for call in world.door.calls:
        assert_signed(call, secret)
    first, second, webhook = world.door.calls
    assert [told(each) for each in (first, second, webhook)] == [("1", "false"), ("2", "true"), ("1", "true")]
    assert dict(first.headers)["webhook-id"] == dict(second.headers)["webhook-id"]
    assert dict(webhook.headers)["webhook-id"] != dict(first.headers)["webhook-id"]


def test_while_a_teams_secret_is_replaced_both_sign(world: World) -> None:
    _, key = world.team()
    old = world.request("GET", "/v1/signing-secret", key=key).json["secret"]
    new = world.request("POST", "/v1/signing-secret/rotate", key=key, json={"overlapSeconds": 60}).json["secret"]
    world.request("POST", "/v1/tasks", key=key, json={"callbackUrl": "https://a.example/"})
    world.work()
    world.clock.sleep(61_000)
    world.request("POST", "/v1/tasks", key=key, json={"callbackUrl": "https://a.example/"})
    world.work()

    during, after = world.door.calls
    assert_signed(during, new, old)
    assert_signed(after, new)


def test_webhooks_pings_and_replays_are_signed_with_the_webhooks_secret(world: World) -> None:
    app = application(world)
    webhook, other = app.webhook(), app.webhook(url="https://other.example/")
    replies = iter([answer(503), answer(503)])
    world.door.script = lambda request: next(replies, answer(200))
    app.task()
    world.work()
    app.made(f"POST /webhooks/{webhook['id']}/ping")
    world.work()
    delivery = app.made(f"GET /webhooks/{webhook['id']}/deliveries")["deliveries"][-1]
    app.made(f"POST /webhooks/{webhook['id']}/deliveries/{delivery['id']}/replay")
    world.work()

    ours = [call for call in world.door.calls if call.url == webhook["url"]]
    for call in ours:
        assert_signed(call, webhook["secret"])
    for call in world.door.calls:
        if call.url == other["url"]:
            assert_signed(call, other["secret"])
    assert [told(each) for each in ours] == [("1", "false"), ("2", "false"), ("1", "false"), ("1", "false")]
    ids = [dict(call.headers)["webhook-id"] for call in ours]
    assert ids[0] == ids[1] == ids[3] != ids[2]


def test_while_a_webhooks_secret_is_replaced_both_sign(world: World) -> None:
    app = application(world)
    webhook = app.webhook()
    rotated = app.made(f"POST /webhooks/{webhook['id']}/rotate", {"overlap_seconds": 60})
    app.task()
    world.work()

    assert_signed(world.door.calls[-1], rotated["secret"], webhook["secret"])


# --- The page ---


def sent(secrets: list[str], *, ago_s: int = 0) -> dict[str, str]:
    """The headers of a request that was sent now, or so long ago: a check looks at the time."""
    now = (int(time.time()) - ago_s) * 1000
    return dict(signing.headers(secrets, message_id="m-1", now=now, body=BODY))


ANOTHER = signing.secret(b"pepper", "somebody else", 1)
CASES = [
    pytest.param([SECRET], 0, BODY, True, id="genuine"),
    pytest.param([signing.secret(b"pepper", "new", 2), SECRET], 0, BODY, True, id="while it is replaced"),
    pytest.param([ANOTHER], 0, BODY, False, id="another secret"),
    pytest.param([SECRET], 0, BODY + b" ", False, id="another body"),
]
LATE = pytest.param([SECRET], 301, BODY, False, id="too old")


@pytest.mark.parametrize(("secrets", "ago_s", "body", "genuine"), [*CASES, LATE])
def test_the_snippet_for_the_standard_library_is_right(
    secrets: list[str], ago_s: int, body: bytes, genuine: bool
) -> None:
    snippet = SNIPPETS["python"][1]
    assert "astraflow_sdk" not in snippet
    scope: dict[str, Any] = {}
    exec(snippet, scope)  # noqa: S102

    assert scope["receive"](body, sent(secrets, ago_s=ago_s), SECRET) == (json.loads(BODY) if genuine else None)


@pytest.mark.parametrize(("secrets", "ago_s", "body", "genuine"), CASES)
@pytest.mark.parametrize("number", [0, 1], ids=["standard", "own"])
def test_the_snippets_for_a_terminal_are_right(
    number: int, secrets: list[str], ago_s: int, body: bytes, genuine: bool, tmp_path: Path
) -> None:
    tmp_path.joinpath("body").write_bytes(body)
    headers = sent(secrets, ago_s=ago_s)
    variables = {name.upper().replace("-", "_"): value for name, value in headers.items()}
    own = {"SECRET": SECRET, "SIGNATURE": headers["X-AsyncQueue-Signature"], "PATH": "/usr/bin:/bin"}
    environment = {**variables, **own}
    done = subprocess.run(
        ["bash", "-euc", SNIPPETS["bash"][number]],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )

    assert done.stdout == ("genuine\n" if genuine else "forged\n")


def test_the_snippet_for_the_sdk_is_right(tmp_path: Path) -> None:
    """Run apart, for the SDK is no part of the product's environment: its module of signatures needs nothing else."""
    snippet, sdk = SNIPPETS["python"][0], Path(__file__).parents[2] / "sdks" / "python" / "src" / "astraflow_sdk"
    tmp_path.joinpath("astraflow_sdk").mkdir()
    for name in ("webhooks.py", "errors.py"):
        tmp_path.joinpath("astraflow_sdk", name).write_text((sdk / name).read_text("utf-8"), "utf-8")
    exports = (
        "from astraflow_sdk.errors import WebhookVerificationError\nfrom astraflow_sdk.webhooks import verify_webhook\n"
    )
    tmp_path.joinpath("astraflow_sdk", "__init__.py").write_text(exports, "utf-8")
    asked = ", ".join(f"receive({BODY!r}, {sent([secret])}, {SECRET!r})" for secret in (SECRET, ANOTHER))
    program = f"{snippet}\nprint({asked})\n"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, timeout=30, check=True
    )

    assert done.stdout == f"{json.loads(BODY)} None\n"


def test_the_page_names_what_is_sent(world: World) -> None:
    world.request("POST", "/v1/tasks", key=world.team()[1], json={"callbackUrl": "https://a.example/"})
    world.work()
    sent = {name for name, _ in world.door.calls[0].headers}

    named = set(re.findall(r"^\| `([A-Za-z-]+)` \|", PAGE, re.MULTILINE))
    # Sent with AstraFlow's webhooks alone.
    assert named <= sent | {"X-AstraFlow-Event"}
    assert {name for name in sent if name.lower().startswith(("webhook-", "x-asyncqueue-"))} <= named
