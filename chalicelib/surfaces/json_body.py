"""A request's body as a JSON object, or a refusal that says what is wrong with it.

Every step is linear in the body: the worst of the largest costs a few dozen milliseconds.
"""

from __future__ import annotations

import gc
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from math import isfinite
from typing import Any, NoReturn

from chalicelib.surfaces import fields
from chalicelib.surfaces.kit import Call, Problem

#: API Gateway takes 10 MB; a task's request is a quarter of a MiB at most.
MAX_BYTES = 262_144
#: How many objects and lists may stand in each other.
DEEPEST = 32
#: Characters of one number.
LONGEST_NUMBER = 64

_SYNTAX = "Request body must be valid JSON"
_DEPTH = f"Request body must be nested at most {DEEPEST} levels deep"
_NUMBER = f"Numbers must be at most {LONGEST_NUMBER} characters long and below 1.8e308"
#: A string, to its quote or as far as it is one: where it begins it always fits, so nothing is gone over twice.
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?+')
_LONG_NUMBER = re.compile(rb"(?<![-+.0-9Ee])[-+.0-9Ee]{%d}" % (LONGEST_NUMBER + 1))

_AS_LISTS = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


def json_object(call: Call) -> dict[str, Any]:
    """The body, under whatever content type it came: `curl -d` sets none that helps."""
    if len(call.body) > MAX_BYTES:
        raise Problem(413, f"Request body must be at most {MAX_BYTES // 1024} KiB")
    if not call.body.strip():
        raise Problem(400, "Request body must be a JSON object")
    with _no_collections():
        value = _decoded(call.body)
        _refuse_excess(call.body)
    if not isinstance(value, dict):
        raise Problem(400, "Request body must be a JSON object")
    return value


def optional_json_object(call: Call) -> dict[str, Any]:
    """The body, or an empty object when there is none."""
    return json_object(call) if call.body.strip() else {}


def _decoded(body: bytes) -> Any:
    try:
        value = json.loads(body.decode(), object_pairs_hook=_unique, parse_float=_finite, parse_constant=_no_number)
        if b"\\ud" in body or b"\\uD" in body:
            # Half of a character, which UTF-8 has no bytes for.
            json.dumps(value, ensure_ascii=False).encode()
    except RecursionError:
        raise Problem(400, _DEPTH) from None
    except (json.JSONDecodeError, UnicodeError):
        raise Problem(400, _SYNTAX) from None
    except ValueError:
        # A number of thousands of digits.
        raise Problem(400, _NUMBER) from None
    return value


def _finite(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise Problem(400, _NUMBER)
    return number


def _no_number(_text: str) -> NoReturn:
    """NaN and Infinity, which are no JSON (RFC 8259, section 6)."""
    raise Problem(400, _SYNTAX)


def _refuse_excess(body: bytes) -> None:
    """Refuse valid JSON that goes too deep or has too long a number."""
    bare = _STRING.sub(b"", body)
    if _LONG_NUMBER.search(bare):
        raise Problem(400, _NUMBER)
    # What is innermost goes, level by level.
    brackets = bare.translate(_AS_LISTS, _NO_BRACKETS)
    for _ in range(DEEPEST):
        brackets = brackets.replace(b"[]", b"")
        if not brackets:
            return
    raise Problem(400, _DEPTH)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The members of an object. Of two with one name a decoder would keep the last."""
    members = dict(pairs)
    if len(members) < len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                shown = fields.shown(name)
                raise Problem(400, f"{shown} must be given only once", field=shown)
            seen.add(name)
    return members


@contextmanager
def _no_collections() -> Iterator[None]:
    """No garbage is looked for meanwhile: among many small lists that takes several times as long as making them."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
