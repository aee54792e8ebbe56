"""How JSON objects become frozen dataclasses: by the annotations of their fields, and nothing of them is lost."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from datetime import datetime
from typing import Any, ClassVar, Self

from astraflow_sdk.errors import UnexpectedAnswerError

Reader = Callable[[str, Any], Any]
#: Each field's name, its key in the JSON object, and how its value is read.
Plan = tuple[tuple[str, str, Reader], ...]
_PLANS: dict[type, Plan] = {}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Model:
    """Something the API shows. A field that an answer does not hold is None; `raw` is the object as it came, with
    whatever this version of the SDK does not know."""

    #: Whether the API's names are `createdAt` rather than `created_at`.
    _camel: ClassVar[bool] = False

    raw: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def of(cls, raw: Any) -> Self:
        """The model of a JSON object. Raises UnexpectedAnswerError."""
        if not isinstance(raw, dict):
            raise UnexpectedAnswerError(f"The answer holds no {cls.__name__}")
        return cls._read(raw, raw)

    @classmethod
    def _read(cls, members: Mapping[str, Any], raw: Mapping[str, Any]) -> Self:
        known = {name: read(key, members[key]) for name, key, read in _plan(cls) if key in members}
        for each in fields(cls):
            if each.default is MISSING and each.default_factory is MISSING and each.name not in known:
                raise UnexpectedAnswerError(f"The answer's {cls.__name__} has no {each.name}")
        return cls(**known, raw=raw)

    def __repr__(self) -> str:
        shown = ((each.name, getattr(self, each.name)) for each in fields(self) if each.repr)
        told = ", ".join(f"{name}={value!r}" for name, value in shown if value is not None)
        return f"{type(self).__name__}({told})"


def _plan(cls: type[Model]) -> Plan:
    if cls not in _PLANS:
        hints = typing.get_type_hints(cls)
        _PLANS[cls] = tuple(
            (each.name, _key(cls, each.name), _reader(hints[each.name])) for each in fields(cls) if each.name != "raw"
        )
    return _PLANS[cls]


def _key(cls: type[Model], name: str) -> str:
    if not cls._camel:
        return name
    first, *others = name.split("_")
    return first + "".join(other.capitalize() for other in others)


def _reader(hint: Any) -> Reader:
    if typing.get_origin(hint) is types.UnionType:
        inner = next(each for each in typing.get_args(hint) if each is not type(None))
        read = _reader(inner)
        return lambda key, value: None if value is None else read(key, value)
    if typing.get_origin(hint) is tuple:
        of_each = _reader(typing.get_args(hint)[0])
        return lambda key, value: tuple(of_each(key, each) for each in _checked(key, value, list))
    if hint is datetime:
        return _instant
    if isinstance(hint, type) and issubclass(hint, Model):
        return lambda _, value: hint.of(value)
    allowed = {float: (float, int)}.get(hint, typing.get_origin(hint) or hint)
    return lambda key, value: value if hint is Any else _checked(key, value, allowed)


def _checked(key: str, value: Any, allowed: Any) -> Any:
    kinds = allowed if isinstance(allowed, tuple) else (allowed,)
    if (isinstance(value, bool) and bool not in kinds) or not isinstance(value, kinds):
        raise UnexpectedAnswerError(f"The answer's {key} is a {type(value).__name__}")
    return value


def _instant(key: str, value: Any) -> datetime:
    try:
        return datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise UnexpectedAnswerError(f"The answer's {key} is no instant") from None
