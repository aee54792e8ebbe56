"""A view as JSON text."""

from __future__ import annotations

import msgspec

_encoder = msgspec.json.Encoder()


def encode(view: object) -> str:
    """A view as JSON text, without white space."""
    return _encoder.encode(view).decode()
