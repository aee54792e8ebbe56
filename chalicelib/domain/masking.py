"""Values that look like secrets are never shown again."""

from __future__ import annotations

import re
from string import ascii_lowercase, ascii_uppercase
from typing import Any

import msgspec

_WORDS = r"auth|cookie|credential|key|passw|secret|session|signature|token|bearer|jwt|pin\b|otp"
#: Without regard to case: names are folded first, which is much faster than a search that ignores it.
_SECRET_NAME = re.compile(_WORDS)
MASK = "********"

#: Each begins with a fixed word, and what it went over it does not go over again: no text takes long.
_CREDENTIAL = re.compile(r"\b((?:Bearer|Basic) |aq_live_|at_|cs_|rt_|whsec_)[0-9A-Za-z_+/=.~-]{8,}+")
#: A name that looks secret, and its value if it is given one; in lower case.
_NAMED = re.compile(
    rf"""
    (?:{_WORDS})[\w.\[\]-]*+
    (?:["\\]{{0,2}}+\s?+[=:]\s?+["\\]{{0,2}}+ (?P<value>[^\s&#;,"'\\]++))?+""",
    re.VERBOSE,
)
_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)
_USERINFO = re.compile(r"(://)[^\s/@?#]{1,256}+@")


#: Headers that say what a body is, and nothing of whoever sends it.
_TELLING = frozenset(
    {"accept", "content-encoding", "content-language", "content-length", "content-type", "date", "retry-after"}
)


def masked(name: str, value: str) -> str:
    """The mask for a header's value, unless the header is one that never holds a secret: which of a customer's own
    headers do, nobody else can tell."""
    return value if name.lower() in _TELLING else MASK


def masked_text(text: str) -> str:
    """A text without the values that look like secrets: members of JSON and of forms, parameters and user names of
    addresses, and credentials whose form is known. A text without any stays as it is."""
    try:
        value = msgspec.json.decode(text)
        if isinstance(value, dict | list):
            hidden = _hidden(value)
            return text if hidden == value else msgspec.json.encode(hidden).decode()
    except msgspec.DecodeError:
        pass
    except RecursionError:
        return MASK
    text = _CREDENTIAL.sub(rf"\1{MASK}", text)
    return _USERINFO.sub(rf"\1{MASK}@", _without_assigned(text))


def _without_assigned(text: str) -> str:
    pieces: list[str] = []
    done = 0
    for named in _NAMED.finditer(text.translate(_LOWER)):
        if named["value"] is not None:
            pieces += text[done : named.start("value")], MASK
            done = named.end()
    return "".join(pieces) + text[done:]


def _hidden(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _member(name, each) for name, each in value.items()}
    if isinstance(value, list):
        return [_hidden(each) for each in value]
    return masked_text(value) if isinstance(value, str) else value


def _member(name: str, value: Any) -> Any:
    if value is None or isinstance(value, bool) or not _SECRET_NAME.search(name.casefold()):
        return _hidden(value)
    return MASK
