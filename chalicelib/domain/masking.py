"""Values that look like secrets are never shown again."""

from __future__ import annotations

import re

_SECRET_NAME = re.compile(
    r"auth|cookie|credential|key|passw|secret|session|signature|token|bearer|jwt|pin\b|otp", re.IGNORECASE
)
MASK = "********"


def masked(name: str, value: str) -> str:
    """A header's value, or the mask when the header's name says that it holds a secret."""
    return MASK if _SECRET_NAME.search(name) else value
