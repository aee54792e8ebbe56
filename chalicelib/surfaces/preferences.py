"""The header `Prefer` (RFC 7240, section 2)."""

from __future__ import annotations

import re
from collections.abc import Mapping

#: All of these hold on to what they took: no header takes long.
_QUOTED = r'"(?:[^"\\]++|\\.)*+"'
#: What stands between commas, or before a preference's parameters; what is quoted stays whole, even without an end.
_ELEMENT = re.compile(rf'(?:[^,"]++|{_QUOTED}?+)++')
_BEFORE_PARAMETERS = re.compile(rf'(?:[^;"]++|{_QUOTED}?+)++')
_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]++"
_PREFERENCE = re.compile(rf"\s*+({_NAME})\s*+(?:=\s*+({_NAME}|{_QUOTED})?+\s*+)?+", re.ASCII)
_ESCAPED = re.compile(r"\\(.)")


def preferences(header: str) -> Mapping[str, str]:
    """What a request with this header prefers, by lower-case names, without parameters; "" where there is no value. The
    first of a name counts, and what is no preference counts for nothing."""
    found: dict[str, str] = {}
    for element in _ELEMENT.findall(header):
        first = _BEFORE_PARAMETERS.match(element)
        preference = _PREFERENCE.fullmatch(first[0]) if first else None
        if preference is not None:
            found.setdefault(preference[1].lower(), _word(preference[2] or ""))
    return found


def _word(text: str) -> str:
    return _ESCAPED.sub(r"\1", text[1:-1]) if text.startswith('"') else text
