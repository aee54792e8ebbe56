"""Ids of what there is, for the variables of paths: a made-up one leads nowhere."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from surfaces.description.answers import existing
from surfaces.description.caller import Caller

#: How often something that there is is asked for.
_SHARE = 0.9
_MANY = 2

#: By operation and variable: the values that lead somewhere.
Known = Mapping[str, Mapping[str, list[str]]]


def known(asked: Caller, operations: Iterable[str]) -> Known:
    """Ids for every variable of these operations; what they name is made for that."""
    return {operation: _of(asked, operation) for operation in operations if "{" in operation}


def _of(asked: Caller, operation: str) -> dict[str, list[str]]:
    variables = re.findall(r"\{(\w+)\}", operation)
    if len(variables) > 1:
        # Several name one thing together.
        return {name: [id_] for name, id_ in zip(variables, existing(asked, operation).split(), strict=True)}
    return {variables[0]: [existing(asked, operation) for _ in range(_MANY)]}


def dictionaries(ids: Known) -> dict[str, dict[str, list[str]]]:
    """The ids as schemathesis reads them."""
    return {_name(operation, name): {"values": values} for operation, of in ids.items() for name, values in of.items()}


def parameters(ids: Known, operation: str) -> dict[str, dict[str, object]]:
    """Which parameter of an operation takes them."""
    return {
        f"path.{name}": {"dictionary": _name(operation, name), "probability": _SHARE} for name in ids.get(operation, {})
    }


def _name(operation: str, variable: str) -> str:
    return re.sub(r"\W+", "-", f"{operation}-{variable}")
