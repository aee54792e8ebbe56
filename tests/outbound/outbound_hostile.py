"""Servers and name services that stall, drip, flood, lie and break off, as one table: what each does, and what an
attempt on it has to come to."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from time import sleep

from outbound_scripts import ScriptedResolver
from outbound_servers import Authority, Behaviour, Conversation, Server, answering

from chalicelib.domain.exchange import Answer, Failure, NoAnswer, Request
from chalicelib.outbound.client import Client
from chalicelib.outbound.door import Door
from chalicelib.outbound.guard import Guard
from chalicelib.outbound.networks import Address
from chalicelib.outbound.resolver import SystemResolver

HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
#: What an attempt may take beyond its deadline, and hold in memory.
GRACE_S = 1.0
MOST_BYTES = 20 * 1024 * 1024


@dataclass(frozen=True)
class Hostile:
    """`call` makes one attempt of at most so many seconds; `ends_as` is the failure it has to come to, None: an answer
    whose body was cut at the cap, or one that was left as it came."""

    name: str
    call: Callable[[Authority, float], Answer | NoAnswer]
    ends_as: Failure | None


def silent(conversation: Conversation) -> None:
    conversation.wait()


def drip(prefix: bytes, drop: bytes, *, read: bool = True) -> Behaviour:
    """Drop by drop, for ever, each drop well within any timeout of a single read."""

    def behave(conversation: Conversation) -> None:
        if read:
            conversation.read_request()
        conversation.say(prefix)
        while not conversation.over:
            conversation.say(drop)
            conversation.wait(0.02)

    return behave


def flood(prefix: bytes, wave: bytes) -> Behaviour:
    """As fast as it goes, for ever."""

    def behave(conversation: Conversation) -> None:
        conversation.read_request()
        conversation.say(prefix)
        while not conversation.over:
            conversation.say(wave)

    return behave


def stalling_redirects(conversation: Conversation) -> None:
    """Each hop comes a little late and leads to the next."""
    conversation.read_request()
    conversation.wait(0.15)
    conversation.say(b"HTTP/1.1 307 Again\r\nLocation: /next\r\nContent-Length: 0\r\n\r\n")


def _send(door: Door, url: str, timeout_s: float, body: bytes = b"hello") -> Answer | NoAnswer:
    return door.send(Request("POST", url, (("X-A", "b"),), body), timeout_s=timeout_s)


def _at(
    name: str, behaviour: Behaviour, ends_as: Failure | None, *, tls: bool = False, body: bytes = b"hello"
) -> Hostile:
    def call(authority: Authority, timeout_s: float) -> Answer | NoAnswer:
        with Server(behaviour, authority.serving(["127.0.0.1"]) if tls else None) as server:
            url = server.url.replace("http", "https") if tls else server.url
            door = Door(Guard(LOOPBACK), ScriptedResolver({}), Client(tls=authority.trusting()))
            return _send(door, url, timeout_s, body)

    return Hostile(name, call, ends_as)


def _handshake(name: str, behaviour: Behaviour) -> Hostile:
    """Over https, with a server that never speaks TLS to its end."""

    def call(authority: Authority, timeout_s: float) -> Answer | NoAnswer:
        with Server(behaviour) as server:
            door = Door(Guard(LOOPBACK), ScriptedResolver({}), Client(tls=authority.trusting()))
            return _send(door, server.url.replace("http", "https"), timeout_s)

    return Hostile(name, call, Failure.TIMED_OUT)


@contextmanager
def _stuck(addresses: tuple[Address, ...]) -> Iterator[Callable[[str], tuple[Address, ...]]]:
    released = threading.Event()

    def look_up(_name: str) -> tuple[Address, ...]:
        released.wait(30)
        return addresses

    try:
        yield look_up
    finally:
        released.set()


def _name_service_that_never_answers(_: Authority, timeout_s: float) -> Answer | NoAnswer:
    with _stuck(()) as look_up:
        return _send(Door(Guard(), SystemResolver(look_up), Client()), "http://example.com/", timeout_s)


def _name_service_that_answers_late(authority: Authority, timeout_s: float) -> Answer | NoAnswer:
    """What is left after a slow look-up is all that the rest of the attempt has."""

    def look_up(_name: str) -> tuple[Address, ...]:
        sleep(timeout_s * 0.7)
        return (ip_address("127.0.0.1"),)

    with Server(silent) as server:
        door = Door(Guard(LOOPBACK), SystemResolver(look_up), Client())
        return _send(door, f"http://slow.example.com:{server.port}/", timeout_s)


def _many_addresses_that_stall(_: Authority, timeout_s: float) -> Answer | NoAnswer:
    """A thousand addresses, none of which ever answers a connection."""

    def black_hole(_address: Address, _port: int, share_s: float) -> None:
        sleep(share_s)
        raise TimeoutError

    addresses = [f"93.184.{n // 250}.{1 + n % 250}" for n in range(1000)]
    door = Door(Guard(), ScriptedResolver({"many.example.com": [addresses]}), Client(black_hole))  # type: ignore[arg-type]
    return _send(door, "http://many.example.com/", timeout_s)


_RECORD = b"\x16\x03\x03\x10\x00\x02\x00\x0f\xfc"
_BOMB = gzip.compress(bytes(64 * 1024 * 1024), 9)
TIMED_OUT, RESET = Failure.TIMED_OUT, Failure.RESET

SLOW = [
    Hostile("name service that never answers", _name_service_that_never_answers, TIMED_OUT),
    Hostile("name service that answers late, then a silent server", _name_service_that_answers_late, TIMED_OUT),
    Hostile("a thousand addresses that never connect", _many_addresses_that_stall, TIMED_OUT),
    _handshake("TLS handshake that never begins", silent),
    _handshake("TLS handshake in drops", drip(_RECORD, b"\x00", read=False)),
    _at("never sends a byte", silent, TIMED_OUT),
    _at("drips a status line", drip(b"", b"H"), TIMED_OUT),
    _at("drips a header", drip(HEAD + b"X-A: ", b"a"), TIMED_OUT),
    _at("drips headers", drip(HEAD, b"A: b\r\n"), TIMED_OUT),
    _at("drips a header over TLS", drip(HEAD + b"X-A: ", b"a"), TIMED_OUT, tls=True),
    _at("drips interim responses", drip(b"HTTP/1.1 100 Continue\r\n", b"X: y\r\n"), TIMED_OUT),
    _at("drips a sized body", drip(HEAD + b"Content-Length: 9999\r\n\r\n", b"a"), TIMED_OUT),
    _at("drips a body without a length", drip(b"HTTP/1.0 200 OK\r\n\r\n", b"a"), TIMED_OUT),
    _at("drips chunks", drip(CHUNKED, b"1\r\na\r\n"), TIMED_OUT),
    _at("endless chunks of one byte", flood(CHUNKED, b"1\r\na\r\n" * 2000), TIMED_OUT),
    _at("drips a chunk extension", drip(CHUNKED + b"5;", b"a"), TIMED_OUT),
    _at("drips trailers", drip(CHUNKED + b"0\r\n", b"X: y\r\n"), TIMED_OUT),
    _at("reads nothing of a large request", silent, TIMED_OUT, body=b"x" * 8_000_000),
    _at("redirects on and on, each late", stalling_redirects, TIMED_OUT),
]

FLOODS = [
    _at("endless 100 Continue", flood(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100), RESET),
    _at("endless early hints", flood(b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 100), RESET),
    _at("endless headers", flood(HEAD, b"X-A: b\r\n" * 1000), RESET),
    _at("an endless header", flood(HEAD + b"X-A: ", b"a" * 9000), RESET),
    _at("an endless header name", flood(HEAD, b"a" * 9000), RESET),
    _at("an endless folded header", flood(HEAD + b"X-A: b\r\n", b" a\r\n" * 1000), RESET),
    _at("an endless status line", flood(b"", b"a" * 9000), RESET),
    _at("an endless chunk extension", flood(CHUNKED + b"1;", b"a" * 9000), RESET),
    _at("an endless chunk size", flood(CHUNKED, b"0" * 9000), RESET),
    _at("endless trailers", flood(CHUNKED + b"0\r\n", b"X: y\r\n" * 900), RESET),
]

ENDLESS = [
    _at("an endless body", flood(b"HTTP/1.0 200 OK\r\n\r\n", b"a" * 65536), None),
    _at("a body of 10 GB", flood(HEAD + b"Content-Length: 10000000000\r\n\r\n", b"a" * 65536), None),
    _at("endless chunks", flood(CHUNKED, b"10000\r\n" + b"a" * 65536 + b"\r\n"), None),
    _at("endless chunks over TLS", flood(CHUNKED, b"10000\r\n" + b"a" * 65536 + b"\r\n"), None, tls=True),
]

BOMBS = [
    _at(
        "a gzip bomb of 1000:1",
        answering(
            HEAD + b"Content-Encoding: gzip\r\nContent-Length: " + str(len(_BOMB)).encode() + b"\r\n\r\n" + _BOMB
        ),
        None,
    ),
]

#: Broken off, or no HTTP at all: what arrives, and nothing more.
_ENDS = {
    "closes before anything": b"",
    "closes in the status line": b"HTTP/1.1 20",
    "closes after the status line": HEAD,
    "closes in a header": HEAD + b"Content-Le",
    "closes before the empty line": HEAD + b"Content-Length: 5\r\n",
    "closes before a sized body": HEAD + b"Content-Length: 5\r\n\r\n",
    "promises 10 GB, sends a byte, closes": HEAD + b"Content-Length: 10000000000\r\n\r\na",
    "closes before the first chunk": CHUNKED,
    "closes in a chunk size": CHUNKED + b"5",
    "closes in a chunk": CHUNKED + b"5\r\nab",
    "closes between chunks": CHUNKED + b"2\r\nab\r\n",
    "closes before the last empty line": CHUNKED + b"2\r\nab\r\n0\r\n",
    "closes after an interim response": b"HTTP/1.1 100 Continue\r\n\r\n",
    "closes in the body of a redirect": b"HTTP/1.1 301 Moved\r\nLocation: /x\r\nContent-Length: 5\r\n\r\na",
    "speaks another protocol": b"SSH-2.0-OpenSSH_9.6\r\n",
    "speaks HTTP/0.9": b"<html>hello</html>\r\n\r\n",
    "speaks another version": b"HTTP/2 200 OK\r\n\r\n",
    "has no status": b"HTTP/1.1 2xx OK\r\n\r\n",
    "has a line that is no header": HEAD + b"no colon\r\n\r\n",
    "has a space in a header's name": HEAD + b"X A: b\r\n\r\n",
    "has a NUL in a header's value": HEAD + b"X-A: \x00\r\n\r\n",
    "has a negative length": HEAD + b"Content-Length: -1\r\n\r\n",
    "has two lengths": HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "has an unknown transfer coding": HEAD + b"Transfer-Encoding: gzip\r\n\r\n",
    "has no chunk size": CHUNKED + b"xyz\r\n",
    "has a wrong chunk size": CHUNKED + b"1\r\nabc\r\n",
    "switches protocols unasked": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
    "sends 17 interim responses": b"HTTP/1.1 100 Continue\r\n\r\n" * 17 + HEAD + b"\r\n",
}
LIES = [_at(name, answering(raw), RESET) for name, raw in _ENDS.items()]

HOSTILE = {"slow": SLOW, "floods": FLOODS, "endless": ENDLESS, "bombs": BOMBS, "cut or no HTTP": LIES}
