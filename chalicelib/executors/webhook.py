"""AsyncQueue's completion webhook: told once, redirects are not followed."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.domain.exchange import Answer, NoAnswer, Request
from chalicelib.domain.outgoing import USER_AGENT
from chalicelib.domain.task import Task
from chalicelib.executors.signatures import Signatures
from chalicelib.ports.outbound import Door
from chalicelib.views import asyncqueue
from chalicelib.views.encoding import encode

#: The answer's body is of no interest; so much is read before the connection is closed.
_MAX_BODY_BYTES = 1_024


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class CompletionWebhook:
    """Posts `{event, task}` to the task's `onCompleteUrl`."""

    door: Door
    signatures: Signatures

    def announce(self, task: Task, *, at_most_ms: int) -> Answer | NoAnswer:
        body = encode(asyncqueue.webhook(task)).encode()
        message_id = f"{task.id}-{task.status}"
        headers = (
            ("Content-Type", "application/json"),
            ("User-Agent", USER_AGENT),
            ("Idempotency-Key", message_id),
            ("X-Task-Attempt", "1"),
            ("X-Task-Last-Attempt", "true"),
            *self.signatures.headers(task, message_id=message_id, body=body),
        )
        return self.door.send(
            Request("POST", task.on_complete_url or "", headers, body),
            timeout_s=at_most_ms / 1000,
            follow_redirects=False,
            max_body_bytes=_MAX_BODY_BYTES,
        )
