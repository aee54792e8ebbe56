"""How a page of tasks fares on the local stack as a team grows: printed as ratios, the totals held to be right."""

from __future__ import annotations

import tempfile
import time
import uuid
from pathlib import Path
from typing import Any

import requests

from chalicelib.aws import keys
from infra.bench.crowd import copied
from infra.local.stack import LocalStack

SIZES = (100, 1_000, 10_000)
_LOOKS = 5
#: BatchWriteItem takes so many.
_BATCH = 25
_QUERIES = {"all": "", "completed": "&status=completed", "failed": "&status=failed"}


def report() -> str:
    """The figures as lines of text. Raises AssertionError when a total is wrong."""
    lines = ["Pages of 50 on the local stack, milliseconds (times those at 100 tasks)"]
    first: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder, LocalStack(folder=Path(folder)) as stack:
        team = _Team(stack)
        for size in SIZES:
            team.grow(size)
            figures = []
            for name, query in _QUERIES.items():
                ms = team.look(query, total=0 if name == "failed" else size)
                figures.append(f"{name} {ms:.0f} ({ms / first.setdefault(name, ms):.1f})")
            lines.append(f"  {size:>6,} tasks    " + "    ".join(figures))
    return "\n".join(lines)


class _Team:
    """The demo team, whose one real task is copied as often as is asked."""

    def __init__(self, stack: LocalStack) -> None:
        self._url = f"{stack.base_url}/v1/tasks"
        self._dynamodb = stack.aws.client("dynamodb")
        self._table = stack.names.tasks_table
        self._session = requests.Session()
        self._session.headers["Authorization"] = "Bearer your-api-key"
        self._row = self._completed(f"{stack.base_url}/health")
        self._count = 1

    def grow(self, size: int) -> None:
        """Copy the task until the team has so many."""
        created_at = int(self._row["createdAt"]["N"])
        while self._count < size:
            batch = range(self._count, min(size, self._count + _BATCH))
            puts = [{"PutRequest": {"Item": self._copy(created_at - number)}} for number in batch]
            self._dynamodb.batch_write_item(RequestItems={self._table: puts})
            self._count = batch.stop

    def look(self, query: str, *, total: int) -> float:
        """The quickest of some looks at a page, in milliseconds."""
        best = float("inf")
        for _ in range(_LOOKS):
            began = time.perf_counter()
            page = self._session.get(f"{self._url}?limit=50{query}", timeout=60).json()
            best = min(best, time.perf_counter() - began)
            found = page["pagination"]["total"]
            if found != total:
                raise AssertionError(f"{query or 'all'}: {found} in place of {total}")
        return best * 1000

    def _completed(self, callback: str) -> dict[str, Any]:
        task = self._session.post(self._url, json={"callbackUrl": callback, "method": "GET"}, timeout=10).json()["task"]
        while "completedAt" not in task:
            task = self._session.get(f"{self._url}/{task['id']}?wait=5", timeout=10).json()["task"]
        row: dict[str, Any] = self._dynamodb.get_item(TableName=self._table, Key=keys.task(task["id"]))["Item"]
        return row

    def _copy(self, created_at: int) -> dict[str, Any]:
        return copied(self._row, str(uuid.uuid4()), created_at)
