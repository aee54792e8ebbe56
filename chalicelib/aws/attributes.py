"""DynamoDB's attribute values, plain to tagged and back, and what they weigh.

By hand, because boto3's own serialiser guesses types, turns numbers into Decimal and takes several times as long.
"""

from __future__ import annotations

from typing import Any

#: One tagged value: `{"S": text}`, `{"N": digits}`, `{"B": bytes}` or `{"BOOL": flag}`.
Value = dict[str, Any]
Item = dict[str, Value]


def text(value: str) -> Value:
    return {"S": value}


def number(value: int) -> Value:
    return {"N": str(value)}


def binary(value: bytes) -> Value:
    return {"B": value}


def flag(value: bool) -> Value:
    return {"BOOL": value}


def text_of(value: Value) -> str:
    plain: str = value["S"]
    return plain


def number_of(value: Value) -> int:
    return int(value["N"])


def binary_of(value: Value) -> bytes:
    plain: bytes = value["B"]
    return plain


def flag_of(value: Value) -> bool:
    plain: bool = value["BOOL"]
    return plain


def size_of(item: Item) -> int:
    """The bytes that DynamoDB bills and limits, names included; at most a few too many.

    (Developer Guide, "DynamoDB item sizes and formats": a number takes a byte per two digits and one more.)
    """
    return sum(len(name.encode()) + _weight(value) for name, value in item.items())


def _weight(value: Value) -> int:
    ((tag, plain),) = value.items()
    if tag == "S":
        return len(plain.encode())
    if tag == "N":
        return (len(plain) + 1) // 2 + 1
    return len(plain) if tag == "B" else 1
