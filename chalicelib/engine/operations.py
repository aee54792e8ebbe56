"""Operations: work of a known kind that the deployment carries out itself, in the background."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chalicelib.domain import ids
from chalicelib.domain.errors import ForbiddenError, NotFoundError
from chalicelib.domain.kinds.kind import Kind
from chalicelib.domain.kinds.registry import Kinds
from chalicelib.domain.task import Operation, Payload, Task
from chalicelib.engine.control import Cancel
from chalicelib.engine.query import Tasks
from chalicelib.engine.submit import Order, Submit, Submitted
from chalicelib.ports.ambient import Randomness

#: How often an operation is tried again that has failed.
RETRIES = 3
#: What the id of an operation's task begins with where it is stored: no other API can mean it by an id of its own.
STORED = "op-"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Operations:
    """The use cases behind `/api`. Raises as `Submit`, `Tasks` and `Cancel`, but another tenant's task is not found."""

    kinds: Kinds
    submit: Submit
    withdraw: Cancel
    tasks: Tasks
    randomness: Randomness

    def accept(
        self, tenant: str, kind: Kind, given: Any, *, idempotency_key: str | None, fingerprint: str | None
    ) -> Submitted:
        """Accept an operation on this input. `fingerprint` stands for the whole request, as in `Order`."""
        if idempotency_key is None:
            task_id = ids.uuid4_from(self.randomness.bytes(16))
        else:
            task_id = ids.derived(tenant, idempotency_key)
        return self.submit(
            Order(
                team=tenant,
                work=Operation(kind.name),
                payload=Payload(body=kind.dump(given)),
                max_retries=RETRIES,
                idempotency_key=idempotency_key,
                fingerprint=fingerprint,
                task_id=STORED + task_id,
            )
        )

    def get(self, tenant: str, operation_id: str, *, seconds: float = 0) -> Task:
        """The task of an operation with its input and result: as soon as its state has changed or it is finished, or
        after so many seconds."""
        try:
            return self.tasks.wait(tenant, STORED + operation_id, seconds=seconds, payload=True)
        except ForbiddenError:
            raise NotFoundError from None

    def cancel(self, tenant: str, operation_id: str) -> Task:
        """Withdraw an operation that waits; its task as it then stands."""
        try:
            self.withdraw(tenant, STORED + operation_id)
        except ForbiddenError:
            raise NotFoundError from None
        return self.get(tenant, operation_id)


def tenant(team: str | None) -> str:
    """The name under which a team's operations are stored, apart from its other tasks; None: whoever has no key."""
    return f"asimov-{team or 'open'}"


def operation_id(task: Task) -> str:
    """The id of an operation as its owner knows it."""
    return task.id.removeprefix(STORED)
