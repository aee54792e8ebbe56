"""A tenant's webhooks: who wants to be told of what, and when to stop telling."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

from chalicelib.domain.rotation import Rotation, Rotations, remembered, turned
from chalicelib.domain.task import SigningState

#: So many deliveries in a row that failed for good disable a webhook.
MOST_FAILURES = 20
GONE = "The endpoint answered 410 Gone"
FAILING = f"{MOST_FAILURES} deliveries in a row failed"


class ItemEvent(StrEnum):
    """What a webhook can be told of."""

    CREATED = "task.created"
    UPDATED = "task.updated"
    DUE = "task.due"


#: Sent on request, whatever a webhook listens for.
PING = "ping"


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """One webhook as its row holds it.

    `failed` are the deliveries that failed for good since one succeeded. `disabled_at`: nothing is sent any more, for
    the reason in `disabled_reason`. `change` names the call that made the last change, `fingerprint` stands for the
    request that registered it, where that one had an idempotency key; `rotations` are those of its secret that may be
    asked for again.
    """

    id: str
    tenant: str
    url: str
    event: ItemEvent
    created_at: int
    signing: SigningState = field(default_factory=SigningState)
    failed: tuple[str, ...] = ()
    disabled_at: int | None = None
    disabled_reason: str | None = None
    version: int = 1
    change: str = ""
    fingerprint: str | None = None
    rotations: Rotations = ()

    @property
    def enabled(self) -> bool:
        return self.disabled_at is None

    @property
    def signer(self) -> str:
        """The name that its signing secrets are derived from."""
        return f"astraflow-webhook-{self.id}"


def succeeded(webhook: Webhook) -> Webhook:
    """The webhook after a delivery that succeeded."""
    return replace(webhook, failed=())


def failed(webhook: Webhook, delivery: str, *, gone: bool, now: int) -> Webhook:
    """The webhook after a delivery that failed for good; telling it again of the same one changes nothing."""
    if not webhook.enabled:
        return webhook
    if delivery not in webhook.failed:
        webhook = replace(webhook, failed=(*webhook.failed, delivery))
    if gone:
        return replace(webhook, disabled_at=now, disabled_reason=GONE)
    if len(webhook.failed) >= MOST_FAILURES:
        return replace(webhook, disabled_at=now, disabled_reason=FAILING)
    return webhook


def rotated(webhook: Webhook, overlap_s: int, key: str | None, now: int) -> Webhook:
    """The webhook with its next secret, and what `key` stands for remembered."""
    state = turned(webhook.signing, overlap_s, now)
    if key is None:
        return replace(webhook, signing=state)
    rotations = remembered(webhook.rotations, Rotation(key, overlap_s, now, state))
    return replace(webhook, signing=state, rotations=rotations)


def enabled(webhook: Webhook) -> Webhook:
    """The webhook with a new beginning."""
    return replace(webhook, failed=(), disabled_at=None, disabled_reason=None)
