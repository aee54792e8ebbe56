"""Counting a request against the window of whom it speaks for."""

from __future__ import annotations

from collections.abc import Mapping

from chalicelib.domain.ratelimit import Rate
from chalicelib.surfaces.kit import Call
from chalicelib.surfaces.replies import rate_headers, too_many


def count(call: Call, window: str, rate: Rate, labels: Mapping[str, object]) -> Mapping[str, str]:
    """The rate headers of the reply; none where a limit of 0 lifts the limit. Raises Problem when the window is full,
    with the labels of whom it belongs to."""
    if rate.limit == 0:
        return {}
    admission = call.platform.limiter(window, rate)
    headers = rate_headers(admission, rate, call.now)
    if not admission.admitted:
        raise too_many(admission, headers, labels)
    return headers
