"""The kind `platform.Hello`: a greeting, answered at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from msgspec import Meta, Struct

from chalicelib.domain.kinds.kind import Kind

_GREETING = "Hello, "


class Hello(Kind):
    """Whoever is greeted is called master; any other text stays as it is."""

    name = "platform.Hello"
    path = "hello"
    immediate = True

    class Input(Struct):
        message: Annotated[str, Meta(min_length=1, max_length=500)]

    def run(self, given: Input) -> Mapping[str, Any]:
        greeting, comma, greeted = given.message.partition(_GREETING)
        return {"message": f"{comma}Master {greeted}" if not greeting and greeted else given.message}
