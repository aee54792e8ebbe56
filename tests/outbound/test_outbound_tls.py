"""TLS: the certificate must be valid for the URL's name, whatever address was dialled."""

from __future__ import annotations

import socket
import ssl
from ipaddress import ip_network

import pytest
from outbound_scripts import OK, ScriptedResolver
from outbound_servers import Authority, Behaviour, Conversation, Server, answering

from chalicelib.domain.exchange import Answer, Failure, NoAnswer, Request
from chalicelib.outbound.client import Client, dial
from chalicelib.outbound.door import Door
from chalicelib.outbound.guard import Guard
from chalicelib.outbound.networks import Address

NAME = "hooks.example.com"


def send(server: Server, trust: ssl.SSLContext | None, name: str = NAME) -> Answer | NoAnswer:
    """Call https://name/, which resolves to the loopback address of `server`."""

    def dial_the_server(address: Address, port: int, timeout_s: float) -> socket.socket:
        return dial(address, server.port, timeout_s)

    door = Door(
        Guard((ip_network("127.0.0.0/8"),)), ScriptedResolver({name: [["127.0.0.1"]]}), Client(dial_the_server, trust)
    )
    return door.send(Request("GET", f"https://{name}/"), timeout_s=5)


def test_a_valid_certificate_is_accepted(authority: Authority) -> None:
    with Server(answering(OK), authority.serving([NAME])) as server:
        outcome = send(server, authority.trusting())

    assert isinstance(outcome, Answer)
    assert server.requests[0].headers["host"] == NAME


def test_the_name_on_the_wire_is_the_urls_while_the_address_is_the_checked_one(authority: Authority) -> None:
    named: list[str | None] = []
    tls = authority.serving([NAME])
    tls.sni_callback = lambda _socket, name, _context: named.append(name)
    with Server(answering(OK), tls) as server:
        assert isinstance(send(server, authority.trusting()), Answer)

    assert named == [NAME]


@pytest.mark.parametrize("names", [["other.example.com"], ["127.0.0.1"], ["example.com"]])
def test_a_certificate_for_another_name_is_refused(authority: Authority, names: list[str]) -> None:
    with Server(answering(OK), authority.serving(names)) as server:
        assert send(server, authority.trusting()) == NoAnswer(Failure.TLS)
    assert server.requests == []


def test_an_address_needs_a_certificate_for_the_address(authority: Authority) -> None:
    with Server(answering(OK), authority.serving(["localhost"])) as server:
        assert send(server, authority.trusting(), "127.0.0.1") == NoAnswer(Failure.TLS)


def test_an_expired_certificate_is_refused(authority: Authority) -> None:
    with Server(answering(OK), authority.serving([NAME], expired=True)) as server:
        assert send(server, authority.trusting()) == NoAnswer(Failure.TLS)


def test_an_authority_that_nobody_knows_is_refused(authority: Authority) -> None:
    with Server(answering(OK), authority.serving([NAME])) as server:
        assert send(server, None) == NoAnswer(Failure.TLS)


def test_an_old_protocol_is_refused(authority: Authority) -> None:
    trust = authority.trusting()
    trust.set_ciphers("DEFAULT@SECLEVEL=0")
    tls = authority.serving([NAME])
    tls.set_ciphers("DEFAULT@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        trust.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        tls.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        tls.maximum_version = ssl.TLSVersion.TLSv1_1

    with Server(answering(OK), tls) as server:
        assert send(server, trust) == NoAnswer(Failure.TLS)


def test_plain_http_on_a_tls_port_is_refused(authority: Authority) -> None:
    def plain(conversation: Conversation) -> None:
        conversation.say(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        conversation.connection.recv(65536)

    with Server(plain) as server:
        assert send(server, authority.trusting()) == NoAnswer(Failure.TLS)


def test_a_connection_closed_in_the_handshake_was_broken(authority: Authority) -> None:
    def hang_up(conversation: Conversation) -> None:
        conversation.connection.recv(65536)

    with Server(hang_up) as server:
        assert send(server, authority.trusting()) == NoAnswer(Failure.RESET)


def test_a_body_without_length_must_end_with_the_goodbye_of_tls(authority: Authority) -> None:
    def end_with(*, goodbye: bool) -> Behaviour:
        def behave(conversation: Conversation) -> None:
            conversation.read_request()
            conversation.say(b"HTTP/1.0 200 OK\r\n\r\nhalf")
            if goodbye and isinstance(conversation.connection, ssl.SSLSocket):
                conversation.connection.unwrap()

        return behave

    with Server(end_with(goodbye=True), authority.serving([NAME])) as server:
        whole = send(server, authority.trusting())
    with Server(end_with(goodbye=False), authority.serving([NAME])) as server:
        cut = send(server, authority.trusting())

    assert isinstance(whole, Answer)
    assert whole.body == b"half"
    assert cut == NoAnswer(Failure.RESET)


def test_verification_cannot_be_turned_off() -> None:
    careless = ssl.create_default_context()
    careless.check_hostname = False
    with pytest.raises(ValueError, match="verify"):
        Client(tls=careless)
    careless.verify_mode = ssl.CERT_NONE
    with pytest.raises(ValueError, match="verify"):
        Client(tls=careless)
