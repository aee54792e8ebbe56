"""Calls to URLs that strangers supplied: every hop is judged, looked up, checked and dialled anew."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from chalicelib.domain.exchange import Answer, Failure, NoAnswer, Request
from chalicelib.outbound.deadline import Deadline
from chalicelib.outbound.destination import Destination, resolve_reference
from chalicelib.outbound.guard import Guard, Refusal
from chalicelib.outbound.networks import Address
from chalicelib.outbound.redirects import MAX_REDIRECTS, location, redirected
from chalicelib.outbound.resolver import Resolver, SystemResolver

if TYPE_CHECKING:
    from chalicelib.outbound.client import Client


class Door:
    """Sends requests to public addresses, and to those the guard opens.

    A failure never tells which address a name resolved to.
    """

    def __init__(self, guard: Guard, resolver: Resolver | None = None, client: Client | None = None) -> None:
        self._guard = guard
        self._resolver = resolver or SystemResolver()
        self._given = client

    @cached_property
    def _client(self) -> Client:
        # Loaded for the first call that goes out: a cold start of the API does not pay for TLS and HTTP.
        from chalicelib.outbound.client import Client

        return self._given or Client()

    def judge(self, url: str) -> Refusal | None:
        """Why `url` would not be called, by its text alone; None when nothing speaks against it. Looks nothing up."""
        verdict = self._guard.judge(url)
        return verdict if isinstance(verdict, Refusal) else None

    def send(
        self,
        request: Request,
        *,
        timeout_s: float,
        follow_redirects: bool = True,
        max_body_bytes: int = 256 * 1024,
    ) -> Answer | NoAnswer:
        """Send the request and read the last hop's answer, all hops and look-ups within `timeout_s` seconds.

        Raises ValueError for a method or header that cannot go on the wire.
        """
        deadline = Deadline(timeout_s)
        destination = self._guard.judge(request.url)
        for _ in range(1 + MAX_REDIRECTS):
            if isinstance(destination, Refusal):
                return NoAnswer(Failure.BLOCKED)
            answer = self._exchange(request, destination, deadline, max_body_bytes)
            if isinstance(answer, NoAnswer) or not follow_redirects:
                return answer
            reference = location(answer)
            if reference is None:
                return answer
            origin = destination.origin
            destination = self._guard.judge(resolve_reference(destination, reference))
            if destination is Refusal.INVALID:
                break
            if isinstance(destination, Destination):
                request = redirected(request, answer.status, destination.url, same_origin=destination.origin == origin)
        return NoAnswer(Failure.REDIRECT)

    def _exchange(
        self, request: Request, destination: Destination, deadline: Deadline, max_body_bytes: int
    ) -> Answer | NoAnswer:
        try:
            addresses = self._addresses(destination, deadline)
        except TimeoutError:
            return NoAnswer(Failure.TIMED_OUT)
        if not addresses:
            return NoAnswer(Failure.NOT_FOUND)
        if not all(self._guard.permits(destination, address) for address in addresses):
            return NoAnswer(Failure.BLOCKED)
        return self._client.exchange(request, destination, addresses, deadline=deadline, max_body_bytes=max_body_bytes)

    def _addresses(self, destination: Destination, deadline: Deadline) -> tuple[Address, ...]:
        if destination.address is not None:
            return (destination.address,)
        return self._resolver.resolve(destination.host, timeout_s=deadline.remaining_s())
