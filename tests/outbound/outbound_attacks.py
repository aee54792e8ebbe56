"""URLs that lead inside, in every spelling that some parser takes for an address, and harmless ones that look alike.

Beside `vectors.json`, and of the same classes: written from the registries, the RFCs and the ways in which real parsers
differ, so that the guard is tried with more than one list.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from ipaddress import IPv4Address, IPv6Address

from outbound_registry import BLOCKS, Address, edges, neighbours
from outbound_texts import (
    DISGUISED_NAMES,
    INTERNATIONAL_NAMES,
    NAMES,
    NO_NAMES,
    PARSERS,
    PORTS,
    PUBLIC_NAMES,
    SCHEMES,
    SCOPED,
    SCOPES,
    TARGETS,
    USER_INFO,
)

#: A few that matter, and a public one: in disguise not even that is called.
INSIDE = [IPv4Address(text) for text in ("127.0.0.1", "10.0.0.1", "169.254.169.254", "172.31.0.9", "192.168.1.1")]
PUBLIC = IPv4Address("8.8.8.8")


def refused() -> dict[str, list[str]]:
    """What must not be called, by class."""
    return {
        "special addresses": [_url(address) for block in BLOCKS for address in edges(block)],
        "IPv4 in other numbers": list(_other_numbers()),
        "IPv4 in other characters": list(_other_characters()),
        "IPv6 that carries IPv4": [url for address in [*INSIDE, PUBLIC] for url in _carried(address)],
        "IPv6 in other spellings": list(_other_spellings()),
        "scope ids": [f"http://[{address}{scope}]/" for address in SCOPED for scope in SCOPES],
        "names": [f"http://{name}/" for name in NAMES.split()],
        "names in other characters": [f"http://{name}/" for name in DISGUISED_NAMES],
        "no names": [f"http://{name}/" for name in NO_NAMES],
        "user-info": [f"http://{each}/" for each in USER_INFO],
        "parsers": PARSERS,
        "white space and controls": list(_controls()),
        "ports": [f"http://example.com:{port}/" for port in PORTS],
        "schemes": [
            f"{scheme}:{rest}"
            for scheme in SCHEMES.split()
            for rest in ("//example.com/", "//127.0.0.1/", "/etc/passwd")
        ],
    }


def allowed() -> dict[str, list[str]]:
    """What may be called, by class."""
    return {
        "neighbours of special addresses": [_url(address) for block in BLOCKS for address in neighbours(block)],
        "public addresses": [_url(address) for address in PUBLIC_ADDRESSES],
        "public names": [f"http://{name}/" for name in PUBLIC_NAMES],
        "international names": [f"http://{name}/" for name in INTERNATIONAL_NAMES],
        "ports": [f"http://example.com{port}/" for port in ("", ":", ":80", ":443", ":8080", ":8443", ":0080")],
        "targets": [f"http://example.com{target}" for target in TARGETS],
        "schemes": ["HTTP://example.com/", "hTtP://example.com/"],
    }


def special_answers() -> list[Address]:
    """Addresses that no name may lead to."""
    carried = [
        IPv6Address(url[len("http://[") : -len("]/")]) for address in [*INSIDE, PUBLIC] for url in _carried(address)
    ]
    return list(dict.fromkeys([*(address for block in BLOCKS for address in edges(block)), *carried]))


def public_answers() -> list[Address]:
    """Addresses that a name may lead to."""
    return [*(address for block in BLOCKS for address in neighbours(block)), *PUBLIC_ADDRESSES]


def over_https(url: str) -> str:
    """The same with the other scheme, where there is one."""
    return url.replace("http://", "https://", 1)


def _url(address: Address) -> str:
    return f"http://[{address}]/" if isinstance(address, IPv6Address) else f"http://{address}/"


_RADIXES: list[Callable[[int], str]] = [
    str,
    "0x{:x}".format,
    "0X{:X}".format,
    "0{:o}".format,
    "0x{:08x}".format,
    "000{:o}".format,
]


def _other_numbers() -> Iterator[str]:
    """Everything that `inet_aton` reads: one to four parts, each decimal, octal or hexadecimal."""
    for address in [*INSIDE, PUBLIC]:
        octets = list(address.packed)
        for count in (1, 2, 3, 4):
            last = int.from_bytes(bytes(octets[count - 1 :]), "big")
            for radixes in itertools.islice(itertools.product(_RADIXES, repeat=count), 0, None, 1 + 13 * (count > 2)):
                text = ".".join(write(part) for write, part in zip(radixes, [*octets[: count - 1], last], strict=True))
                if text != str(address):
                    yield f"http://{text}/"
        a, b, c, d = octets
        yield f"http://{a + 256}.{b + 256}.{c + 256}.{d + 256}/"
        yield f"http://{a}.{b}.{c}.{d + 256}/"
        yield f"http://{int(address) + 2**32}/"
        yield f"http://{a:03}.{b:03}.{c:03}.{d:03}/"
        yield f"http://{a}.{b}.{c}.{d}.0/"
        yield f"http://+{a}.{b}.{c}.{d}/"
        yield f"http://{a}.{b}.{c}.-{d}/"
        yield f"http://{a}.{b}..{d}/"
        yield f"http://.{a}.{b}.{c}.{d}/"
        yield f"http://{a}.{b}.{c}.{d}../"
    for address in INSIDE:
        yield f"http://{address}./"
        yield f"http://{address}:8080/"


def _other_characters() -> Iterator[str]:
    """Digits and dots that a parser may fold to ASCII, and percent-encoded ones."""
    folds = [
        {ord(str(digit)): chr(0xFF10 + digit) for digit in range(10)},  # full width
        {ord(str(digit)): chr(0x0660 + digit) for digit in range(10)},  # Arabic-Indic
        {ord(str(digit)): chr(0x0966 + digit) for digit in range(10)},  # Devanagari
        {ord(str(digit)): chr(0x1D7CE + digit) for digit in range(10)},  # mathematical
        {ord("0"): "\u24ea", **{ord(str(digit)): chr(0x245F + digit) for digit in range(1, 10)}},  # circled
        {ord("0"): "\u2070", ord("1"): "\u00b9", ord("2"): "\u00b2", ord("3"): "\u00b3", ord("9"): "\u2079"},
        {ord("."): "\u3002"},
        {ord("."): "\uff0e"},
        {ord("."): "\uff61"},
        {ord("."): "\u2024"},
        {ord("."): "%2e"},
        {ord("."): "%2E"},
        {ord(str(digit)): f"%3{digit}" for digit in range(10)},
        {ord("1"): "%EF%BC%91"},
    ]
    for address, fold in itertools.product(INSIDE, folds):
        text = str(address).translate(fold)
        if text != str(address):
            yield f"http://{text}/"


def _carried(address: IPv4Address) -> Iterator[str]:
    """Every form of IPv6 in which an IPv4 address travels."""
    number = int(address)
    high, low = number >> 16, number & 0xFFFF
    inverse = number ^ 0xFFFF_FFFF
    hexadecimal = f"{high:x}:{low:x}"
    a, b, c, d = address.packed
    yield f"http://[::ffff:{hexadecimal}]/"  # mapped
    yield f"http://[::{hexadecimal}]/"  # compatible
    yield f"http://[::ffff:0:{hexadecimal}]/"  # translated
    yield f"http://[64:ff9b::{hexadecimal}]/"  # NAT64, well-known prefix
    # NAT64, local-use prefixes of all lengths (RFC 6052 2.2: bits 64 to 71 stay clear)
    yield f"http://[64:ff9b:1:{a:02x}{b:02x}:{c:x}:{d:02x}00::]/"
    yield f"http://[64:ff9b:1:{a:x}:{b:x}:{c:02x}{d:02x}::]/"
    yield f"http://[64:ff9b:1::{a:x}:{b:02x}{c:02x}:{d:02x}00:0]/"
    yield f"http://[64:ff9b:1::{hexadecimal}]/"
    yield f"http://[64:ff9b:1:fffe::{hexadecimal}]/"
    yield f"http://[2002:{hexadecimal}::]/"  # 6to4
    yield f"http://[2002:{hexadecimal}::1]/"
    yield f"http://[2001:0:{hexadecimal}:0:0:0:0]/"  # Teredo, as the server
    yield f"http://[2001:0:808:808:0:0:{inverse >> 16:x}:{inverse & 0xFFFF:x}]/"  # Teredo, as the client
    yield f"http://[fe80::5efe:{hexadecimal}]/"  # ISATAP
    yield f"http://[fe80::200:5efe:{hexadecimal}]/"
    yield f"http://[2606:4700::5efe:{hexadecimal}]/"
    yield f"http://[2606:4700::200:5efe:{hexadecimal}]/"
    yield f"http://[2a00:1450:1:1:0:5efe:{hexadecimal}]/"


def _other_spellings() -> Iterator[str]:
    """The same address in full, in capitals, with dotted digits, and what is nearly one."""
    for text in (
        "::1",
        "::ffff:7f00:1",
        "::ffff:a9fe:a9fe",
        "64:ff9b::7f00:1",
        "fe80::1",
        "fc00::1",
        "fec0::1",
        "ff02::1",
    ):
        address = IPv6Address(text)
        yield f"http://[{address.exploded}]/"
        yield f"http://[{address.exploded.upper()}]/"
        yield f"http://[{':'.join(f'{int(part, 16):x}' for part in address.exploded.split(':'))}]/"
        yield f"http://[{address}]:443/"
    for prefix, address in itertools.product(
        ("::ffff:", "::FFFF:", "0:0:0:0:0:ffff:", "0000:0000:0000:0000:0000:FFFF:", "::", "::ffff:0:", "64:ff9b::"),
        INSIDE,
    ):
        yield f"http://[{prefix}{address}]/"
    for text in (
        "::ffff:127.1",
        "::ffff:0177.0.0.1",
        "::ffff:127.000.000.001",
        "::ffff:0x7f000001",
        "::ffff:2130706433",
        "::ffff:127.0.0.1.",
        "::1::",
        "1::2::3",
        ":::1",
        "::00001",
        "0:0:0:0:0:0:0:0:1",
        "::g",
        "::1 ",
        "v1.fe80::1",
        "v6.::1",
        "127.0.0.1",
        "localhost",
        "",
        ":",
        "::1]@[::2",
    ):
        yield f"http://[{text}]/"
    yield from (
        "http://::1/",
        "http://[::1/",
        "http://::1]/",
        "http://[[::1]]/",
        "http://[::1]80/",
        "http://[::1].com/",
    )
    yield from ("http://[::1]x:80/", "http://x[::1]/", "http://[::1][::2]/", "http://[%3A%3A1]/", "http://%5B::1%5D/")


def _controls() -> Iterator[str]:
    """Characters that parsers drop, trim or stop at, before, in and behind everything."""
    for character in (
        "\t",
        "\n",
        "\r",
        "\r\n",
        " ",
        "\x00",
        "\x0b",
        "\x0c",
        "\x1f",
        "\x7f",
        "\x85",
        "\xa0",
        "\u2003",
        "\u2028",
    ):
        yield f"{character}http://example.com/"
        yield f"http://example.com/{character}"
        yield f"ht{character}tp://example.com/"
        yield f"http:{character}//example.com/"
        yield f"http:/{character}/example.com/"
        yield f"http://{character}example.com/"
        yield f"http://exam{character}ple.com/"
        yield f"http://example.com{character}/"
        yield f"http://example.com:{character}80/"
        yield f"http://example.com:8{character}0/"
        yield f"http://example.com/a{character}b"
        yield f"http://example.com/?a{character}Host:%20x"
        yield f"http://example.com/#a{character}b"
        yield f"http://127.0.0.1{character}.example.com/"


PUBLIC_ADDRESSES: list[Address] = [
    *map(IPv4Address, ("1.1.1.1", "8.8.8.8", "9.9.9.9", "52.94.5.5", "93.184.216.34", "126.1.2.3", "172.15.0.1")),
    *map(IPv4Address, ("172.32.0.1", "192.0.1.1", "192.30.252.1", "198.41.0.4", "199.7.83.42", "223.255.255.254")),
    *map(IPv6Address, ("2001:4860:4860::8888", "2606:4700:4700::1111", "2a00:1450:4001::200e", "2620:fe::fe")),
    *map(IPv6Address, ("2400:cb00::1", "2c0f:fb50::1", "2800:3f0::1", "2600:1f18::1", "2001:500:2::c", "2003::1")),
]
