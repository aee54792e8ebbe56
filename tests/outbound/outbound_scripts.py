"""A name service that answers by script, and a dialler that writes down what it is asked for and dials nothing."""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from ipaddress import ip_address

from chalicelib.outbound.networks import Address

#: What happens when an address is dialled: bytes that are answered, or an error that is raised.
Reaction = Callable[[str], bytes]


class ScriptedResolver:
    """The n-th look-up of a name gets its n-th list, the last one repeats; a name not listed does not exist."""

    def __init__(self, script: Mapping[str, Sequence[Sequence[str]]]) -> None:
        self._script = script
        self.look_ups: list[str] = []

    def resolve(self, name: str, *, timeout_s: float) -> tuple[Address, ...]:
        lists = self._script.get(name, [[]])
        asked_before = Counter(self.look_ups)[name]
        self.look_ups.append(name)
        return tuple(ip_address(text) for text in lists[min(asked_before, len(lists) - 1)])


def refuse(address: str) -> bytes:
    raise ConnectionRefusedError


class ScriptedDialler:
    """Stands in for `client.dial`. Each connection has its whole answer waiting; what was sent can be read later,
    unless the peer is deaf and breaks off what is sent to it."""

    def __init__(self, reaction: Reaction = refuse, *, deaf: bool = False) -> None:
        self._reaction = reaction
        self._shut = socket.SHUT_RDWR if deaf else socket.SHUT_WR
        self.dialled: list[str] = []
        self._peers: list[socket.socket] = []

    def __call__(self, address: Address, port: int, timeout_s: float) -> socket.socket:
        self.dialled.append(str(address))
        answer = self._reaction(str(address))
        ours, theirs = socket.socketpair()
        self._peers.append(theirs)
        theirs.sendall(answer)
        theirs.shutdown(self._shut)
        return ours

    def sent(self) -> list[bytes]:
        """What went over each connection, all of which must be over by now."""
        return [b"".join(iter(partial(peer.recv, 65536), b"")) for peer in self._peers]

    def __enter__(self) -> ScriptedDialler:
        return self

    def __exit__(self, *_: object) -> None:
        for peer in self._peers:
            peer.close()


def redirect_to(location: str, status: int = 302) -> bytes:
    return f"HTTP/1.1 {status} Elsewhere\r\nLocation: ".encode() + location.encode() + b"\r\nContent-Length: 0\r\n\r\n"


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
