"""The SDK over the network: its README, and the clients, against a running local stack."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from chalicelib.domain import signing
from infra.local.stack import LocalStack

import astraflow_sdk
from astraflow_sdk import AsyncFlowClient, AsyncQueueClient, aio

SDK = Path(__file__).parents[1]
README = (SDK / "README.md").read_text("utf-8")
#: Each block of Python, and what it is said to print.
BLOCKS = re.findall(r"```python\n(.*?)```(?:\n\n```text\n(.*?)```)?", README, re.DOTALL)
#: The pages of the repository that have snippets for this SDK, and the address that they name.
PAGES = [
    page
    for page in (SDK.parents[1] / "README.md", *sorted((SDK.parents[1] / "docs").glob("*.md")))
    if re.search(r"```python\n[^`]*astraflow_sdk", page.read_text("utf-8"))
]
MADE_UP = "http://127.0.0.1:8000"
#: A quick and quiet day: a simulated fault would be no fault of the README's.
DAY = {"ASYNCFLOW_OUTAGE_RATE": "0", "ASYNCFLOW_PROCESSING_MIN_SECONDS": "0", "ASYNCFLOW_PROCESSING_MAX_SECONDS": "1"}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    with pytest.MonkeyPatch.context() as environment:
        for name, value in DAY.items():
            environment.setenv(name, value)
        with LocalStack(folder=tmp_path_factory.mktemp("stack")) as running:
            yield running


@pytest.fixture
def told(stack: LocalStack, monkeypatch: pytest.MonkeyPatch) -> LocalStack:
    """The stack, named by the environment."""
    seeded = stack.document["astraflow"]
    monkeypatch.setenv("ASTRAFLOW_BASE_URL", stack.base_url)
    monkeypatch.setenv("ASTRAFLOW_CLIENT_ID", seeded["client_id"])
    monkeypatch.setenv("ASTRAFLOW_CLIENT_SECRET", seeded["client_secret"])
    return stack


def test_every_snippet_of_the_readme_does_what_it_says(told: LocalStack) -> None:
    known: dict[str, Any] = {}
    assert len(BLOCKS) >= 12
    for code, expected in BLOCKS:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(code, "README.md", "exec"), known)  # noqa: S102  (it is what this test is for)
        if expected:
            pattern = ".+".join(re.escape(part) for part in expected.split("..."))
            assert re.fullmatch(pattern, printed.getvalue()), f"{code}\nprints\n{printed.getvalue()}"
    _the_handler_works(known["on_request"], known["secret"])
    for client in (each for each in known.values() if hasattr(each, "with_options") and hasattr(each, "_connection")):
        client.close()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_snippet_of_the_documentation_runs(told: LocalStack, page: Path) -> None:
    known: dict[str, Any] = {}
    for code in re.findall(r"```python\n(.*?)```", page.read_text("utf-8"), re.DOTALL):
        if "astraflow_sdk" in code:
            exec(compile(code.replace(MADE_UP, told.base_url), page.name, "exec"), known)  # noqa: S102  (as above)


def test_the_readme_names_every_method_error_and_variable() -> None:
    for name in ("AstraClient", "AsyncQueueClient", "AsyncFlowClient", "AsimovClient"):
        row = next(line for line in README.splitlines() if line.startswith(f"| `{name}` |"))
        methods = {each for each in vars(getattr(astraflow_sdk, name)) if not each.startswith("_")}
        assert set(re.findall(r"`(\w+)`", row)) - {name} == methods
    for name in astraflow_sdk.__all__:
        if name.endswith("Error"):
            assert f"`{name}`" in README
    source = "".join(path.read_text() for path in (SDK / "src").rglob("*.py"))
    used = set(re.findall(r'"((?:ASTRAFLOW|ASYNCQUEUE|ASYNCFLOW)_[A-Z_]+)"', source))
    assert used == set(re.findall(r"`((?:ASTRAFLOW|ASYNCQUEUE|ASYNCFLOW)_[A-Z_]+)`", README))


def test_the_manuals_snippet_is_in_the_readme_word_for_word() -> None:
    assert BLOCKS[0][0] == (
        "from astraflow_sdk import AstraClient\n"
        "client = AstraClient(token='YOUR_TOKEN_HERE')\n"
        "tasks = client.get_tasks(status='active')\n"
        "print(tasks)\n"
    )


def test_many_threads_share_one_client(told: LocalStack) -> None:
    with AsyncQueueClient("your-api-key") as queue, ThreadPoolExecutor(8) as threads:
        hook = f"{told.base_url}/health"
        made = list(threads.map(lambda _: queue.create_task(hook, method="GET").id, range(24)))
        ends = list(threads.map(lambda task_id: queue.wait(task_id, timeout=60).status, made))

    assert len(set(made)) == 24
    assert ends == ["completed"] * 24


def test_many_coroutines_share_one_client(told: LocalStack) -> None:
    async def story() -> list[str]:
        async with aio.AsyncQueueClient("your-api-key") as queue:
            hook = f"{told.base_url}/health"
            made = await asyncio.gather(*(queue.create_task(hook, method="GET") for _ in range(12)))
            ends = await asyncio.gather(*(queue.wait(task.id, timeout=60) for task in made))
            return [task.status for task in ends]

    assert asyncio.run(story()) == ["completed"] * 12


def test_a_group_over_its_limit_is_told_so_at_once_if_it_wants(told: LocalStack) -> None:
    with AsyncFlowClient("asyncflow-api-key", "in a hurry", max_retries=0) as flow:
        for _ in range(10):
            flow.list()
        began = time.monotonic()
        with pytest.raises(astraflow_sdk.RateLimitError) as refused:
            flow.list()
        assert time.monotonic() - began < 5
        assert (refused.value.limit, refused.value.remaining) == (10, 0)


def _the_handler_works(handler: Any, secret: str) -> None:
    body = json.dumps({"event": "task.completed"}).encode()
    now = int(time.time() * 1000)
    headers = dict(signing.headers([secret], message_id="msg_1", now=now, body=body))
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        assert handler(body, headers) == 204
        assert handler(body + b" ", headers) == 400
    assert printed.getvalue() == "msg_1 task.completed\n"
