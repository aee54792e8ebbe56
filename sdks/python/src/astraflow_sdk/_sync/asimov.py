# Written by tools/twin.py from aio/asimov.py: change that one.
"""Asimov: the deployment's own operations, at once or in the background."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx2

from astraflow_sdk._ask import Ask, given, segment
from astraflow_sdk._settings import fit_for_header, from_environment, settings
from astraflow_sdk._sync._ambient import Ambient
from astraflow_sdk._sync._connection import Client, Connection, Fixed
from astraflow_sdk._sync._waiting import until_finished
from astraflow_sdk.errors import ConflictError
from astraflow_sdk.models.asimov import Operation

#: How long an operation may take that is answered in the call itself, in seconds: what a gateway puts up with.
_CALL_S = 29


class AsimovClient(Client):
    """Operations of every kind that the deployment has.

    `api_key` is the key of a team, by default `ASYNCQUEUE_API_KEY`; a deployment may be open to callers without one.
    `base_url` defaults to `ASTRAFLOW_BASE_URL`. `timeout` is the patience for one answer in seconds, `max_retries` how
    often a request is sent again. Every method raises `APIStatusError` (one class per status) and `APIConnectionError`.
    """

    def __init__(
        self,
        api_key: str | None = None,
        *,
        base_url: str | None = None,
        timeout: float = 10,
        max_retries: int = 2,
        app_info: str | None = None,
        transport: httpx2.BaseTransport | None = None,
        ambient: Ambient | None = None,
    ) -> None:
        key = from_environment(api_key, "ASYNCQUEUE_API_KEY")
        credential = Fixed({"Authorization": f"Bearer {fit_for_header(key, 'api_key')}"} if key else {})
        told = settings(base_url, timeout, max_retries, app_info)
        self._connection = Connection(told, credential, transport, ambient or Ambient())

    def call(self, kind: str, data: Mapping[str, Any]) -> Operation:
        """Carry an operation out and return it with its result. What takes too long for a call is refused with
        BadRequestError: `start` that."""
        # It leaves nothing behind, so that it can be repeated.
        ask = Ask(
            method="POST",
            path=f"/api/{segment('kind', kind)}",
            members=data,
            headers={"X-Request-Mode": "sync"},
            held_s=_CALL_S,
            harmless=True,
        )
        return Operation.of((self._connection.ask(ask)).json())

    def start(self, kind: str, data: Mapping[str, Any], *, idempotency_key: str | None = None) -> Operation:
        """Have an operation carried out in the background. Sent under an idempotency key, so that a repeat starts no
        second one; name your own to repeat it across restarts."""
        headers = {"X-Request-Mode": "async", **self._keyed(idempotency_key)}
        return Operation.of((self._post(f"/api/{segment('kind', kind)}", data, headers)).json())

    def get(self, operation_id: str, *, wait: float | None = None) -> Operation:
        """An operation that was started. `wait` holds the answer back until its state changes, for so many seconds at
        most (the server allows 25)."""
        return self._look(operation_id, wait)

    def cancel(self, operation_id: str) -> Operation:
        """Withdraw an operation that is PENDING. Raises ConflictError when it is past that."""
        try:
            answer = self._connection.ask(self._of("DELETE", operation_id))
        except ConflictError as refusal:
            # The first attempt may have done it, and only its answer got lost.
            found = self.get(operation_id) if refusal.uncertain else None
            if found is None or (found.error or {}).get("code") != "CANCELLED":
                raise
            return found
        return Operation.of(answer.json())

    def wait(self, operation_id: str, *, timeout: float = 300) -> Operation:
        """The operation once it is COMPLETED, or FAILURE. Raises WaitTimeoutError after so many seconds."""
        return until_finished(
            lambda held, end: self._look(operation_id, held, end),
            f"Operation {operation_id}",
            timeout,
            self._connection.ambient,
        )

    def _look(self, operation_id: str, wait: float | None, until: float | None = None) -> Operation:
        return Operation.of((self._connection.ask(self._of("GET", operation_id, wait, until))).json())

    def _of(self, method: str, operation_id: str, wait: float | None = None, until: float | None = None) -> Ask:
        return Ask(
            method=method,
            path=f"/api/tasks/{segment('operation_id', operation_id)}",
            query=given(wait=wait),
            headers={"X-Message-Struct": "fully"},
            held_s=wait or 0,
            until=until,
        )
