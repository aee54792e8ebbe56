"""What a request can do without is asked for once and given up soon, whatever AWS says."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

import pytest

from chalicelib.aws.clients import Clients
from chalicelib.aws.identity import AwsIdentity
from chalicelib.domain.errors import UnavailableError

REFUSALS = ["AccessDeniedException", "ProvisionedThroughputExceededException", "ResourceNotFoundException"]


@pytest.fixture(autouse=True)
def _somebody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "nobody")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "nothing")


@contextmanager
def a_table(refusal: str | None) -> Iterator[tuple[AwsIdentity, list[str]]]:
    """A store of keys over a DynamoDB that refuses everything so, or that answers nothing; and what it was asked."""
    asked: list[str] = []
    over = Event()

    class Refusing(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(self.headers["X-Amz-Target"])
            self.rfile.read(int(self.headers["Content-Length"]))
            if refusal is None:
                over.wait(10)
                return
            body = f'{{"__type": "com.amazonaws.dynamodb.v20120810#{refusal}", "message": "no"}}'.encode()
            self.send_response(400)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield AwsIdentity(Clients("us-east-1", f"http://127.0.0.1:{server.server_port}"), "identity"), asked
        finally:
            over.set()
            server.shutdown()


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_refused_note_is_not_asked_for_again_and_is_no_failure_of_the_request(refusal: str) -> None:
    with a_table(refusal) as (identity, asked):
        with pytest.raises(UnavailableError, match=f"update_item.*{refusal}"):
            identity.use_key("hash", at=2, before=1)

        assert asked == ["DynamoDB_20120810.UpdateItem"]


def test_a_note_that_is_not_answered_is_given_up_in_a_moment() -> None:
    with a_table(None) as (identity, asked):
        identity._uses._table._client  # noqa: B018  (making a client is not what is measured)
        began = time.monotonic()
        with pytest.raises(UnavailableError):
            identity.use_key("hash", at=2, before=1)

        assert time.monotonic() - began < 1
        assert len(asked) == 1
