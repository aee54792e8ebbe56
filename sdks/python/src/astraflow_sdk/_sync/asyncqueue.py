# Written by tools/twin.py from aio/asyncqueue.py: change that one.
"""AsyncQueue: calls to be made later, again, or until they succeed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import httpx2

from astraflow_sdk._ask import Ask, compact, given, segment
from astraflow_sdk._settings import required, settings
from astraflow_sdk._sync._ambient import Ambient
from astraflow_sdk._sync._connection import Client, Connection, Fixed
from astraflow_sdk._sync._pages import Page, fetched
from astraflow_sdk._sync._waiting import polled, until_finished
from astraflow_sdk.errors import ConfigurationError, ConflictError
from astraflow_sdk.models.asyncqueue import ApiKey, Attempt, Member, QueueTask, SigningSecret


class AsyncQueueClient(Client):
    """A team's tasks, keys, members and signing secret.

    `api_key` and `base_url` default to `ASYNCQUEUE_API_KEY` and `ASTRAFLOW_BASE_URL`. `timeout` is the patience for one
    answer in seconds, `max_retries` how often a request that may be repeated is sent again. Every method raises
    `APIStatusError` (one class per status) and `APIConnectionError`.
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
        key = required(api_key, "api_key", "ASYNCQUEUE_API_KEY")
        told = settings(base_url, timeout, max_retries, app_info)
        credential = Fixed({"Authorization": f"Bearer {key}"})
        self._connection = Connection(told, credential, transport, ambient or Ambient())

    def create_task(
        self,
        callback_url: str,
        *,
        method: str | None = None,
        headers: Mapping[str, str] | None = None,
        body: str | None = None,
        json: Any = None,
        max_wait_time: float | None = None,
        timeout: float | None = None,
        delay_until: datetime | str | None = None,
        max_retries: int | None = None,
        retry_backoff: str | None = None,
        on_complete_url: str | None = None,
        idempotency_key: str | None = None,
    ) -> QueueTask:
        """Have a URL called: at once, or at `delay_until`.

        `json` is sent as JSON in place of `body`. `max_wait_time` and `timeout` are seconds: for all attempts together,
        and for each. `retry_backoff` is exponential or linear. What is left out has the server's default. Sent under an
        idempotency key, so that a repeat makes no second task; name your own to repeat it across restarts.
        """
        if body is not None and json is not None:
            raise ConfigurationError("body and json must not be given together")
        members = given(
            callbackUrl=callback_url,
            method=method,
            headers=None if headers is None else dict(headers),
            body=body if json is None else compact(json),
            maxWaitTime=max_wait_time,
            timeout=timeout,
            delayUntil=delay_until,
            maxRetries=max_retries,
            retryBackoff=retry_backoff,
            onCompleteUrl=on_complete_url,
        )
        ask = Ask(method="POST", path="/v1/tasks", members=members, headers=self._keyed(idempotency_key))
        return QueueTask.of((self._connection.ask(ask)).member("task"))

    def get_task(self, task_id: str, *, wait: float | None = None, include_request: bool = False) -> QueueTask:
        """One task. `wait` holds the answer back until its status changes, for so many seconds at most (the server
        allows 25); `include_request` adds headers, body and `on_complete_url`, with secrets masked."""
        return self._look(task_id, wait, include_request=include_request)

    def list_tasks(
        self,
        *,
        status: str | None = None,
        limit: int | None = None,
        offset: int | None = None,
        sort_order: str | None = None,
        created_after: datetime | str | None = None,
        created_before: datetime | str | None = None,
    ) -> Page[QueueTask]:
        """The team's tasks, newest first: 50 on a page unless `limit` says otherwise, 100 at most."""
        query = given(
            status=status,
            limit=limit,
            offset=offset,
            sortOrder=sort_order,
            createdAfter=created_after,
            createdBefore=created_before,
        )
        return fetched(self._connection, "/v1/tasks", query, QueueTask, "tasks")

    def cancel_task(self, task_id: str) -> QueueTask:
        """Withdraw a task that is pending or delayed. Raises ConflictError when it is past that."""
        path = f"/v1/tasks/{segment('task_id', task_id)}/cancel"
        try:
            answer = self._connection.ask(Ask(method="POST", path=path, harmless=True))
        except ConflictError as refusal:
            # The first attempt may have done it, and only its answer got lost.
            task = self.get_task(task_id) if refusal.uncertain else None
            if task is None or task.status != "cancelled":
                raise
            return task
        return QueueTask.of(answer.member("task"))

    def attempts(self, task_id: str) -> list[Attempt]:
        """The history of a task, the attempt under way included."""
        answer = self._connection.ask(Ask(method="GET", path=f"/v1/tasks/{segment('task_id', task_id)}/attempts"))
        return [Attempt.of(each) for each in answer.member("attempts")]

    def wait(self, task_id: str, *, timeout: float = 300) -> QueueTask:
        """The task once it is finished, however it ended. The server holds its answers back, so that this takes few
        requests. Raises WaitTimeoutError after so many seconds."""
        return until_finished(
            lambda held, end: self._look(task_id, held, until=end), f"Task {task_id}", timeout, self._connection.ambient
        )

    def poll_until_complete(self, task_id: str, *, max_attempts: int = 10, interval: float = 5.0) -> QueueTask:
        """The task once it is finished, asked for up to `max_attempts` times with `interval` seconds between. Raises
        WaitTimeoutError. `wait` is quicker and asks less."""
        return polled(lambda: self._look(task_id), f"Task {task_id}", max_attempts, interval, self._connection.ambient)

    def list_keys(self) -> list[ApiKey]:
        """The team's keys, without the secrets themselves."""
        return [ApiKey.of(each) for each in (self._get("/v1/keys")).member("keys")]

    def create_key(self, name: str, *, idempotency_key: str | None = None) -> ApiKey:
        """A new key. Its `key` is shown only now. Raises PermissionDeniedError when the plan allows no more."""
        return ApiKey.of((self._post("/v1/keys", {"name": name}, self._keyed(idempotency_key))).json())

    def rotate_key(
        self, key_id: str, *, overlap_seconds: int | None = None, idempotency_key: str | None = None
    ) -> ApiKey:
        """A key in place of another, which opens for `overlap_seconds` more, 24 hours by default."""
        path, members = f"/v1/keys/{segment('key_id', key_id)}/rotate", given(overlapSeconds=overlap_seconds)
        return ApiKey.of((self._post(path, members, self._keyed(idempotency_key))).json())

    def revoke_key(self, key_id: str) -> None:
        """A key opens nothing from now on."""
        self._delete(f"/v1/keys/{segment('key_id', key_id)}")

    def list_members(self) -> list[Member]:
        """The team's members."""
        return [Member.of(each) for each in (self._get("/v1/members")).member("members")]

    def add_member(self, email: str, *, idempotency_key: str | None = None) -> Member:
        """A new member. Raises PermissionDeniedError when the plan allows no more, ConflictError when there is one."""
        return Member.of((self._post("/v1/members", {"email": email}, self._keyed(idempotency_key))).json())

    def remove_member(self, member_id: str) -> None:
        """Somebody is a member no more."""
        self._delete(f"/v1/members/{segment('member_id', member_id)}")

    def signing_secret(self) -> SigningSecret:
        """What the team's callbacks and webhooks are signed with: for `verify_webhook`."""
        return SigningSecret.of((self._get("/v1/signing-secret")).json())

    def rotate_signing_secret(
        self, *, overlap_seconds: int | None = None, idempotency_key: str | None = None
    ) -> SigningSecret:
        """A new secret; the one before signs beside it for `overlap_seconds`, 24 hours by default."""
        path, members = "/v1/signing-secret/rotate", given(overlapSeconds=overlap_seconds)
        return SigningSecret.of((self._post(path, members, self._keyed(idempotency_key))).json())

    def _look(
        self, task_id: str, wait: float | None = None, *, include_request: bool = False, until: float | None = None
    ) -> QueueTask:
        query = given(wait=wait, include="request" if include_request else None)
        path = f"/v1/tasks/{segment('task_id', task_id)}"
        answer = self._connection.ask(Ask(method="GET", path=path, query=query, held_s=wait or 0, until=until))
        return QueueTask.of(answer.member("task"))
