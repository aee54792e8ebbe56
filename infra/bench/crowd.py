"""A team with very many tasks, in seconds: copies of rows that the app itself has made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import cycle, islice
from typing import Any

from moto.dynamodb.models import table as moto_table

from chalicelib import wiring
from chalicelib.aws import items
from chalicelib.aws.attributes import Item, number_of
from chalicelib.aws.parts import Parts
from chalicelib.domain.ids import uuid4_from
from infra.bench.capacity import size
from infra.bench.deployment import NAMES, Deployment
from infra.bench.scripted import Randomness
from infra.bench.tables import held_by_moto, plain, stored

#: A query reads so much of an index for one answer (API reference, Query).
_ANSWER_BYTES = 2**20


def multiply(task_ids: Sequence[str], count: int) -> None:
    """Store `count` more rows, copies of these tasks' in turn: each a second older than the one before it, none due
    at another time."""
    rows = {item.hash_key.value: plain(item) for item in stored(NAMES.tasks_table)}
    # Past the API: ten thousand items through it take as long as the pages that they are for.
    table = held_by_moto(NAMES.tasks_table)
    for row in islice(_copies([rows[task_id] for task_id in task_ids]), count):
        table.put_item(row)


def copied(row: Item, task_id: str, created_at: int) -> Item:
    """The row with another id and time. What is sealed in it is sealed anew: it would not open in another row."""
    tasks: Any = wiring.platform().parts.tasks
    parts: Parts = tasks._parts
    task = parts.task(row)
    copy = replace(
        task,
        id=task_id,
        created_at=created_at,
        payload=parts.payload_in(row, task),
        result=parts.result_in(row, task),
    )
    made = {**items.row_of(copy), **parts.place_request(copy)}
    made |= parts.place_payload(copy, made).attributes
    return made | parts.place_result(copy, made).attributes


@contextmanager
def answers_of_index_entries(here: Deployment) -> Iterator[None]:
    """Let a query's answer end where DynamoDB ends it: moto adds up the whole rows where the index entries count."""
    (index,) = here.tables.indexes(NAMES.tasks_table)
    rows = entries = 0
    for item in stored(NAMES.tasks_table):
        if (entry := index.entry(plain(item))) is not None:
            rows += item.size()
            entries += size(entry)
    before = moto_table.RESULT_SIZE_LIMIT
    moto_table.RESULT_SIZE_LIMIT = _ANSWER_BYTES * rows // entries
    try:
        yield
    finally:
        moto_table.RESULT_SIZE_LIMIT = before


def _copies(rows: Sequence[Any]) -> Iterator[dict[str, Any]]:
    chance = Randomness(seed=2)
    created_at = min(number_of(row["createdAt"]) for row in rows)
    for row in cycle(rows):
        created_at -= 1_000
        yield copied(row, uuid4_from(chance.bytes(16)), created_at)
