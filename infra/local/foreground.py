"""The local stack in the foreground of a terminal."""

from __future__ import annotations

from collections.abc import Callable

from infra.host.foreground import port, run
from infra.local.stack import LocalStack


def main(started: float, make_stack: Callable[..., LocalStack] = LocalStack) -> int:
    """Run until told to stop; as `run`."""
    return run(started, lambda: make_stack(port=port("PORT", 8000), aws_port=port("AWS_PORT", 8001)))
