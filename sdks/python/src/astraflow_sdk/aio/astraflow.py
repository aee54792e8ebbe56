"""AstraFlow: a tenant's tasks, users and webhooks, over OAuth 2.0."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import httpx2

from astraflow_sdk._ask import UNSET, Ask, Unset, changed, given, segment
from astraflow_sdk._settings import fit_for_header, from_environment, required, settings
from astraflow_sdk.aio._ambient import Ambient
from astraflow_sdk.aio._connection import Client, Connection, Credential, Fixed
from astraflow_sdk.aio._pages import Page, fetched
from astraflow_sdk.aio._tokens import ClientCredentials
from astraflow_sdk.errors import ConfigurationError
from astraflow_sdk.models.astraflow import Delivery, Task, User, Webhook, WebhookSecret

_TASKS, _USERS, _WEBHOOKS = "/api/v1/tasks", "/api/v1/users", "/api/v1/webhooks"


class AstraClient(Client):
    """A tenant's tasks, users and webhooks.

    Give a `token`, or `client_id` and `client_secret`: then tokens are fetched, and renewed in time, with the `scopes`
    asked for or all that the client may have. They default to `ASTRAFLOW_TOKEN`, else `ASTRAFLOW_CLIENT_ID` and
    `ASTRAFLOW_CLIENT_SECRET`; `base_url` to `ASTRAFLOW_BASE_URL`. `timeout` is the patience for one answer in seconds,
    `max_retries` how often a request that may be repeated is sent again. Every method raises `APIStatusError` (one
    class per status) and `APIConnectionError`.
    """

    def __init__(
        self,
        token: str | None = None,
        *,
        base_url: str | None = None,
        client_id: str | None = None,
        client_secret: str | None = None,
        scopes: Sequence[str] | None = None,
        timeout: float = 10,
        max_retries: int = 2,
        app_info: str | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
        ambient: Ambient | None = None,
    ) -> None:
        credential = _credential(token, client_id, client_secret, scopes)
        told = settings(base_url, timeout, max_retries, app_info)
        self._connection = Connection(told, credential, transport, ambient or Ambient())

    async def get_tasks(
        self, *, status: str | None = None, page: int | None = None, per_page: int | None = None
    ) -> Page[Task]:
        """The tasks, newest first, with this status (pending, active, completed): 20 on a page unless `per_page` says
        otherwise, 100 at most. They hold id, name and status."""
        query = given(status=status, page=page, per_page=per_page)
        return await fetched(self._connection, _TASKS, query, Task, "tasks")

    async def get_task(self, task_id: str) -> Task:
        """One task, with all that is known of it."""
        return Task.of((await self._get(f"{_TASKS}/{segment('task_id', task_id)}")).json())

    async def create_task(
        self,
        name: str,
        *,
        due_date: datetime | str | None = None,
        priority: str | None = None,
        description: str | None = None,
        idempotency_key: str | None = None,
    ) -> Task:
        """A new task, pending. `priority` is low, medium or high. Without an `idempotency_key` of your own each call
        makes another task, however often the SDK has to send it."""
        members = given(name=name, due_date=due_date, priority=priority, description=description)
        return Task.of((await self._post(_TASKS, members, self._keyed(idempotency_key))).json())

    async def update_task(
        self,
        task_id: str,
        *,
        name: str | Unset = UNSET,
        status: str | Unset = UNSET,
        due_date: datetime | str | Unset | None = UNSET,
        priority: str | Unset | None = UNSET,
        description: str | Unset = UNSET,
    ) -> Task:
        """Change what is given; None takes a due date or a priority back. The answer holds id, status and
        updated_at."""
        members = changed(name=name, status=status, due_date=due_date, priority=priority, description=description)
        ask = Ask(method="PUT", path=f"{_TASKS}/{segment('task_id', task_id)}", members=members)
        return Task.of((await self._connection.ask(ask)).json())

    async def delete_task(self, task_id: str) -> None:
        """Delete a task for good."""
        await self._delete(f"{_TASKS}/{segment('task_id', task_id)}")

    async def get_users(
        self,
        *,
        role: str | None = None,
        active: bool | None = None,
        page: int | None = None,
        per_page: int | None = None,
    ) -> Page[User]:
        """The accounts, with this role (admin, member, viewer) if one is given. For admins."""
        query = given(role=role, active=active, page=page, per_page=per_page)
        return await fetched(self._connection, _USERS, query, User, "users")

    async def create_user(
        self, email: str, password: str, *, role: str | None = None, idempotency_key: str | None = None
    ) -> User:
        """A new account; `role` is member unless it says otherwise. For admins. Raises ConflictError when the address
        has one."""
        members = given(email=email, password=password, role=role)
        return User.of((await self._post(_USERS, members, self._keyed(idempotency_key))).json())

    async def create_webhook(self, url: str, event: str, *, idempotency_key: str | None = None) -> Webhook:
        """Have a URL told of an event: task.created, task.updated or task.due. Keep the `secret`: it is shown only now,
        and `verify_webhook` asks for it."""
        members = {"url": url, "event": event}
        return Webhook.of((await self._post(_WEBHOOKS, members, self._keyed(idempotency_key))).json())

    async def get_webhooks(self) -> list[Webhook]:
        """The webhooks."""
        return [Webhook.of(each) for each in (await self._get(_WEBHOOKS)).member("webhooks")]

    async def get_webhook(self, webhook_id: str) -> Webhook:
        """One webhook, with when and why the server gave up on it."""
        return Webhook.of((await self._get(_webhook(webhook_id))).json())

    async def delete_webhook(self, webhook_id: str) -> None:
        """A webhook is told nothing more."""
        await self._delete(_webhook(webhook_id))

    async def enable_webhook(self, webhook_id: str) -> Webhook:
        """A webhook that the server gave up on is told again."""
        ask = Ask(method="POST", path=f"{_webhook(webhook_id)}/enable", harmless=True)
        return Webhook.of((await self._connection.ask(ask)).json())

    async def ping_webhook(self, webhook_id: str, *, idempotency_key: str | None = None) -> Delivery:
        """Send a webhook something to answer."""
        path = f"{_webhook(webhook_id)}/ping"
        return Delivery.of((await self._post(path, {}, self._keyed(idempotency_key))).json())

    async def rotate_webhook_secret(
        self, webhook_id: str, *, overlap_seconds: int | None = None, idempotency_key: str | None = None
    ) -> WebhookSecret:
        """A new secret; the one before signs beside it for `overlap_seconds`, 24 hours by default."""
        path, members = f"{_webhook(webhook_id)}/rotate", given(overlap_seconds=overlap_seconds)
        return WebhookSecret.of((await self._post(path, members, self._keyed(idempotency_key))).json())

    async def get_deliveries(self, webhook_id: str, *, limit: int | None = None) -> Page[Delivery]:
        """What a webhook was sent, newest first: 20 on a page unless `limit` says otherwise, 50 at most."""
        path = f"{_webhook(webhook_id)}/deliveries"
        return await fetched(self._connection, path, given(limit=limit), Delivery, "deliveries")

    async def get_delivery(self, webhook_id: str, delivery_id: str) -> Delivery:
        """One delivery."""
        return Delivery.of((await self._get(_delivery(webhook_id, delivery_id))).json())

    async def replay_delivery(
        self, webhook_id: str, delivery_id: str, *, idempotency_key: str | None = None
    ) -> Delivery:
        """Send once more what was sent before."""
        path = f"{_delivery(webhook_id, delivery_id)}/replay"
        return Delivery.of((await self._post(path, {}, self._keyed(idempotency_key))).json())


def _webhook(webhook_id: str) -> str:
    return f"{_WEBHOOKS}/{segment('webhook_id', webhook_id)}"


def _delivery(webhook_id: str, delivery_id: str) -> str:
    return f"{_webhook(webhook_id)}/deliveries/{segment('delivery_id', delivery_id)}"


def _credential(
    token: str | None, client_id: str | None, client_secret: str | None, scopes: Sequence[str] | None
) -> Credential:
    """What was given, else what the environment holds: a token before client credentials."""
    if isinstance(scopes, str):
        raise ConfigurationError("scopes must be a list of texts")
    if token is not None and (client_id is not None or client_secret is not None):
        raise ConfigurationError("Give a token or client credentials, not both")
    if client_id is None and client_secret is None:
        token = from_environment(token, "ASTRAFLOW_TOKEN")
        if token is None and from_environment(None, "ASTRAFLOW_CLIENT_ID") is None:
            raise ConfigurationError(
                "token is missing: pass token=... or set ASTRAFLOW_TOKEN, or give client_id and client_secret"
            )
    if token is not None:
        if scopes is not None:
            raise ConfigurationError("scopes are for client credentials: a token has the ones that it has")
        return Fixed({"Authorization": f"Bearer {fit_for_header(required(token, 'token', ''), 'token')}"})
    return ClientCredentials(
        required(client_id, "client_id", "ASTRAFLOW_CLIENT_ID"),
        required(client_secret, "client_secret", "ASTRAFLOW_CLIENT_SECRET"),
        scopes,
    )
