"""Look-ups by the operating system, each with a deadline."""

from __future__ import annotations

from ipaddress import ip_address
from threading import Event
from time import monotonic

import pytest

from chalicelib.outbound.networks import Address
from chalicelib.outbound.resolver import MAX_LOOK_UPS, SystemResolver


def test_localhost_is_this_machine() -> None:
    addresses = SystemResolver().resolve("localhost", timeout_s=5)

    assert addresses
    assert all(address.is_loopback for address in addresses)
    assert len(set(addresses)) == len(addresses)


def test_a_name_that_does_not_resolve_has_no_addresses() -> None:
    too_long_for_any_name_server = ".".join(["a" * 60] * 5)

    assert SystemResolver().resolve(too_long_for_any_name_server, timeout_s=5) == ()


def test_a_look_up_that_overruns_is_abandoned() -> None:
    released = Event()

    def slow(name: str) -> tuple[Address, ...]:
        released.wait(10)
        return ()

    started_s = monotonic()
    with pytest.raises(TimeoutError):
        SystemResolver(slow).resolve("example.com", timeout_s=0.1)
    assert monotonic() - started_s < 1
    released.set()


def test_abandoned_look_ups_do_not_pile_up() -> None:
    released = Event()
    started: list[str] = []

    def stuck(name: str) -> tuple[Address, ...]:
        started.append(name)
        released.wait(10)
        return (ip_address("1.1.1.1"),)

    resolver = SystemResolver(stuck)
    for n in range(MAX_LOOK_UPS + 5):
        with pytest.raises(TimeoutError):
            resolver.resolve(f"{n}.example.com", timeout_s=0.005)
    assert len(started) == MAX_LOOK_UPS

    released.set()
    assert resolver.resolve("example.com", timeout_s=5) == (ip_address("1.1.1.1"),)
