"""Servers on loopback that misbehave on purpose, and certificates that nobody trusts outside the tests."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from threading import Event, Thread

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


@dataclass(frozen=True)
class Seen:
    """A request as the server read it, header names in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


class Conversation:
    """One accepted connection, from the server's side."""

    def __init__(self, server: Server, connection: socket.socket) -> None:
        self._server = server
        self.connection = connection

    @property
    def over(self) -> bool:
        return self._server.stopping.is_set()

    def read_request(self) -> Seen:
        octets = b""
        while b"\r\n\r\n" not in octets:
            octets += self._receive()
        head, _, body = octets.partition(b"\r\n\r\n")
        request_line, *fields = head.decode("ascii").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (field.partition(":") for field in fields)}
        while len(body) < int(headers.get("content-length", 0)):
            body += self._receive()
        method, target, _ = request_line.split(" ")
        seen = Seen(method, target, headers, body)
        self._server.requests.append(seen)
        return seen

    def say(self, octets: bytes) -> None:
        self.connection.sendall(octets)

    def wait(self, seconds: float | None = None) -> None:
        self._server.stopping.wait(seconds)

    def _receive(self) -> bytes:
        octets = self.connection.recv(65536)
        if not octets:
            raise ConnectionResetError
        return octets


Behaviour = Callable[[Conversation], None]


class Server:
    """Serves one connection after another on 127.0.0.1 until the `with` block ends."""

    def __init__(self, behaviour: Behaviour, tls: ssl.SSLContext | None = None) -> None:
        self._behaviour = behaviour
        self._tls = tls
        self.requests: list[Seen] = []
        self.stopping = Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.02)
        self.port: int = self._listener.getsockname()[1]
        self._thread = Thread(target=self._serve, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Server:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        while not self.stopping.is_set():
            try:
                connection, _ = self._listener.accept()
            except TimeoutError:
                continue
            with connection, contextlib.suppress(OSError):
                connection.settimeout(5)
                self._converse(connection)

    def _converse(self, connection: socket.socket) -> None:
        if self._tls is None:
            self._behaviour(Conversation(self, connection))
            return
        with self._tls.wrap_socket(connection, server_side=True) as secured:
            self._behaviour(Conversation(self, secured))


def answering(*answers: bytes) -> Behaviour:
    """Read a request, send an answer, close: the n-th connection gets the n-th answer, the last repeats."""
    rest = list(answers)

    def behave(conversation: Conversation) -> None:
        conversation.read_request()
        conversation.say(rest.pop(0) if len(rest) > 1 else rest[0])

    return behave


class Authority:
    """A throw-away certificate authority."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test authority")])
        certificate = (
            _draft(self._name, self._name, self._key)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self._pem = certificate.public_bytes(serialization.Encoding.PEM).decode()

    def trusting(self) -> ssl.SSLContext:
        """A client's context that believes this authority alone."""
        return ssl.create_default_context(cadata=self._pem)

    def serving(self, hosts: Iterable[str], *, expired: bool = False) -> ssl.SSLContext:
        """A server's context with a certificate for these names and addresses."""
        key = ec.generate_private_key(ec.SECP256R1())
        draft = _draft(x509.Name([]), self._name, key, age=timedelta(days=9 if expired else 0))
        certificate = draft.add_extension(
            x509.SubjectAlternativeName([_general_name(host) for host in hosts]), critical=True
        ).sign(self._key, hashes.SHA256())
        file = self._folder / f"{certificate.serial_number}.pem"
        file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + certificate.public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context


def _draft(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, age: timedelta = timedelta()
) -> x509.CertificateBuilder:
    start = datetime.now(UTC) - timedelta(hours=1) - age
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=2))
    )


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)
