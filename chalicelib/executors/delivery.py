"""The kind `delivery`: an event of AstraFlow, told to one webhook."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace

from chalicelib.domain import signing
from chalicelib.domain.errors import NotFoundError, SpoiledError, UnavailableError
from chalicelib.domain.exchange import Answer, Request
from chalicelib.domain.outcome import Continue, Failed, Outcome, Succeeded
from chalicelib.domain.outgoing import event_headers, message_id
from chalicelib.domain.retry import LONGEST_RETRY_AFTER_MS, retry_after_ms
from chalicelib.domain.task import AttemptOutcome, Delivery, Payload, Result, Task
from chalicelib.domain.webhooks import Webhook
from chalicelib.engine.hooks import Webhooks
from chalicelib.executors.confirmation import Confirmation, Confirmed
from chalicelib.executors.text import body_text
from chalicelib.ports.ambient import Clock
from chalicelib.ports.outbound import Door

#: How long an endpoint may take to answer.
TIMEOUT_MS = 10_000
#: How much of an answer is kept for its owner's eyes.
MAX_BODY_BYTES = 4_096
#: Answers of the 400s that may pass by themselves; any other is final.
_PASSING = frozenset({408, 425, 429})
_GONE = 410
#: What keeps a webhook from remembering how a delivery ended.
_NO_NOTE = (UnavailableError, NotFoundError, SpoiledError)
#: How long to wait where a part of the platform did not answer. No retry is spent: nothing was sent.
_UNAVAILABLE_MS = 5_000

DELETED = "The webhook was deleted"
DISABLED = "The webhook is disabled"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class DeliveryExecutor:
    """Posts the payload's body to the webhook once the change it tells of is made.

    A 2xx is success. 410 disables the webhook; any other 4xx but 408, 425 and 429 is final too. All else is
    tried again. Redirects are not followed.
    """

    door: Door
    clock: Clock
    hooks: Webhooks
    confirmation: Confirmation

    def attempt(self, task: Task, *, until: int) -> Outcome | None:
        work = task.work_as(Delivery)
        try:
            if work.item is not None and work.change is not None and not _confirmed(task):
                confirmed = self.confirmation.of_change(
                    task, work.tenant, work.item, work.version, work.change, until=until
                )
                if not isinstance(confirmed, Confirmed):
                    return confirmed
            webhook = self.hooks.get(work.tenant, work.webhook)
        except NotFoundError:
            return Failed(DELETED, final=True)
        except UnavailableError:
            return Continue(_UNAVAILABLE_MS)
        if not webhook.enabled:
            return Failed(DISABLED, final=True)
        return self._send(task, webhook, until)

    def lost(self, task: Task) -> None:
        """Count a delivery among those that failed for good whose last attempt could not: its worker vanished."""
        if isinstance(task.work, Delivery):
            with suppress(*_NO_NOTE):
                webhook = self.hooks.get(task.work.tenant, task.work.webhook)
                self.hooks.undelivered(webhook, task.id, gone=False)

    def _send(self, task: Task, webhook: Webhook, until: int) -> Outcome | None:
        request = self._request(task, webhook)
        began = self.clock.now()
        if began >= until:
            return None
        answer = self.door.send(
            request,
            timeout_s=min(TIMEOUT_MS, until - began) / 1000,
            follow_redirects=False,
            max_body_bytes=MAX_BODY_BYTES,
        )
        outcome = (
            _outcome(answer, self.clock.now() - began, self.clock.now())
            if isinstance(answer, Answer)
            else Failed(f"fetch failed: {answer.failure.value}", self.clock.now() - began)
        )
        # Best effort: a note that is not taken is one that the next delivery makes.
        with suppress(*_NO_NOTE):
            self._note(task, webhook, outcome)
        return outcome

    def _note(self, task: Task, webhook: Webhook, outcome: Succeeded | Failed) -> None:
        if isinstance(outcome, Succeeded):
            self.hooks.delivered(webhook)
        elif outcome.final or task.last_attempt:
            gone = outcome.result is not None and outcome.result.status_code == _GONE
            self.hooks.undelivered(webhook, task.id, gone=gone)

    def _request(self, task: Task, webhook: Webhook) -> Request:
        body = ((task.payload or Payload()).body or "").encode()
        secrets = self.hooks.secrets_in_force(webhook)
        signatures = signing.headers(secrets, message_id=message_id(task), now=self.clock.now(), body=body)
        return Request("POST", webhook.url, (*event_headers(task), *signatures), body)


def _confirmed(task: Task) -> bool:
    """Whether an earlier attempt has seen the change: only one that had would have sent anything."""
    return any(entry.outcome is AttemptOutcome.FAILED for entry in task.history)


def _outcome(answer: Answer, waited_ms: int, now: int) -> Succeeded | Failed:
    result = Result(answer.status, answer.headers, body_text(answer, MAX_BODY_BYTES), waited_ms)
    if 200 <= answer.status < 300:
        return Succeeded(waited_ms, result)
    failed = Failed(f"The endpoint answered {answer.status}", waited_ms, result)
    if 400 <= answer.status < 500 and answer.status not in _PASSING:
        return replace(failed, final=True)
    asked_ms = retry_after_ms(answer.headers, now)
    return replace(failed, at_least_ms=min(asked_ms, LONGEST_RETRY_AFTER_MS))
