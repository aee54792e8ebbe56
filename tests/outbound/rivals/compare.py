"""What one HTTP client makes of a list of URLs: which of them it would connect for.

    python compare.py CLIENT < urls.json > dialled.json

The list is of objects with `url` and `dns`, the addresses that its names have. Nothing leaves the machine: names are
looked up in the list, and connections are written down and refused.
"""

from __future__ import annotations

import contextlib
import ipaddress
import json
import socket
import sys
from collections.abc import Callable
from typing import Any

#: What a name has that the list does not know: the inside for those that always lead there, else the outside.
INNER, OUTER = "127.0.0.1", "93.184.216.34"
_LOCAL = ("localhost", ".localhost", ".local", ".internal", ".localdomain", ".svc", ".arpa", ".lan", ".home", ".corp")

dialled: list[str] = []
names: dict[str, list[str]] = {}
_real = socket.getaddrinfo


def look_up(host: Any, port: Any, *_: Any, **__: Any) -> list[Any]:
    """What the system would say, names from the list. Addresses in whatever spelling the system itself reads."""
    text = host.decode() if isinstance(host, bytes) else str(host)
    try:
        found = [answer[4][0] for answer in _real(text, 80, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)]
    except (OSError, UnicodeError):
        name = text.removesuffix(".").lower()
        found = names.get(name) or [INNER if "." not in name or name.endswith(_LOCAL) else OUTER]
    number = int(port or 80)
    answers = []
    for address in found:
        six = ipaddress.ip_address(address).version == 6
        where = (address.partition("%")[0], number, 0, 0) if six else (address, number)
        answers.append((socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_STREAM, 6, "", where))
    return answers


def connect(_self: socket.socket, where: Any) -> None:
    dialled.append(str(where[0]))
    raise ConnectionRefusedError


def client(name: str) -> Callable[[str], object]:
    """A function that gets a URL as the client of this name does, set up as its documentation says."""
    if name == "requests":
        import requests

        return lambda url: requests.get(url, timeout=1, allow_redirects=False)
    if name == "httpx":
        import httpx

        shared = httpx.Client(timeout=1)
        return shared.get
    if name == "requests-hardened":
        from requests_hardened import Config, Manager

        config = Config(
            default_timeout=(1, 1), never_redirect=True, ip_filter_enable=True, ip_filter_allow_loopback_ips=False
        )
        return lambda url: Manager(config).send_request("GET", url)
    if name == "ssrfguard":
        from ssrfguard import Policy
        from ssrfguard.requests import Session

        session = Session(policy=Policy(allowed_ports=frozenset({80, 443, 8080, 8443})))
        return lambda url: session.get(url, timeout=1)
    from chalicelib.domain.exchange import Request
    from chalicelib.outbound.door import Door
    from chalicelib.outbound.guard import Guard

    door = Door(Guard())
    return lambda url: door.send(Request("GET", url), timeout_s=5)


def main() -> None:
    socket.getaddrinfo = look_up
    socket.socket.connect = connect  # type: ignore[method-assign,assignment]
    get = client(sys.argv[1])
    results = []
    for each in json.load(sys.stdin):
        dialled.clear()
        names.clear()
        names.update(each["dns"])
        with contextlib.suppress(Exception):  # whatever it refuses with
            get(each["url"])
        results.append(list(dict.fromkeys(dialled)))
    json.dump(results, sys.stdout)


main()
