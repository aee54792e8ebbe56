"""The ports that are served, taken before anything else starts."""

from __future__ import annotations

import errno
import socket
from collections.abc import Mapping

LOOPBACK = "127.0.0.1"
#: Connections that may wait to be accepted.
_BACKLOG = 128


class PortTakenError(Exception):
    """Something listens there already. The message says what to do about it."""


def claim(ports: Mapping[str, int], command: str) -> list[socket.socket]:
    """Listening sockets on the loopback interface, one for each port; port 0 takes any free one.

    `ports`: the environment variable that chooses a port -> the port. Raises `PortTakenError` naming all taken ones and
    those with which `command` may be tried instead.
    """
    listeners, taken = [], {}
    for variable, port in ports.items():
        try:
            listeners.append(socket.create_server((LOOPBACK, port), backlog=_BACKLOG))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            taken[variable] = port
    if taken:
        for listener in listeners:
            listener.close()
        raise PortTakenError(_advice(taken, command))
    return listeners


def _advice(taken: Mapping[str, int], command: str) -> str:
    which = " and ".join(str(port) for port in taken.values())
    subject = f"Port {which} is" if len(taken) == 1 else f"Ports {which} are"
    instead = " ".join(f"{variable}={port + 10 if port < 65_000 else port - 10}" for variable, port in taken.items())
    return f"{subject} taken by another program; run with {instead} {command}"
