"""Dead letters, on the table that holds the tasks: all of them are one range, which the reader of the dead-letter queue
may add to and only the operator's API may read and clear."""

from __future__ import annotations

from typing import Any

from chalicelib.aws import keys
from chalicelib.aws.attributes import Item, number, number_of, text, text_of
from chalicelib.aws.clients import Clients
from chalicelib.aws.table import Table
from chalicelib.domain.dead_letters import DeadLetter, Reason

_RANGE = "#pk = :letters AND #sk > :after"


class AwsDeadLetters:
    """The port `DeadLetterStore`; one call each, and for a page as many as 1 MiB of letters takes."""

    def __init__(self, clients: Clients, table: str) -> None:
        self._table = Table(clients, table)

    def keep(self, letter: DeadLetter, *, expires_s: int) -> None:
        """Store a letter; one of the same id is the same letter."""
        self._table.put({**_item(letter), "expiresAt": number(expires_s)})

    def get(self, letter_id: str, *, now: int) -> DeadLetter | None:
        """One letter."""
        item = self._table.get(keys.dead_letter(letter_id))
        return None if item is None or _expired(item, now) else _letter(item)

    def page(self, after: str, limit: int, *, now: int) -> list[DeadLetter]:
        """Up to so many letters whose ids come after this text, oldest first."""
        found: list[DeadLetter] = []
        values = {":letters": text(keys.DEAD_LETTERS), ":after": text(after or keys.BEFORE_DEAD_LETTERS)}
        start: dict[str, Any] = {}
        while True:
            answer = self._table.query(_RANGE, values, Limit=limit, ConsistentRead=True, **start)
            found += [_letter(item) for item in answer["Items"] if not _expired(item, now)]
            if len(found) >= limit or "LastEvaluatedKey" not in answer:
                return found[:limit]
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def remove(self, letter_id: str) -> None:
        """Forget a letter; one that does not exist is forgotten already."""
        self._table.delete(keys.dead_letter(letter_id))


def _item(letter: DeadLetter) -> Item:
    told = {name: text(value) for name, value in (("task", letter.task), ("team", letter.team)) if value is not None}
    return {
        **keys.dead_letter(letter.id),
        "reason": text(letter.reason.value),
        "at": number(letter.at),
        "body": text(letter.body),
        "length": number(letter.length),
        **told,
    }


def _letter(item: Item) -> DeadLetter:
    return DeadLetter(
        id=text_of(item["sk"]),
        reason=Reason(text_of(item["reason"])),
        at=number_of(item["at"]),
        body=text_of(item["body"]),
        length=number_of(item["length"]),
        task=text_of(item["task"]) if "task" in item else None,
        team=text_of(item["team"]) if "team" in item else None,
    )


def _expired(item: Item, now: int) -> bool:
    return number_of(item["expiresAt"]) <= now // 1000
