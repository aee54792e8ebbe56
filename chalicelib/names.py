"""Stage, account and region -> the names, addresses and ARNs of everything `infra/resources.json` creates."""

from __future__ import annotations

from dataclasses import dataclass

#: API Gateway's stage: the last segment of a deployed base URL.
API_STAGE = "live"


@dataclass(frozen=True, slots=True)
class Names:
    """What the resources of one stage are called. `infra/resources.json` is tested against it."""

    stage: str
    account: str
    region: str

    def _named(self, thing: str) -> str:
        return f"sluice-{self.stage}-{thing}"

    @property
    def tasks_table(self) -> str:
        return self._named("tasks")

    @property
    def identity_table(self) -> str:
        return self._named("identity")

    @property
    def items_table(self) -> str:
        """AstraFlow's tasks and webhooks."""
        return self._named("items")

    @property
    def tasks_queue(self) -> str:
        """Wake-up calls for attempts; schedules fire into it too."""
        return self._named("tasks")

    @property
    def webhooks_queue(self) -> str:
        """Wake-up calls for completion webhooks."""
        return self._named("webhooks")

    @property
    def dead_letters_queue(self) -> str:
        """Where both queues and the schedules leave what they could not deliver."""
        return self._named("dead-letters")

    @property
    def schedule_group(self) -> str:
        return self._named("schedules")

    @property
    def scheduler_role(self) -> str:
        """The role that lets EventBridge Scheduler send to the tasks queue."""
        return self._named("scheduler")

    @property
    def data_key(self) -> str:
        """The alias of the KMS key that wraps the data keys."""
        return f"alias/{self._named('data')}"

    def queue_arn(self, queue: str) -> str:
        return f"arn:aws:sqs:{self.region}:{self.account}:{queue}"

    def role_arn(self, role: str) -> str:
        return f"arn:aws:iam::{self.account}:role/{role}"
