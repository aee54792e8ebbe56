"""What the guard makes of a URL's text, and of an address."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from outbound_vectors import OWN_HOST, Vector, allowed, refused

from chalicelib.outbound.destination import Destination
from chalicelib.outbound.guard import Guard, Refusal
from chalicelib.outbound.networks import is_public

CLOSED = Guard(own_hosts=(OWN_HOST,))
LOCAL = Guard((ip_network("127.0.0.0/8"), ip_network("::1/128")))
WIDE_OPEN = Guard((ip_network("0.0.0.0/0"), ip_network("::/0")))

SPECIAL_ADDRESSES = """
0.0.0.0 10.255.255.255 169.254.1.1 100.127.255.255 127.255.255.255 168.63.129.16 172.20.0.1 192.0.0.9
192.0.2.1 192.88.99.1
192.168.255.255 198.18.0.1 198.51.100.1 203.0.113.1 239.255.255.255 250.0.0.1
:: ::1 ::2 ::8.8.8.8 ::ffff:8.8.8.8 ::ffff:0:8.8.8.8 64:ff9b::8.8.8.8 64:ff9b:1::1 100::1 100:0:0:1::1
2001::1 2001:1::1 2001:3::1 2001:4:112::1 2001:10::1 2001:20::1 2001:30::1 2001:db8::1 2002:808:808::1
2620:4f:8000::1 3ffe::1 3fff:fff::1 4000::1 fd00::1 fe80::1 fec0::1 ff0e::1
"""

PUBLIC_ADDRESSES = """
1.1.1.1 9.255.255.255 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.1 172.15.255.255 191.255.255.255
192.0.1.1 192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0 223.255.255.255
2001:200::1 2001:4860:4860::8888 2606:4700:4700::1111 2a00:1450::1 2003::1 3ffd::1
"""

SPECIAL_NAMES = """
localhost a.localhost LOCALHOST. metadata metadata.google.internal printer.local router.lan host.docker.internal
db.corp nas.home x.private x.intranet example.test nothing.invalid 1.0.0.127.in-addr.arpa ipv4only.arpa x.alt
localhost6.localdomain6 api.default.svc
"""

LOCAL_URLS = """
http://localhost:9000/ http://127.0.0.1:5555/ http://[::1]:3000/ http://api.localhost:3000/ http://worker/
http://example.com:9000/
"""

NEVER_CALLED_ADDRESSES = """
169.254.169.254 169.254.170.2 169.254.170.23 169.254.79.129 100.100.100.200 168.63.129.16 192.0.0.192
fd00:ec2::254 fd00:ec2::23 fd20:ce::254 fe80::a9fe:a9fe ::ffff:169.254.169.254 ::169.254.169.254
::ffff:0:a9fe:a9fe 64:ff9b::a9fe:a9fe 2002:a9fe:a9fe::1 64:ff9b:1::a9fe:a9fe fd00::5efe:a9fe:a9fe
2600::5efe:808:808 2600::200:5efe:808:808 2001::1 ::2 fd00:c1::a9fe:a9fe fd00:42::42
"""


def read(url: str, guard: Guard = CLOSED) -> Destination:
    destination = guard.judge(url)
    assert isinstance(destination, Destination)
    return destination


@pytest.mark.parametrize("vector", refused("create"))
def test_what_must_not_be_called_is_refused_by_its_text(vector: Vector) -> None:
    assert isinstance(CLOSED.judge(vector["url"]), Refusal)


@pytest.mark.parametrize("vector", allowed())
def test_the_harmless_neighbours_pass(vector: Vector) -> None:
    assert isinstance(CLOSED.judge(vector["url"]), Destination)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/a b",
        "http://example.com/\x00",
        "http://example.com/\u00a0",
        "http://example.com/\ud800",
        " http://example.com/",
        "http://example.com/\\",
        "http:\\\\example.com/",
        "http:example.com",
        "//example.com/",
        "javascript:alert(1)",
        "http://@example.com/",
        "http://:@example.com/",
        "http://example.com:65536/",
        "http://example.com:+80/",
        "http://example.com:000080/",
        "http://[::1%251]/",
        "http://[1.2.3.4]/",
        "http://[]/",
        "http://::1/",
        "http://8.8.8/",
        "http://8.8.8.8.8/",
        "http://0x08.8.8.8/",
        "http://example.0x7f/",
        "http://example.1/",
        "http://256.8.8.8/",
        "http://example.com../",
        "http://./",
        "http://exam!ple.com/",
        "http://example.com,evil.example/",
        "http://" + "a" * 64 + ".com/",
        "http://xn--a/",
        "http://xn--ls8h.example/",
        "http://BÜCHER.example/",
        "http://\uff45xample.com/",
        "http://exa\u200dmple.com/",
        "http://e\u0301.example/",
    ],
)
def test_what_is_no_url_beyond_doubt_is_invalid(url: str) -> None:
    assert CLOSED.judge(url) is Refusal.INVALID


def test_a_url_has_at_most_2048_characters() -> None:
    longest = "http://example.com/".ljust(2048, "a")

    assert read(longest)
    assert CLOSED.judge(longest + "a") is Refusal.INVALID


def test_a_name_has_at_most_253_characters() -> None:
    longest = f"{'a.' * 123}example"

    assert len(longest) == 253
    assert read(f"http://{longest}/")
    # One more is still below what is looked at, and would be a name of 256 octets on the wire.
    assert CLOSED.judge(f"http://a{longest}/") is Refusal.INVALID


@pytest.mark.parametrize(
    ("url", "origin", "target"),
    [
        ("HTTPS://Example.COM", "https://example.com", "/"),
        ("https://example.com?a=1#b", "https://example.com", "/?a=1"),
        ("https://example.com:443/", "https://example.com", "/"),
        ("https://example.com:/", "https://example.com", "/"),
        ("https://example.com:80/", "https://example.com:80", "/"),
        ("http://example.com./x", "http://example.com", "/x"),
        ("http://8.8.8.8./x", "http://8.8.8.8", "/x"),
        ("http://[2606:4700:0:0::1111]:8080/", "http://[2606:4700::1111]:8080", "/"),
        ("http://Bücher.example/ü?q=ü&r=%C3%BC", "http://xn--bcher-kva.example", "/%C3%BC?q=%C3%BC&r=%C3%BC"),
        ("http://r3---sn-a.example.com/", "http://r3---sn-a.example.com", "/"),
        ("http://my_app.example.com/", "http://my_app.example.com", "/"),
        ("http://example.com/\"<>`{|}^%zz'", "http://example.com", "/%22%3C%3E%60%7B%7C%7D%5E%zz'"),
        ("http://example.com/a/../b//c;d?e=[f]", "http://example.com", "/a/../b//c;d?e=[f]"),
    ],
)
def test_a_url_becomes_an_origin_and_a_target(url: str, origin: str, target: str) -> None:
    destination = read(url)

    assert (destination.origin, destination.target) == (origin, target)
    assert read(destination.url) == destination


@pytest.mark.parametrize(
    "address",
    SPECIAL_ADDRESSES.split(),
)
def test_special_addresses_are_not_dialled(address: str) -> None:
    assert not CLOSED.allows(ip_address(address))
    assert not is_public(ip_address(address))


@pytest.mark.parametrize(
    "address",
    PUBLIC_ADDRESSES.split(),
)
def test_public_addresses_are_dialled(address: str) -> None:
    assert CLOSED.allows(ip_address(address))


@pytest.mark.parametrize(
    "name",
    SPECIAL_NAMES.split(),
)
def test_names_that_lead_nowhere_public_are_blocked(name: str) -> None:
    assert CLOSED.judge(f"http://{name}/") is Refusal.BLOCKED


@pytest.mark.parametrize("port", [1, 21, 25, 81, 6379, 8000, 9000, 65535])
def test_ports_are_few(port: int) -> None:
    assert CLOSED.judge(f"http://example.com:{port}/") is Refusal.BLOCKED
    assert CLOSED.judge(f"http://8.8.8.8:{port}/") is Refusal.BLOCKED


@pytest.mark.parametrize("host", [OWN_HOST, OWN_HOST.upper(), OWN_HOST + "."])
def test_the_platform_does_not_call_itself(host: str) -> None:
    assert CLOSED.judge(f"https://{host}/v1/tasks") is Refusal.BLOCKED
    assert read(f"https://other.{OWN_HOST}/")


def test_own_names_are_known_however_they_are_written() -> None:
    assert Guard(own_hosts=("API.Shop.Example.",)).judge("https://api.shop.example/") is Refusal.BLOCKED


class TestOpenedNetworks:
    @pytest.mark.parametrize(
        "url",
        LOCAL_URLS.split(),
    )
    def test_names_and_ports_wait_for_the_look_up(self, url: str) -> None:
        assert read(url, LOCAL)

    @pytest.mark.parametrize("url", ["http://localhost:9000/", "http://worker/", "http://example.com:9000/"])
    def test_such_names_are_called_inside_these_networks_alone(self, url: str) -> None:
        destination = read(url, LOCAL)

        assert LOCAL.permits(destination, ip_address("127.0.0.1"))
        assert not LOCAL.permits(destination, ip_address("8.8.8.8"))

    def test_ordinary_names_are_called_anywhere_public(self) -> None:
        destination = read("http://example.com/", LOCAL)

        assert LOCAL.permits(destination, ip_address("127.0.0.1"))
        assert LOCAL.permits(destination, ip_address("8.8.8.8"))
        assert not LOCAL.permits(destination, ip_address("10.0.0.1"))

    @pytest.mark.parametrize("url", ["http://10.0.0.1/", "http://8.8.8.8:9000/", "http://[::ffff:127.0.0.1]/"])
    def test_other_addresses_stay_as_they_were(self, url: str) -> None:
        assert LOCAL.judge(url) is Refusal.BLOCKED

    @pytest.mark.parametrize("url", ["http://127.1:9000/", "http://user@localhost/", "http://localhost:0/"])
    def test_what_is_no_url_stays_none(self, url: str) -> None:
        assert LOCAL.judge(url) is Refusal.INVALID

    @pytest.mark.parametrize(
        "address",
        NEVER_CALLED_ADDRESSES.split(),
    )
    def test_metadata_and_disguises_are_never_opened(self, address: str) -> None:
        host = f"[{address}]" if ":" in address else address

        assert not WIDE_OPEN.allows(ip_address(address))
        assert WIDE_OPEN.judge(f"http://{host}/") is Refusal.BLOCKED

    @pytest.mark.parametrize("address", ["fe80::1%eth0", "2600::1%1"])
    def test_nor_is_an_address_with_a_zone(self, address: str) -> None:
        assert not WIDE_OPEN.allows(ip_address(address))

    @pytest.mark.parametrize("address", ["0.0.0.0", "10.0.0.1", "::1", "fd12::1"])  # noqa: S104
    def test_all_else_can_be(self, address: str) -> None:
        assert WIDE_OPEN.allows(ip_address(address))
