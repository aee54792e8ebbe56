"""Whether what came is what a page shows, apart from what differs from one run to the next."""

from __future__ import annotations

import json
import re
from typing import Any

#: What is another one each time: ids, keys and tokens, times.
_DIFFERENT = (
    re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    re.compile(r"ASF-[0-9A-F]{32}"),
    re.compile(r"\b(?:aq_live|at|rt|cs|whsec)_[0-9A-Za-z_+/=-]+"),
    re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)"),
    re.compile(r"https?://(?:127\.0\.0\.1|localhost):\d+"),
)
#: Members that hold counts, durations or what chance and the hour make of them.
_VARYING = frozenset(
    {
        "duration",
        "profile",
        "submitted",
        "completed",
        "failed",
        "unfinished",
        "requests",
        "throttled",
        "earlyRetries",
        "polls",
        "processedAt",
        "pollsPerMessage",
        "simulatedFaults",
        "lostResponses",
        "duplicates",
        "recovered",
        "teamId",
        "headers",
        "expires_in",
        "total",
    }
)
#: A page shows a message on its way; a reader who takes a little longer finds it at its end.
_LATER = {"Queued": {"Processing", "Completed"}, "Processing": {"Completed"}}
_NUMBERED = re.compile(r"((?:seed=|Seed: |request=|-Remaining: |-Reset: |Retry-After: |r=|t=|dur=))\w+")


def shows(shown: str, came: str) -> str | None:
    """What of a shown answer did not come, or None when all of it did. A line `...` stands for any lines."""
    pretty = _parsed(shown)
    if pretty is not None:
        return None if any(_alike(pretty, each) for each in _documents(came)) else shown
    lines = [_masked(line) for line in came.splitlines()]
    for line in shown.splitlines():
        wanted = _parsed(line)
        if wanted is not None:
            if not any(_alike(wanted, each) for each in _documents(came)):
                return line
        elif line.strip() not in ("", "...") and not any(_pattern(line).fullmatch(each) for each in lines):
            return line
    return None


def _documents(came: str) -> list[Any]:
    """Everything in an output that is JSON: all of it, or single lines."""
    return [each for each in (_parsed(came), *(_parsed(line) for line in came.splitlines())) if each is not None]


def _parsed(text: str) -> Any:
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        return json.loads(text)
    except ValueError:
        return None


def _alike(shown: Any, came: Any, name: str = "") -> bool:
    """The same members in the same order with the same values, apart from what differs each time."""
    if name in _VARYING:
        return True
    if isinstance(shown, dict) and isinstance(came, dict):
        return list(shown) == list(came) and all(_alike(shown[key], came[key], key) for key in shown)
    if isinstance(shown, list) and isinstance(came, list):
        return not shown or bool(came and _alike(shown[0], came[0], name))
    if name == "status" and came in _LATER.get(shown, ()):
        return True
    return shown == came or (isinstance(shown, str) and isinstance(came, str) and _masked(shown) == _masked(came))


def _masked(line: str) -> str:
    line = line.strip()
    for different in _DIFFERENT:
        line = different.sub("~", line)
    return _NUMBERED.sub(r"\1~", line)


def _pattern(line: str) -> re.Pattern[str]:
    """A shown line; `...` and `…` in it stand for anything."""
    return re.compile(".*".join(re.escape(part) for part in re.split(r"\.\.\.|…", _masked(line))))
