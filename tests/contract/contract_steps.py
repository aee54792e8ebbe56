"""Rows of tasks as the contract suites find them: created, claimed, standing as they say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from contract_bench import Tasks
from contract_samples import NOW, TOKEN, a_task

from chalicelib.domain.task import Task
from chalicelib.ports.tasks import Applied, Fence

RETENTION_S = 86_400
#: 200 KiB of ASCII.
LARGE_BODY = "x" * (200 * 1024)


def created(tasks: Tasks, **given_fields: Any) -> Task:
    """A task whose row stands as created."""
    task = a_task(**given_fields)
    assert isinstance(tasks.create(task), Applied)
    return task


def claimed(tasks: Tasks, **given_fields: Any) -> Task:
    """The row of a task that was just claimed for the first time."""
    task = created(tasks, **given_fields)
    answer = tasks.claim(task.id, attempt=1, token=TOKEN, now=task.due_at)
    assert isinstance(answer, Applied)
    return answer.task


def standing(tasks: Tasks, **changed: Any) -> Task:
    """A row that stands as these fields say."""
    row = claimed(tasks)
    answer = tasks.commit(replace(row, **changed), Fence.of(row))
    assert isinstance(answer, Applied)
    return answer.task


def read(tasks: Tasks, task_id: str, now: int = NOW) -> Task:
    """The whole row with payload and result."""
    row = tasks.get(task_id, now=now, payload=True)
    assert row is not None
    return row
