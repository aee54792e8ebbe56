"""Which secrets sign what goes out for a team."""

from __future__ import annotations

from dataclasses import dataclass, field

from chalicelib.domain import signing
from chalicelib.domain.errors import UnavailableError
from chalicelib.domain.exchange import Headers
from chalicelib.domain.task import SigningState, Task
from chalicelib.ports.ambient import Clock
from chalicelib.ports.identity import TeamStore

#: How long what was read of a team's secrets is trusted. A task brings along what its create request read, so one that
#: runs at once costs no read.
FRESH_MS = 60_000


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Signatures:
    """Signs outgoing requests with the secrets that are in force for the task's team."""

    teams: TeamStore
    clock: Clock
    pepper: bytes
    _read: dict[str, tuple[int, SigningState]] = field(default_factory=dict)

    def headers(self, task: Task, *, message_id: str, body: bytes) -> Headers:
        """The signature headers of one request for this task."""
        now = self.clock.now()
        secrets = signing.secrets_in_force(self.pepper, task.team, self._state(task, now), now)
        return signing.headers(secrets, message_id=message_id, now=now, body=body)

    def _state(self, task: Task, now: int) -> SigningState:
        if now - task.created_at < FRESH_MS:
            return task.signing
        read_at, state = self._read.get(task.team, (0, task.signing))
        if now - read_at < FRESH_MS:
            return state
        try:
            team = self.teams.team(task.team)
        except UnavailableError:
            return state
        state = task.signing if team is None else team.signing
        self._read[task.team] = (now, state)
        return state
