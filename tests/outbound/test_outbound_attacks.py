"""The guard against everything that leads inside in disguise: nothing passes, and no look-alike is refused."""

from __future__ import annotations

import contextlib
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from outbound_attacks import allowed, over_https, public_answers, refused, special_answers
from outbound_registry import BLOCKS, special
from outbound_scripts import OK, ScriptedDialler, ScriptedResolver
from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from chalicelib.domain.exchange import Answer, Failure, NoAnswer, Request
from chalicelib.outbound.client import Client
from chalicelib.outbound.destination import Destination
from chalicelib.outbound.door import Door
from chalicelib.outbound.guard import Guard, Refusal

CLOSED = Guard()
REFUSED, ALLOWED = refused(), allowed()


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("kind", REFUSED)
def test_nothing_that_leads_inside_passes(kind: str, scheme: str) -> None:
    urls = [over_https(url) if scheme == "https" else url for url in REFUSED[kind]]

    assert [url for url in urls if not isinstance(CLOSED.judge(url), Refusal)] == []


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("kind", ALLOWED)
def test_nothing_harmless_is_refused(kind: str, scheme: str) -> None:
    urls = [over_https(url) if scheme == "https" else url for url in ALLOWED[kind]]

    assert [url for url in urls if isinstance(CLOSED.judge(url), Refusal)] == []


def test_the_list_is_long() -> None:
    assert sum(map(len, REFUSED.values())) > 2_000
    assert sum(map(len, ALLOWED.values())) > 150
    assert all(REFUSED.values())
    assert all(ALLOWED.values())


def called(answers: list[str]) -> tuple[Answer | NoAnswer, list[str]]:
    """What comes of calling a name with these addresses, and which of them were dialled."""
    with ScriptedDialler(lambda _: OK) as dialler:
        door = Door(CLOSED, ScriptedResolver({"hooks.example.com": [answers]}), Client(dialler))
        return door.send(Request("GET", "http://hooks.example.com/"), timeout_s=2), dialler.dialled


@pytest.mark.parametrize("others", [[], ["93.184.216.34"]], ids=["alone", "beside a public one"])
def test_no_name_leads_to_a_special_address(others: list[str]) -> None:
    outcomes = {str(address): called([*others, str(address)]) for address in special_answers()}

    assert {outcome for outcome in outcomes.values() if outcome[1]} == set()
    assert {outcome for outcome, _ in outcomes.values()} == {NoAnswer(Failure.BLOCKED)}


def test_a_name_leads_to_every_neighbour_of_a_special_address() -> None:
    outcomes = {str(address): called([str(address)]) for address in public_answers()}

    assert [address for address, (_, dialled) in outcomes.items() if dialled != [address]] == []


# --- Whatever anybody thinks of ---

octets = st.integers(0, 255)
numbers = st.sampled_from([str, "0x{:x}".format, "0{:o}".format, "{:03}".format, "0X{:X}".format])
inside = st.sampled_from(list(BLOCKS)).flatmap(
    lambda block: st.integers(int(block[0]), int(block[-1])).map(type(block[0]))
)


@given(inside)
def test_every_address_of_every_special_block_is_refused(address: IPv4Address | IPv6Address) -> None:
    host = f"[{address}]" if isinstance(address, IPv6Address) else str(address)

    assert CLOSED.judge(f"https://{host}/") is Refusal.BLOCKED
    assert not CLOSED.allows(address)


@given(st.integers(0, 2**32 - 1).map(IPv4Address))
def test_every_other_address_of_ipv4_may_be_called(address: IPv4Address) -> None:
    assert isinstance(CLOSED.judge(f"https://{address}/"), Destination) is not special(address)


@given(st.integers(2**125, 2**126 - 1).map(IPv6Address))
def test_every_other_unicast_address_of_ipv6_may_be_called(address: IPv6Address) -> None:
    isatap = int(address) >> 32 & 0xFDFF_FFFF == 0x5EFE

    assert isinstance(CLOSED.judge(f"https://[{address}]/"), Destination) is not (special(address) or isatap)


@given(st.lists(octets, min_size=4, max_size=4), st.lists(numbers, min_size=4, max_size=4), st.integers(1, 4))
def test_an_ipv4_address_has_one_spelling(parts: list[int], writers: list, count: int) -> None:
    last = int.from_bytes(bytes(parts[count - 1 :]), "big")
    text = ".".join(write(part) for write, part in zip(writers, [*parts[: count - 1], last], strict=False))
    verdict = CLOSED.judge(f"http://{text}/")

    if isinstance(verdict, Destination):
        assert text == str(IPv4Address(bytes(parts)))
        assert not special(IPv4Address(bytes(parts)))


PIECES = st.sampled_from(
    [
        *(
            "http://",
            "https://",
            "http:",
            "//",
            "/",
            "\\",
            "@",
            ":",
            "#",
            "?",
            ".",
            "%",
            "%2f",
            "%40",
            "%00",
            "[",
            "]",
            "::1",
        ),
        *(
            "example.com",
            "127.0.0.1",
            "localhost",
            "2606:4700::1111",
            "8.8.8.8",
            "0x7f",
            "80",
            "443",
            "8080",
            "user",
            "-",
            "_",
        ),
        *(" ", "\t", "\n", "\u3002", "\uff0e", "\u00ad", "\uff10", "ü", "xn--", "&", ";", ",", "'", "<", "|"),
    ]
)


HOSTS = st.sampled_from(
    ["example.com", "b\u00fccher.example", "8.8.8.8", "[2606:4700::1111]", "xn--bcher-kva.example", ""]
)


@given(st.lists(PIECES, max_size=1), HOSTS, st.lists(PIECES, max_size=5))
def test_no_other_parser_sees_another_host(before: list[str], host: str, behind: list[str]) -> None:
    """What passes has one reading: whoever judges it and whoever dials it sees the same host."""
    url = "".join(["http://", *before, host, *behind])
    destination = CLOSED.judge(url)
    if not isinstance(destination, Destination):
        return
    for host in (urlsplit(url).hostname, _urllib3_host(url)):
        assert host is not None
        assert _ascii(host) in {destination.host, _exploded(destination)}


def _urllib3_host(url: str) -> str | None:
    with contextlib.suppress(LocationParseError):
        return parse_url(url).host
    return None


def _ascii(host: str) -> str:
    return host.strip("[]").removesuffix(".").encode("idna").decode().lower()


def _exploded(destination: Destination) -> str:
    return "" if destination.address is None else destination.address.exploded


@given(st.text(max_size=60))
def test_no_text_at_all_is_too_much_for_it(text: str) -> None:
    for url in (text, "http://" + text, f"http://{text}/", f"http://example.com{text}"):
        verdict = CLOSED.judge(url)
        if isinstance(verdict, Destination):
            assert CLOSED.judge(verdict.url) == verdict
