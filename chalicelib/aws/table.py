"""One DynamoDB table: the few calls that the stores make, with refused conditions as values.

Expressions name attributes as `#name`; the table of names that DynamoDB wants for that is derived from them, so that
no attribute can collide with one of its 570 reserved words.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.aws.attributes import Item, Value
from chalicelib.aws.clients import Clients
from chalicelib.aws.failures import RejectedCallError, call
from chalicelib.domain.errors import UnavailableError

Values = dict[str, Value]

#: BatchGetItem takes so many keys.
_BATCH = 100
#: Pauses before asking again for keys that BatchGetItem left out, while it leaves out all of them.
_PAUSES_S = (0.05, 0.1, 0.2)
_NAME = re.compile(r"#\w+")


@dataclass(frozen=True, slots=True)
class Written:
    """The item as the write left it."""

    item: Item


@dataclass(frozen=True, slots=True)
class Declined:
    """The condition did not hold for this item; None: there is none."""

    item: Item | None


class Table:
    """Calls on one table. Each may raise UnavailableError."""

    def __init__(self, clients: Clients, name: str, *, offhand: bool = False) -> None:
        """`offhand`: calls that the caller can do without, given up soon and not repeated."""
        self._clients = clients
        self._name = name
        self._offhand = offhand

    @property
    def _client(self) -> Any:
        return self._clients.dynamodb_offhand if self._offhand else self._clients.dynamodb

    def get(self, key: Item) -> Item | None:
        """The item as the last write left it."""
        answer = call(self._client.get_item, TableName=self._name, Key=key, ConsistentRead=True)
        found: Item | None = answer.get("Item")
        return found

    def put(self, item: Item, condition: str | None = None, values: Values | None = None) -> Written | Declined:
        """Store an item in whole, under a condition on the one that is there."""
        expressions = {} if condition is None else {**_conditional(condition), **_operands(values, condition)}
        try:
            call(self._client.put_item, TableName=self._name, Item=item, **expressions)
        except RejectedCallError as rejected:
            return _declined(rejected)
        return Written(item)

    def put_together(self, *puts: tuple[Item, str, Values | None]) -> bool:
        """Store items in whole, each under its own condition: all of them or none. False when it is none, because a
        condition did not hold or another write came in between."""
        writes = [
            {
                "Put": {
                    "TableName": self._name,
                    "Item": item,
                    "ConditionExpression": condition,
                    **_operands(values, condition),
                }
            }
            for item, condition, values in puts
        ]
        try:
            call(self._client.transact_write_items, TransactItems=writes)
        except RejectedCallError as rejected:
            if rejected.code == "TransactionCanceledException":
                return False
            raise
        return True

    def update(
        self, key: Item, change: str, condition: str | None = None, values: Values | None = None
    ) -> Written | Declined:
        """Change some attributes of an item, under a condition that an absent item does not meet; without one an absent
        item is made."""
        try:
            answer = call(
                self._client.update_item,
                TableName=self._name,
                Key=key,
                UpdateExpression=change,
                ReturnValues="ALL_NEW",
                **({} if condition is None else _conditional(condition)),
                **_operands(values, change, condition or ""),
            )
        except RejectedCallError as rejected:
            return _declined(rejected)
        return Written(answer["Attributes"])

    def delete(self, key: Item) -> None:
        """Remove an item; one that is absent is removed already."""
        call(self._client.delete_item, TableName=self._name, Key=key)

    def query(self, condition: str, values: Values, where: str | None = None, **options: Any) -> dict[str, Any]:
        """One answer of a query: at most 1 MiB is read, before `where` filters it."""
        filtered = {} if where is None else {"FilterExpression": where}
        answer: dict[str, Any] = call(
            self._client.query,
            TableName=self._name,
            KeyConditionExpression=condition,
            **filtered,
            **_operands(values, condition, where or "", options.get("ProjectionExpression", "")),
            **options,
        )
        return answer

    def scan(self, where: str, values: Values) -> Iterator[Item]:
        """All items that pass the filter. Reads the whole table."""
        start: dict[str, Any] = {}
        while True:
            answer = call(
                self._client.scan,
                TableName=self._name,
                ConsistentRead=True,
                FilterExpression=where,
                **_operands(values, where),
                **start,
            )
            yield from answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def stretch(self, where: str, values: Values, after: Item | None) -> tuple[list[Item], Item | None]:
        """Those items that pass the filter in the next MiB of the table, and the key that the one after it begins
        behind. May lag behind writes: that costs half."""
        start = {} if after is None else {"ExclusiveStartKey": after}
        answer = call(
            self._client.scan, TableName=self._name, FilterExpression=where, **_operands(values, where), **start
        )
        return answer["Items"], answer.get("LastEvaluatedKey")

    def batch_get(self, wanted: Sequence[Item]) -> list[Item]:
        """Those of the items that are there, as the last writes left them, in any order. No key may come twice."""
        found: list[Item] = []
        for first in range(0, len(wanted), _BATCH):
            left = list(wanted[first : first + _BATCH])
            pauses = iter(_PAUSES_S)
            while left:
                asked = len(left)
                request = {self._name: {"Keys": left, "ConsistentRead": True}}
                answer = call(self._client.batch_get_item, RequestItems=request)
                found += answer["Responses"].get(self._name, ())
                left = answer.get("UnprocessedKeys", {}).get(self._name, {}).get("Keys", [])
                if len(left) == asked:
                    pause_s = next(pauses, None)
                    if pause_s is None:
                        raise UnavailableError("batch_get_item was not confirmed: keys were left unprocessed")
                    time.sleep(pause_s)
        return found


def _conditional(condition: str) -> dict[str, Any]:
    return {"ConditionExpression": condition, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}


def _operands(values: Values | None, *expressions: str) -> dict[str, Any]:
    """The names and values that the expressions use, as DynamoDB wants them told."""
    names = {name: name[1:] for expression in expressions for name in _NAME.findall(expression)}
    operands: dict[str, Any] = {"ExpressionAttributeNames": names}
    if values:
        operands["ExpressionAttributeValues"] = values
    return operands


def _declined(rejected: RejectedCallError) -> Declined:
    if rejected.code != "ConditionalCheckFailedException":
        raise rejected
    return Declined(rejected.item)
