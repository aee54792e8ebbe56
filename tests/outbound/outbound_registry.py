"""The blocks of addresses that are no ordinary part of the public Internet, as the registries list them.

Written from the IANA IPv4 and IPv6 Special-Purpose Address Registries, the IPv4 and IPv6 address space registries and
the RFCs named beside each block, not from the guard's own table: the two are compared by what they let through.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

Address = IPv4Address | IPv6Address
Block = IPv4Network | IPv6Network

IPV4 = {
    "0.0.0.0/8": "this network, RFC 791",
    "10.0.0.0/8": "private use, RFC 1918",
    "100.64.0.0/10": "shared address space, RFC 6598",
    "127.0.0.0/8": "loopback, RFC 1122",
    "168.63.129.16/32": "Azure's host agent",
    "169.254.0.0/16": "link-local, RFC 3927",
    "172.16.0.0/12": "private use, RFC 1918",
    "192.0.0.0/24": "IETF protocol assignments, RFC 6890",
    "192.0.2.0/24": "TEST-NET-1, RFC 5737",
    "192.31.196.0/24": "AS112-v4, RFC 7535",
    "192.52.193.0/24": "AMT, RFC 7450",
    "192.88.99.0/24": "6to4 relay anycast, RFC 7526",
    "192.168.0.0/16": "private use, RFC 1918",
    "192.175.48.0/24": "direct delegation AS112, RFC 7534",
    "198.18.0.0/15": "benchmarking, RFC 2544",
    "198.51.100.0/24": "TEST-NET-2, RFC 5737",
    "203.0.113.0/24": "TEST-NET-3, RFC 5737",
    "224.0.0.0/4": "multicast, RFC 5771",
    "240.0.0.0/4": "reserved, RFC 1112",
    "255.255.255.255/32": "limited broadcast, RFC 919",
}

IPV6 = {
    "::/128": "unspecified, RFC 4291",
    "::1/128": "loopback, RFC 4291",
    "::/96": "IPv4-compatible, RFC 4291",
    "::ffff:0:0/96": "IPv4-mapped, RFC 4291",
    "::ffff:0:0:0/96": "IPv4-translated, RFC 2765",
    "64:ff9b::/96": "IPv4-IPv6 translation, RFC 6052",
    "64:ff9b:1::/48": "IPv4-IPv6 translation, RFC 8215",
    "100::/64": "discard-only, RFC 6666",
    "100:0:0:1::/64": "dummy prefix, RFC 9780",
    "2001::/23": "IETF protocol assignments, RFC 2928",
    "2001::/32": "Teredo, RFC 4380",
    "2001:1::1/128": "PCP anycast, RFC 7723",
    "2001:1::2/128": "TURN anycast, RFC 8155",
    "2001:1::3/128": "DNS-SD SRP anycast, RFC 9665",
    "2001:2::/48": "benchmarking, RFC 5180",
    "2001:3::/32": "AMT, RFC 7450",
    "2001:4:112::/48": "AS112-v6, RFC 7535",
    "2001:10::/28": "ORCHID, RFC 4843",
    "2001:20::/28": "ORCHIDv2, RFC 7343",
    "2001:30::/28": "DRIP, RFC 9374",
    "2001:db8::/32": "documentation, RFC 3849",
    "2002::/16": "6to4, RFC 3056",
    "2620:4f:8000::/48": "direct delegation AS112, RFC 7534",
    "3ffe::/16": "6bone, RFC 3701",
    "3fff::/20": "documentation, RFC 9637",
    "4000::/3": "unassigned, RFC 4291",
    "5f00::/16": "segment routing SIDs, RFC 9602",
    "8000::/3": "unassigned, RFC 4291",
    "e000::/4": "unassigned, RFC 4291",
    "fc00::/7": "unique local, RFC 4193",
    "fe80::/10": "link-local, RFC 4291",
    "fec0::/10": "site-local, RFC 3879",
    "ff00::/8": "multicast, RFC 4291",
}

#: What IANA gives out as global unicast; what lies outside of it is special, listed above or not.
GLOBAL_UNICAST = IPv6Network("2000::/3")

BLOCKS: dict[Block, str] = {ip_network(text): what for text, what in {**IPV4, **IPV6}.items()}


def special(address: Address) -> bool:
    """Whether the registries set an address apart."""
    outside = isinstance(address, IPv6Address) and address not in GLOBAL_UNICAST
    return outside or any(address in block for block in BLOCKS)


def edges(block: Block) -> list[Address]:
    """The first and the last address of a block, and one from the middle."""
    return list(dict.fromkeys([block[0], block[block.num_addresses // 2], block[-1]]))


def neighbours(block: Block) -> Iterator[Address]:
    """The addresses just outside a block that belong to nobody special."""
    kind = type(block[0])
    for number in (int(block[0]) - 1, int(block[-1]) + 1):
        if 0 <= number < 2**block.max_prefixlen and not special(kind(number)):
            yield kind(number)
