"""Which kind of answer a request asks for."""

from __future__ import annotations

from collections.abc import Iterator

from chalicelib.surfaces.kit import Call

JSON = "application/json"


def asks_for(call: Call, media_type: str) -> bool:
    """Whether `Accept` names this media type, at least with the weight of JSON (RFC 9110, section 12.5.1). A range such
    as `*/*` names none."""
    named = dict(_named(call.headers.get("accept", "")))
    return named.get(media_type, 0) > 0 and named[media_type] >= named.get(JSON, 0)


def _named(accept: str) -> Iterator[tuple[str, float]]:
    """Each media type with its weight; one that is not a number counts as 0."""
    for each in accept.lower().split(","):
        media_type, *parameters = (part.strip() for part in each.split(";"))
        weights = (parameter[2:] for parameter in parameters if parameter.startswith("q="))
        yield media_type, _weight(next(weights, "1"))


def _weight(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0
