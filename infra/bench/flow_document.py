"""What the page says of AsyncFlow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from infra.bench.bill import Bill, Price, Unit
from infra.bench.flow import FRESH_MS, FlowMeasurement, FlowPath, FlowRow
from infra.bench.ledgers import REQUESTS, SUBMIT_EVERY
from infra.bench.markdown import dollars, each, table, whole

_RUN = (FlowPath.PICK_UP, FlowPath.END)
#: Whole messages, and the paths that each goes.
_MESSAGES: Mapping[str, Sequence[FlowPath]] = {
    "is never asked about": (FlowPath.REQUEST, FlowPath.SUBMIT, *_RUN),
    "is never asked about, in batches of ten": (
        FlowPath.REQUEST,
        FlowPath.SUBMIT,
        FlowPath.PICK_UP_IN_TEN,
        FlowPath.END_IN_TEN,
    ),
    "is polled three times": (
        FlowPath.REQUEST,
        FlowPath.SUBMIT,
        *_RUN,
        *(FlowPath.REQUEST, FlowPath.POLL) * 3,
    ),
    "fails": (FlowPath.REQUEST, FlowPath.SUBMIT, FlowPath.PICK_UP, FlowPath.FAILURE),
    "is sent twice under its Idempotency-Key": (
        *(FlowPath.REQUEST, FlowPath.SUBMIT_KEYED),
        *(FlowPath.REQUEST, FlowPath.REPLAY, FlowPath.REPLAY_SENT_ON, FlowPath.REPLAY_DROPPED),
        *_RUN,
    ),
    "is refused three times by the limit before": (*(FlowPath.REFUSED,) * 3, FlowPath.REQUEST, FlowPath.SUBMIT, *_RUN),
}
_MONTH_MS = 30 * 86_400_000


def render(measured: FlowMeasurement, prices: Mapping[str, Price]) -> str:
    """The section as Markdown."""
    looks = _MONTH_MS / FRESH_MS
    month = Bill(used={Unit.READ: looks / 1e6}).dollars(prices)
    return f"""## AsyncFlow

A million messages, from the submit to the end. Each request of a group replaces its ledger with one conditional write,
which counts and numbers it; a request over the limit touches nothing. A message is picked up, waits in the queue for as
long as it takes, and ends.

{whole("A message that", _MESSAGES, measured.paths, prices)}

What a path uses comes on top of the first line, which every request pays. An instance looks at the stage's profile once
in {FRESH_MS // 1000} s while it is asked: {looks:,.0f} reads a month at most, {dollars(month)}.

{each({path: measured.paths[path] for path in FlowPath}, prices)}

Simulated latency is not in these figures: the function waits it out and is paid for it.

A ledger holds the window, the numbers and the counters of the report. In a busy hour the group asks {REQUESTS} times a
minute, and one request in {SUBMIT_EVERY} brings a message.

{table(["Item", "bytes"], [[row.value, f"{measured.rows[row]:,}"] for row in FlowRow])}"""
