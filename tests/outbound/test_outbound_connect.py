"""Which addresses are dialled once names are resolved, and after redirects."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from outbound_scripts import OK, ScriptedDialler, ScriptedResolver, redirect_to, refuse
from outbound_vectors import OWN_HOST, Vector, refused

from chalicelib.domain.exchange import Answer, Failure, NoAnswer, Request
from chalicelib.outbound.client import Client
from chalicelib.outbound.door import Door
from chalicelib.outbound.guard import Guard

START = "8.8.8.8"


def send(
    url: str,
    dns: dict[str, list[list[str]]],
    dialler: ScriptedDialler,
    guard: Guard = Guard(own_hosts=(OWN_HOST,)),  # noqa: B008
) -> Answer | NoAnswer:
    return Door(guard, ScriptedResolver(dns), Client(dialler)).send(Request("POST", url, (), b"x"), timeout_s=2)


def assert_harmless(dialled: list[str], vector: Vector) -> None:
    assert not set(dialled) & set(vector.get("never_connect", ()))
    assert all(ip_address(address).is_global for address in dialled)


@pytest.mark.parametrize("vector", refused("connect"))
def test_what_a_name_resolves_to_decides(vector: Vector, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in vector.get("env", {}).items():
        monkeypatch.setenv(name, value)
    resolver = ScriptedResolver(vector["dns"])
    attempts = vector.get("attempts", 1)
    with ScriptedDialler() as dialler:
        door = Door(Guard(), resolver, Client(dialler))
        outcomes = [door.send(Request("POST", vector["url"]), timeout_s=2) for _ in range(attempts)]

    assert len(resolver.look_ups) == attempts
    assert all(isinstance(outcome, NoAnswer) for outcome in outcomes)
    assert_harmless(dialler.dialled, vector)
    if vector.get("expect") != "no_forbidden_connect":
        assert dialler.dialled == []
        name_exists = any(addresses for lists in vector["dns"].values() for addresses in lists)
        assert outcomes == [NoAnswer(Failure.BLOCKED if name_exists else Failure.NOT_FOUND)]


@pytest.mark.parametrize("vector", refused("response", also_https=False))
def test_redirects_into_the_inside_are_not_followed(vector: Vector) -> None:
    answer = redirect_to(vector["redirect"]["location"], vector["redirect"]["status"])
    with ScriptedDialler(lambda _: answer) as dialler:
        outcome = send(vector["url"], vector["dns"], dialler)

    assert isinstance(outcome, NoAnswer)
    assert outcome.failure in {Failure.BLOCKED, Failure.REDIRECT}
    assert dialler.dialled == ["93.184.216.34"]


@pytest.mark.parametrize("vector", [*refused("create"), *refused("connect")])
def test_what_is_refused_as_a_url_is_not_followed_as_a_location(vector: Vector) -> None:
    with ScriptedDialler(lambda _: redirect_to(vector["url"])) as dialler:
        outcome = send("http://start.example.com/", {**vector.get("dns", {}), "start.example.com": [[START]]}, dialler)

    assert isinstance(outcome, NoAnswer)
    assert_harmless(dialler.dialled, vector)
    if vector.get("expect") != "no_forbidden_connect":
        assert set(dialler.dialled) == {START}


def test_a_redirect_to_the_deployment_itself_is_not_followed() -> None:
    names = {"start.example.com": [[START]], OWN_HOST: [["93.184.216.34"]]}
    with ScriptedDialler(lambda _: redirect_to(f"http://{OWN_HOST}/v1/tasks")) as dialler:
        outcome = send("http://start.example.com/", names, dialler)

    assert outcome == NoAnswer(Failure.BLOCKED)
    assert dialler.dialled == [START]


def test_an_address_that_is_down_is_followed_by_the_next() -> None:
    def first_is_dead(address: str) -> bytes:
        return refuse(address) if address == "93.184.216.35" else OK

    with ScriptedDialler(first_is_dead) as dialler:
        outcome = send("http://multi.example.com/", {"multi.example.com": [["93.184.216.35", "1.1.1.1"]]}, dialler)

    assert isinstance(outcome, Answer)
    assert dialler.dialled == ["93.184.216.35", "1.1.1.1"]


@pytest.mark.parametrize(
    ("errors", "failure"),
    [
        ((ConnectionRefusedError(),), Failure.REFUSED),
        ((ConnectionResetError(),), Failure.RESET),
        ((TimeoutError(),), Failure.TIMED_OUT),
        ((OSError(101, "Network is unreachable"),), Failure.UNREACHABLE),
        ((OSError(101, "Network is unreachable"), ConnectionRefusedError()), Failure.REFUSED),
        ((ConnectionRefusedError(), OSError(101, "Network is unreachable")), Failure.REFUSED),
    ],
)
def test_a_failure_to_connect_has_its_name(errors: tuple[OSError, ...], failure: Failure) -> None:
    rest = list(errors)

    def fail(address: str) -> bytes:
        raise rest.pop(0)

    addresses = ["1.1.1.1", "1.0.0.1"][: len(errors)]
    with ScriptedDialler(fail) as dialler:
        assert send("http://example.com/", {"example.com": [addresses]}, dialler) == NoAnswer(failure)
    assert dialler.dialled == addresses


def test_a_long_list_of_addresses_is_not_tried_to_its_end() -> None:
    with ScriptedDialler() as dialler:
        send("http://example.com/", {"example.com": [[f"93.184.216.{n}" for n in range(200)]]}, dialler)

    assert len(dialler.dialled) == 4


def test_a_literal_is_dialled_without_a_look_up() -> None:
    with ScriptedDialler(lambda _: OK) as dialler:
        outcome = send("http://8.8.8.8/", {}, dialler)

    assert isinstance(outcome, Answer)
    assert dialler.dialled == ["8.8.8.8"]


@pytest.mark.parametrize(("url", "failure"), [("http://10.0.0.1/", Failure.BLOCKED), ("nonsense", Failure.BLOCKED)])
def test_a_refused_url_is_not_called_either(url: str, failure: Failure) -> None:
    with ScriptedDialler() as dialler:
        assert send(url, {}, dialler) == NoAnswer(failure)
    assert dialler.dialled == []


def test_a_lifted_port_does_not_lead_outside() -> None:
    local = Guard((ip_network("127.0.0.0/8"),))
    with ScriptedDialler(lambda _: OK) as dialler:
        outside = send("http://example.com:9000/", {"example.com": [["127.0.0.1", "93.184.216.34"]]}, dialler, local)
        inside = send("http://worker:9000/", {"worker": [["127.0.0.1"]]}, dialler, local)

    assert outside == NoAnswer(Failure.BLOCKED)
    assert isinstance(inside, Answer)
    assert dialler.dialled == ["127.0.0.1"]


def test_without_time_nothing_is_looked_up_or_dialled() -> None:
    resolver = ScriptedResolver({"example.com": [["93.184.216.34"]]})
    with ScriptedDialler() as dialler:
        outcome = Door(Guard(), resolver, Client(dialler)).send(Request("GET", "http://example.com/"), timeout_s=0)

    assert outcome == NoAnswer(Failure.TIMED_OUT)
    assert (resolver.look_ups, dialler.dialled) == ([], [])
