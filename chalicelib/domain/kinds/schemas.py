"""Reading an input by its schema, with refusals that name the field and what is allowed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from chalicelib.domain.errors import InvalidError


def read(schema: type[msgspec.Struct], members: Mapping[str, Any]) -> msgspec.Struct:
    """The members as the schema has them; null counts as absent. Raises InvalidError for the first field that is wrong,
    in the order of the schema."""
    values: dict[str, Any] = {}
    for field in msgspec.structs.fields(schema):
        value = members.get(field.encode_name)
        if value is None:
            if field.required:
                raise InvalidError(field.encode_name, f"{field.encode_name} is required")
            continue
        try:
            values[field.name] = msgspec.convert(value, field.type)
        except msgspec.ValidationError as error:
            raise InvalidError(field.encode_name, f"{field.encode_name} {_sentence(field.type, error)}") from None
    return schema(**values)


def _sentence(wanted: Any, error: msgspec.ValidationError) -> str:
    # Imported for a refusal only: a cold start does not pay for it.
    from msgspec import inspect

    known = inspect.type_info(wanted)
    if isinstance(known, inspect.UnionType):
        known = next(each for each in known.types if not isinstance(each, inspect.NoneType))
    match known:
        case inspect.StrType(pattern=str(pattern)):
            return f"must be a string that matches {pattern}"
        case inspect.StrType():
            return f"must be a string{_length(known.min_length, known.max_length)}"
        case inspect.IntType():
            return f"must be a whole number{_range(known)}"
        case inspect.FloatType():
            return f"must be a number{_range(known)}"
        case inspect.BoolType():
            return "must be true or false"
        case inspect.LiteralType():
            return f"must be one of: {', '.join(map(str, known.values))}"
    return f"is not valid: {error}"


def _length(least: int | None, most: int | None) -> str:
    if least is None and most is None:
        return ""
    if least is None:
        return f" of at most {most} characters"
    return f" of at least {least} characters" if most is None else f" of {least} to {most} characters"


def _range(known: Any) -> str:
    if known.ge is not None and known.le is not None:
        return f" between {known.ge} and {known.le}"
    bounds = (("of at least", known.ge), ("above", known.gt), ("of at most", known.le), ("below", known.lt))
    said = [f"{words} {bound}" for words, bound in bounds if bound is not None]
    return f" {' and '.join(said)}" if said else ""
