"""What lies around a call changes nothing: the environment, files at home, earlier answers, what listens here."""

from __future__ import annotations

import socket
from ipaddress import IPv6Address
from pathlib import Path

import pytest
from outbound_scripts import ScriptedDialler, ScriptedResolver
from outbound_servers import Server, answering

from chalicelib.domain.exchange import Answer, Failure, NoAnswer, Request
from chalicelib.outbound.client import Client, dial
from chalicelib.outbound.door import Door
from chalicelib.outbound.guard import Guard
from chalicelib.outbound.networks import Address
from chalicelib.outbound.resolver import SystemResolver

HOST, PUBLIC = "hooks.example.com", "93.184.216.34"
STICKY = (
    b'HTTP/1.1 401 Unauthorized\r\nSet-Cookie: session=1; Path=/\r\nAlt-Svc: h3=":443", h2="evil.example:443"\r\n'
    b'WWW-Authenticate: Basic realm="x"\r\nProxy-Authenticate: Basic\r\nStrict-Transport-Security: max-age=99999\r\n'
    b"Connection: keep-alive\r\nKeep-Alive: timeout=99\r\nContent-Length: 0\r\n\r\n"
)
#: The ports of Lambda's own listeners: runtime API, X-Ray, secrets extension, telemetry.
LAMBDA = """
http://127.0.0.1:9001/2018-06-01/runtime/invocation/next http://localhost:9001/ http://169.254.100.1:9001/
http://169.254.79.129:2000/ http://localhost:2773/secretsmanager/get http://127.0.0.1:2773/ http://[::1]:2773/
http://sandbox.localdomain:8080/ http://sandbox:8080/ http://sandbox.local:8080/ http://127.1:9001/ http://0.0.0.0:9001/
http://0:9001/ http://2130706433:9001/ http://[::ffff:127.0.0.1]:9001/ http://localhost./ http://127.0.0.1:8080/
"""


def call(door: Door, url: str = f"http://{HOST}/") -> Answer | NoAnswer:
    return door.send(Request("POST", url, (("X-A", "b"),), b"hello"), timeout_s=2)


def sent_with(dialler: ScriptedDialler, times: int = 1) -> list[bytes]:
    with dialler:
        door = Door(Guard(), ScriptedResolver({HOST: [[PUBLIC]]}), Client(dialler))
        for _ in range(times):
            assert isinstance(call(door), Answer)
        return dialler.sent()


def test_proxies_netrc_and_trust_files_of_the_surroundings_have_no_effect(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    plain = ScriptedDialler(lambda _: STICKY)
    (before,) = sent_with(plain)
    for name in ("http_proxy", "https_proxy", "all_proxy", "ftp_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://user:password@127.0.0.1:3128")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "")
    for name in (".netrc", "_netrc"):
        tmp_path.joinpath(name).write_text(
            f"machine {HOST} login somebody password hunter2\ndefault login a password b\n"
        )
        tmp_path.joinpath(name).chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    monkeypatch.setenv("REQUEST_METHOD", "GET")
    surrounded = ScriptedDialler(lambda _: STICKY)
    (after,) = sent_with(surrounded)

    assert after == before
    assert (surrounded.dialled, plain.dialled) == ([PUBLIC], [PUBLIC])


def test_nothing_that_was_answered_is_brought_along_the_next_time() -> None:
    """No cookie, no other way in, no connection that is used again, no password asked for."""
    dialler = ScriptedDialler(lambda _: STICKY)
    first, second, third = sent_with(dialler, times=3)

    assert first == second == third
    assert b"connection: close" in first.lower()
    assert not {b"cookie", b"authorization", b"upgrade"} & {
        line.partition(b":")[0].lower() for line in first.split(b"\r\n")
    }
    assert dialler.dialled == [PUBLIC] * 3


@pytest.mark.parametrize("url", LAMBDA.split())
@pytest.mark.parametrize("resolver", [SystemResolver(), ScriptedResolver({})], ids=["real names", "no names"])
def test_the_machines_own_listeners_are_out_of_reach(url: str, resolver: SystemResolver) -> None:
    """Whatever would be dialled reaches a server that listens here."""
    with Server(answering(STICKY)) as server:

        def dial_here(_address: Address, _port: int, timeout_s: float) -> socket.socket:
            return socket.create_connection(("127.0.0.1", server.port), timeout_s)

        outcome = call(Door(Guard(), resolver, Client(dial_here)), url)

        assert outcome == NoAnswer(Failure.BLOCKED)
        assert server.requests == []


def test_nor_by_a_name_that_leads_to_them() -> None:
    names = {
        "localtest.example.com": [["127.0.0.1"]],
        "six.example.com": [["::1"]],
        "link.example.com": [["169.254.100.1"]],
    }
    with ScriptedDialler(lambda _: STICKY) as dialler:
        door = Door(Guard(), ScriptedResolver(names), Client(dialler))
        outcomes = [call(door, f"http://{name}:8080/") for name in names]

    assert outcomes == [NoAnswer(Failure.BLOCKED)] * 3
    assert dialler.dialled == []


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine knows no IPv6")
def test_an_address_of_ipv6_is_called_by_ipv6() -> None:
    with (
        socket.create_server(("::1", 0), family=socket.AF_INET6) as listener,
        dial(IPv6Address("::1"), listener.getsockname()[1], 2) as connection,
    ):
        assert connection.getpeername()[0] == "::1"


def test_an_international_name_is_looked_up_and_named_in_ascii() -> None:
    resolver = ScriptedResolver({"xn--bcher-kva.example": [[PUBLIC]]})
    with ScriptedDialler(lambda _: STICKY) as dialler:
        call(Door(Guard(), resolver, Client(dialler)), "http://b\u00fccher.example/\u00fc")
        (sent,) = dialler.sent()

    assert resolver.look_ups == ["xn--bcher-kva.example"]
    assert sent.startswith(b"POST /%C3%BC HTTP/1.1\r\n")
    assert b"\r\nhost: xn--bcher-kva.example\r\n" in sent.lower()
