"""The matcher the other way round: a value that a fixture's shape describes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from surfaces.harness.matching import PLACEHOLDER, fill

TASK_ID = "550e8400-e29b-41d4-a716-446655440000"
TIME = "2024-01-15T10:30:00.000Z"
SECOND = "2024-01-15T10:30:00Z"
MOMENT = "2024-01-15T10:30:00+00:00"
TRACKING_ID = "ASF-A1B2C3D4E5F67890ABCDEF1234567890"

_SAMPLES: dict[str, Any] = {
    "any": None,
    "bool": True,
    "moment": MOMENT,
    "second": SECOND,
    "string": "text",
    "team": "team-uuid",
    "time": TIME,
    "tracking": TRACKING_ID,
    "uuid": TASK_ID,
}
#: One of these is found by every pattern of the fixtures.
_TEXTS = (
    "aq_live_4fQzR7mW2kXb9Lc0VnT5yHs3JdPaG6000000",
    "at_4fQzR7mW2kXb9Lc0VnT5yHs3JdPaG64fQzR7mW2kXb9",
    "rt_4fQzR7mW2kXb9Lc0VnT5yHs3JdPaG64fQzR7mW2kXb9",
    "u84b7beb26ffa5190d0c60c14",
    "application/json",
    "text/plain",
    "Bearer",
    "GET, POST",
    "1705314601",
    "60",
    TRACKING_ID,
    f"/asyncflow/{TRACKING_ID}",
    '</asyncflow?limit=1&cursor=c>; rel="next"',
    '"default";r=0;t=60',
    '"default";r=9;t=60',
    "rule=error; seed=42; request=1",
    "rule=error; seed=42; request=1; forced",
    "rule=unavailable; seed=42; request=1",
    "rule=unavailable; seed=42; request=2",
    "rule=unavailable; seed=42; request=1; forced",
    "rule=timeout; seed=42; request=1",
    "rule=timeout; seed=42; request=1; forced",
    "rule=lost-response; seed=42; request=2; accepted",
    "rule=lost-response; seed=42; request=1; accepted; forced",
    "rule=outage; seed=42; request=1; ends=2024-01-15T11:00:00Z",
    "Request body must be valid JSON",
    "Request body must be a JSON object",
    "Destination rejected the message",
    "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
    "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDfLb9AARkeXE=",
    "t=1705314601,v1=5257a869e7ecebeda32affa62cdca3fa51cad7e77a0e56ff536d0ce8e108d8bd",
)


def specimen(shape: Any, bindings: Mapping[str, str]) -> Any:
    """A value that matches the shape: what may be absent is there, what may be added is not."""
    if isinstance(shape, Mapping):
        if len(shape) == 1 and (name := next(iter(shape))).startswith("<list"):
            length = re.sub(r"\D.*", "", name.removeprefix("<list "))
            return [specimen(shape[name], bindings)] * int(length or 1)
        return {key.removesuffix("?"): specimen(value, bindings) for key, value in shape.items() if key != "..."}
    if isinstance(shape, list):
        return [specimen(item, bindings) for item in shape]
    if not isinstance(shape, str):
        return shape
    text = fill(shape, bindings)
    placeholder = PLACEHOLDER.fullmatch(text)
    return _sample(placeholder[1], placeholder[3] or "") if placeholder else text


def _sample(kind: str, limits: str) -> Any:
    least = limits.partition("..")[0]
    match kind:
        case "int" | "number":
            return int(least or 1)
        case "time" | "second" | "moment":
            return least or _SAMPLES[kind]
        case "one":
            return limits.partition("|")[0]
        case "match":
            return next(text for text in _TEXTS if re.fullmatch(limits, text))
        case _:
            return _SAMPLES[kind]
