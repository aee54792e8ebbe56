"""One HTTP/1.1 exchange with one checked address.

There is nothing to switch off: no pool, proxy, netrc, cookie, redirect or decoding was ever built in. Every step, the
last byte of the body included, ends at the caller's deadline.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from ipaddress import IPv6Address

import h11

from chalicelib.domain.exchange import Answer, Failure, Headers, NoAnswer, Request
from chalicelib.outbound.deadline import Deadline
from chalicelib.outbound.destination import Destination
from chalicelib.outbound.networks import Address

#: Opens a TCP connection to an address and port within so many seconds. Raises OSError, TimeoutError among them.
Dial = Callable[[Address, int, float], socket.socket]

MAX_ADDRESSES = 4
MAX_INTERIM_RESPONSES = 16
MAX_HEAD_BYTES = 32 * 1024
_RECEIVE_BYTES = 16 * 1024

#: What the exchange itself decides; a caller's own are left out.
_OWN_HEADERS = frozenset({"host", "connection", "content-length", "transfer-encoding", "accept-encoding"})
#: Methods whose missing body is said to be empty (RFC 9110 8.6).
_METHODS_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


class _FailedError(Exception):
    def __init__(self, failure: Failure) -> None:
        self.failure = failure


def dial(address: Address, port: int, timeout_s: float) -> socket.socket:
    """Connect to exactly this address."""
    family = socket.AF_INET6 if isinstance(address, IPv6Address) else socket.AF_INET
    connection = socket.socket(family, socket.SOCK_STREAM)
    try:
        connection.settimeout(timeout_s)
        connection.connect((str(address), port))
    except BaseException:
        connection.close()
        raise
    return connection


class Client:
    """Sends requests over connections made for one exchange each.

    `tls` stands in for the system's trust and must verify names and certificates, as the default does.
    """

    def __init__(self, dial: Dial = dial, tls: ssl.SSLContext | None = None) -> None:
        if tls is not None and not (tls.check_hostname and tls.verify_mode is ssl.CERT_REQUIRED):
            raise ValueError("tls must verify host names and certificates")
        self._dial = dial
        self._given_tls = tls

    def exchange(
        self,
        request: Request,
        destination: Destination,
        addresses: Sequence[Address],
        *,
        deadline: Deadline,
        max_body_bytes: int,
    ) -> Answer | NoAnswer:
        """Send `request` to `destination` at the first of `addresses` that connects, and read one answer.

        `request.url` is not read again: `destination` is what was judged. Raises ValueError for a method or header
        that cannot go on the wire.
        """
        head_and_body, protocol = _encode(request, destination)
        try:
            with self._connected(destination, addresses, deadline) as connection:
                _send(connection, head_and_body, deadline)
                return _receive(connection, protocol, deadline, max_body_bytes)
        except _FailedError as failed:
            return NoAnswer(failed.failure)
        except TimeoutError:
            return NoAnswer(Failure.TIMED_OUT)
        except (OSError, h11.RemoteProtocolError):
            return NoAnswer(Failure.RESET)

    @contextmanager
    def _connected(
        self, destination: Destination, addresses: Sequence[Address], deadline: Deadline
    ) -> Iterator[socket.socket]:
        with self._dial_first(addresses, destination.port, deadline) as connection:
            if destination.scheme == "http":
                yield connection
                return
            with self._tls.wrap_socket(
                connection,
                server_hostname=destination.host,
                do_handshake_on_connect=False,
                suppress_ragged_eofs=False,
            ) as secured:
                _shake_hands(secured, deadline)
                yield secured

    def _dial_first(self, addresses: Sequence[Address], port: int, deadline: Deadline) -> socket.socket:
        """Try a few addresses in turn, each with a fair share of the time left."""
        failures = []
        candidates = addresses[:MAX_ADDRESSES]
        for tried, address in enumerate(candidates):
            share_s = deadline.remaining_s() / (len(candidates) - tried)
            try:
                return self._dial(address, port, share_s)
            except TimeoutError:
                failures.append(Failure.TIMED_OUT)
            except ConnectionRefusedError:
                failures.append(Failure.REFUSED)
            except ConnectionError:
                failures.append(Failure.RESET)
            except OSError:
                failures.append(Failure.UNREACHABLE)
        # A family this machine has no route for says less than any answer from the other one.
        telling = (failure for failure in failures if failure is not Failure.UNREACHABLE)
        raise _FailedError(next(telling, Failure.UNREACHABLE))

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        context = self._given_tls or ssl.create_default_context()
        context.minimum_version = max(context.minimum_version, ssl.TLSVersion.TLSv1_2)
        # A connection cut without TLS's own goodbye is no end of a body (RFC 8446 6.1).
        context.options &= ~getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0)
        return context


def _shake_hands(secured: ssl.SSLSocket, deadline: Deadline) -> None:
    secured.settimeout(deadline.remaining_s())
    try:
        secured.do_handshake()
    except (ssl.SSLEOFError, ssl.SSLZeroReturnError):
        raise _FailedError(Failure.RESET) from None
    except ssl.SSLError:
        raise _FailedError(Failure.TLS) from None


def _encode(request: Request, destination: Destination) -> tuple[bytes, h11.Connection]:
    protocol = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD_BYTES)
    body = request.body or b""
    try:
        head = protocol.send(
            h11.Request(
                method=request.method,
                target=destination.target,
                headers=[
                    (name.encode("ascii"), value.encode("ascii")) for name, value in _headers(request, destination)
                ],
            )
        )
        end = protocol.send(h11.Data(body)) if body else b""
        protocol.send(h11.EndOfMessage())
    except (h11.LocalProtocolError, UnicodeEncodeError) as error:
        raise ValueError(f"the request cannot be sent: {error}") from None
    return (head or b"") + (end or b""), protocol


def _headers(request: Request, destination: Destination) -> Headers:
    sized = request.body is not None or request.method in _METHODS_WITH_BODY
    return (
        ("Host", destination.authority),
        *((name, value.strip(" \t")) for name, value in request.headers if name.lower() not in _OWN_HEADERS),
        ("Accept-Encoding", "identity"),
        *((("Content-Length", str(len(request.body or b""))),) if sized else ()),
        ("Connection", "close"),
    )


def _send(connection: socket.socket, octets: bytes, deadline: Deadline) -> None:
    rest = memoryview(octets)
    try:
        while rest:
            connection.settimeout(deadline.remaining_s())
            rest = rest[connection.send(rest) :]
    except (ConnectionError, ssl.SSLEOFError):
        return  # a server may answer and close before it has read everything: the answer is what counts


def _receive(connection: socket.socket, protocol: h11.Connection, deadline: Deadline, max_body_bytes: int) -> Answer:
    response = _receive_head(connection, protocol, deadline)
    body = bytearray()
    while len(body) <= max_body_bytes:
        event = _next_event(connection, protocol, deadline)
        if isinstance(event, h11.EndOfMessage):
            return _answer(response, body)
        if not isinstance(event, h11.Data):
            raise _FailedError(Failure.RESET)
        body += event.data
    return _answer(response, body[:max_body_bytes], truncated=True)


def _receive_head(connection: socket.socket, protocol: h11.Connection, deadline: Deadline) -> h11.Response:
    for _ in range(MAX_INTERIM_RESPONSES + 1):
        event = _next_event(connection, protocol, deadline)
        if isinstance(event, h11.Response):
            return event
        if not isinstance(event, h11.InformationalResponse):
            break
    raise _FailedError(Failure.RESET)


def _next_event(connection: socket.socket, protocol: h11.Connection, deadline: Deadline) -> object:
    while (event := protocol.next_event()) is h11.NEED_DATA:
        connection.settimeout(deadline.remaining_s())
        protocol.receive_data(connection.recv(_RECEIVE_BYTES))
    return event


def _answer(response: h11.Response, body: bytes | bytearray, *, truncated: bool = False) -> Answer:
    reason = response.reason.decode("latin-1")
    return Answer(
        status=response.status_code,
        # It ends up in sentences that people read, so nothing in it may steer a terminal.
        reason="".join(character if character.isprintable() else "?" for character in reason),
        headers=tuple((name.decode("ascii"), value.decode("latin-1")) for name, value in response.headers),
        body=bytes(body),
        truncated=truncated,
    )
