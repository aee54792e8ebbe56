"""Read by mypy alone: what a user's editor knows of the SDK."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from typing import assert_type

from astraflow_sdk import (
    AstraClient,
    AsyncAstraClient,
    AsyncFlowClient,
    AsyncQueueClient,
    FlowMessage,
    Page,
    QueueTask,
    RateLimitError,
    Task,
    VerifiedWebhook,
    aio,
    verify_webhook,
)


def blocking(client: AstraClient, queue: AsyncQueueClient, flow: AsyncFlowClient) -> None:
    page = client.get_tasks(status="active")
    assert_type(page, Page[Task])
    assert_type(page[0], Task)
    assert_type(page[0].created_at, datetime | None)
    assert_type(page.next_page(), Page[Task] | None)
    assert_type(page.auto_paging(), Iterator[Task])
    assert_type(client.with_options(timeout=1), AstraClient)
    assert_type(queue.wait("id"), QueueTask)
    assert_type(queue.poll_until_complete("id"), QueueTask)
    assert_type(flow.list(), Page[FlowMessage])
    client.update_task("id", due_date=None)
    client.create_task()  # type: ignore[call-arg]
    client.update_task("id", name=None)  # type: ignore[arg-type]
    with client as entered:
        assert_type(entered, AstraClient)
    try:
        client.get_users()
    except RateLimitError as error:
        assert_type(error.retry_after, float | None)


async def awaited(client: AsyncAstraClient, queue: aio.AsyncQueueClient) -> None:
    page = await client.get_tasks(status="active")
    assert_type(page, aio.Page[Task])
    assert_type(await page.next_page(), aio.Page[Task] | None)
    assert_type(page.auto_paging(), AsyncIterator[Task])
    assert_type(await queue.wait("id"), QueueTask)
    async with client as entered:
        assert_type(entered, AsyncAstraClient)


assert_type(verify_webhook(b"", {}, "whsec_"), VerifiedWebhook)
