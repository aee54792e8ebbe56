"""Counts what SDK clients ask of AWS, as AWS would bill it.

It listens to the clients' own events, so the code that calls them is the code that is deployed. What the services do
among themselves (an event source mapping, a schedule) is charged by whoever plays that part.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from infra.bench.bill import Bill, Unit
from infra.bench.capacity import index_write_units, item_read_units, query_read_units, scan_read_units, write_units
from infra.bench.tables import Tables

#: SQS counts a request once for each 64 KB it carries.
_QUEUE_CHUNK = 65_536
_REFUSED = "ConditionalCheckFailedException"
#: Where the parameters and the image before wait, in the SDK's own context of a call, for the answer.
_SEEN = "infra.bench.seen"


class UnmeteredError(Exception):
    """A call, or an error, whose cost is not known here. It must not pass for a free one."""


class Meter:
    """What was used since the last look."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._calls: Counter[str] = Counter()
        self._used: Counter[Unit] = Counter()

    def watch(self, client: Any) -> None:
        """Count every call of this client from now on."""
        client.meta.events.register("provide-client-params.*.*", self._sent)
        client.meta.events.register("after-call.*.*", self._answered)

    def take(self) -> Bill:
        """The bill since the last one."""
        bill = Bill(dict(self._calls), dict(self._used))
        self._calls.clear()
        self._used.clear()
        return bill

    def charge(self, units: Mapping[Unit, float], call: str | None = None) -> None:
        """Count units, and the call they are for if it is one to the engine's services."""
        self._used.update(units)
        if call is not None:
            self._calls[call] += 1

    def _sent(self, params: dict[str, Any], model: Any, context: dict[str, Any], **_: Any) -> None:
        before = None
        if model.name in {"PutItem", "UpdateItem", "DeleteItem"}:
            before = self._tables.item(params["TableName"], _holder(params))
        context[_SEEN] = (params, before)

    def _answered(self, parsed: dict[str, Any], model: Any, context: dict[str, Any], **_: Any) -> None:
        params, before = context[_SEEN]
        error = parsed.get("Error", {}).get("Code")
        if error not in {None, _REFUSED}:
            raise UnmeteredError(f"{model.name}: {error}")
        match model.name:
            case "PutItem" | "UpdateItem" | "DeleteItem":
                self._charge_write(params, before, refused=error == _REFUSED)
            case "GetItem":
                read = item_read_units(parsed.get("Item"), consistent=params.get("ConsistentRead", False))
                self.charge({Unit.READ: read})
            case "BatchGetItem":
                self.charge({Unit.READ: sum(self._batch_reads(params))})
            case "Query" | "Scan":
                self.charge({Unit.READ: self._looked_through(model.name, params, parsed)})
            case "TransactWriteItems":
                # Each write counts twice; what is written together here is new.
                for entry in params["TransactItems"]:
                    self.charge({Unit.TABLE_WRITE: 2 * write_units(None, entry["Put"]["Item"])})
            case "SendMessage":
                chunks = -(-len(params["MessageBody"].encode()) // _QUEUE_CHUNK)
                self.charge({Unit.QUEUE_REQUEST: chunks, Unit.FAIR_MESSAGE: int("MessageGroupId" in params)})
            case "ChangeMessageVisibility":
                self.charge({Unit.QUEUE_REQUEST: 1})
            case "Decrypt" | "GenerateDataKey":
                self.charge({Unit.KEY_REQUEST: 1})
            case "CreateSchedule" | "DeleteSchedule":
                pass  # Scheduler bills what fires, not what is set up
            case unknown:
                raise UnmeteredError(unknown)
        self._calls[model.name] += 1

    def _looked_through(self, call: str, params: dict[str, Any], parsed: dict[str, Any]) -> float:
        consistent = params.get("ConsistentRead", False)
        if call == "Query":
            return query_read_units(self._entries(params, parsed), consistent=consistent)
        # A scan's share of all: the items of a table that is looked through here are much alike.
        items, weight = self._tables.weight(params["TableName"])
        return scan_read_units(weight * parsed["ScannedCount"] / max(1, items), consistent=consistent)

    def _entries(self, params: dict[str, Any], parsed: dict[str, Any]) -> list[Any]:
        """What a query read: without an index and a filter, what it answered."""
        if "IndexName" not in params and "FilterExpression" not in params:
            return list(parsed["Items"])
        return self._tables.entries_read(params, parsed["ScannedCount"])

    def _charge_write(self, params: dict[str, Any], before: Any, *, refused: bool) -> None:
        table = params["TableName"]
        if refused:
            self.charge({Unit.TABLE_WRITE: write_units(before, before)})
            return
        after = self._tables.item(table, _holder(params))
        moved = sum(index_write_units(before, after, index) for index in self._tables.indexes(table))
        self.charge({Unit.TABLE_WRITE: write_units(before, after), Unit.INDEX_WRITE: moved})

    def _batch_reads(self, params: dict[str, Any]) -> list[float]:
        return [
            item_read_units(self._tables.item(table, key), consistent=request.get("ConsistentRead", False))
            for table, request in params["RequestItems"].items()
            for key in request["Keys"]
        ]


def _holder(params: dict[str, Any]) -> Any:
    """The part of a write's parameters that holds the item's key."""
    return params["Item"] if "Item" in params else params["Key"]
