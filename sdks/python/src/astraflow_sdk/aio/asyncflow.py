"""AsyncFlow: messages that take their time, over a network that is not always kind."""

from __future__ import annotations

import httpx2

from astraflow_sdk._ask import Ask, given, segment
from astraflow_sdk._settings import required, settings
from astraflow_sdk.aio._ambient import Ambient
from astraflow_sdk.aio._connection import Client, Connection, Fixed
from astraflow_sdk.aio._pages import Page, fetched
from astraflow_sdk.aio._waiting import until_finished
from astraflow_sdk.models.asyncflow import FlowMessage, GroupReport, Submission


class AsyncFlowClient(Client):
    """A group's messages.

    `api_key`, `group` and `base_url` default to `ASYNCFLOW_API_KEY`, `ASYNCFLOW_GROUP` and `ASTRAFLOW_BASE_URL`.
    `timeout` is the patience for one answer in seconds, `max_retries` how often a request is sent again: never before
    `Retry-After` has passed, and a submit under the key of its first attempt, so that a lost answer makes no second
    message. Every method raises `APIStatusError` (one class per status) and `APIConnectionError`.
    """

    def __init__(
        self,
        api_key: str | None = None,
        group: str | None = None,
        *,
        base_url: str | None = None,
        timeout: float = 10,
        max_retries: int = 2,
        app_info: str | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
        ambient: Ambient | None = None,
    ) -> None:
        headers = {
            "X-API-KEY": required(api_key, "api_key", "ASYNCFLOW_API_KEY"),
            "X-STUDENT-GROUP": required(group, "group", "ASYNCFLOW_GROUP"),
        }
        told = settings(base_url, timeout, max_retries, app_info)
        self._connection = Connection(told, Fixed(headers), transport, ambient or Ambient())

    async def submit(
        self, destination: str, content: str, *, priority: str | None = None, idempotency_key: str | None = None
    ) -> Submission:
        """Hand a message over. `priority` is informational. Without an `idempotency_key` of your own each call makes
        one message under a new key; with one, whoever repeats it within the server's memory makes none."""
        members = given(destination=destination, content=content, priority=priority)
        return Submission.of((await self._post("/asyncflow", members, self._keyed(idempotency_key))).json())

    async def get(self, tracking_id: str, *, wait: float | None = None) -> FlowMessage:
        """One message. `wait` holds the answer back until its status changes, for so many seconds at most (the server
        allows 25)."""
        return await self._look(tracking_id, wait)

    async def list(self, *, limit: int | None = None) -> Page[FlowMessage]:
        """The group's newest 1,000 messages, or `limit` of them, the oldest first; further pages lead to older ones."""
        return await fetched(self._connection, "/asyncflow", given(limit=limit), FlowMessage, None)

    async def wait(self, tracking_id: str, *, timeout: float = 300) -> FlowMessage:
        """The message once it is Completed or Failed. The server holds its answers back, so that this takes few of the
        group's requests. Raises WaitTimeoutError after so many seconds."""
        return await until_finished(
            lambda held, end: self._look(tracking_id, held, end),
            f"Message {tracking_id}",
            timeout,
            self._connection.ambient,
        )

    async def report(self) -> GroupReport:
        """How the group has fared, and how well its client behaved."""
        return GroupReport.of((await self._get("/asyncflow/report")).json())

    async def _look(self, tracking_id: str, wait: float | None, until: float | None = None) -> FlowMessage:
        path = f"/asyncflow/{segment('tracking_id', tracking_id)}"
        ask = Ask(method="GET", path=path, query=given(wait=wait), held_s=wait or 0, until=until)
        return FlowMessage.of((await self._connection.ask(ask)).json())
