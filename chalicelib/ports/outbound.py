"""The door to other people's servers."""

from __future__ import annotations

from typing import Protocol

from chalicelib.domain.exchange import Answer, NoAnswer, Request


class Door(Protocol):
    """The only way out to addresses that a user supplied."""

    def send(
        self, request: Request, *, timeout_s: float, follow_redirects: bool = True, max_body_bytes: int = 262_144
    ) -> Answer | NoAnswer:
        """Make one exchange, redirects included, in `timeout_s` seconds over all. Never raises."""
