"""Name look-ups that end in time."""

from __future__ import annotations

import socket
from collections.abc import Callable
from ipaddress import ip_address
from queue import Empty, SimpleQueue
from threading import BoundedSemaphore, Thread
from typing import Protocol

from chalicelib.outbound.deadline import Deadline
from chalicelib.outbound.networks import Address

LookUp = Callable[[str], tuple[Address, ...]]

#: A look-up that is given up goes on in its thread until the system's own limit; so many may do so at once.
MAX_LOOK_UPS = 64


class Resolver(Protocol):
    def resolve(self, name: str, *, timeout_s: float) -> tuple[Address, ...]:
        """All addresses of an ASCII name, best first; none when it does not resolve. Raises TimeoutError."""
        ...


def system_look_up(name: str) -> tuple[Address, ...]:
    """Ask the operating system, which knows no deadline."""
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except OSError:
        return ()
    return tuple(dict.fromkeys(ip_address(sockaddr[0]) for *_, sockaddr in found))


class SystemResolver:
    """The operating system's resolver, each look-up in a thread of its own that is abandoned when it overruns."""

    def __init__(self, look_up: LookUp = system_look_up) -> None:
        self._look_up = look_up
        self._free = BoundedSemaphore(MAX_LOOK_UPS)

    def resolve(self, name: str, *, timeout_s: float) -> tuple[Address, ...]:
        deadline = Deadline(timeout_s)
        answers: SimpleQueue[tuple[Address, ...]] = SimpleQueue()
        if not self._free.acquire(timeout=deadline.remaining_s()):
            raise TimeoutError
        Thread(target=self._answer, args=(name, answers), name="look-up", daemon=True).start()
        try:
            return answers.get(timeout=deadline.remaining_s())
        except Empty:
            raise TimeoutError from None

    def _answer(self, name: str, answers: SimpleQueue[tuple[Address, ...]]) -> None:
        try:
            answers.put(self._look_up(name))
        finally:
            self._free.release()
