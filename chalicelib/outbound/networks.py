"""Which addresses belong to the public Internet, and which are never called at all.

Sources: the IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890) and the IANA IPv6 address space registry.
Python's `is_global` is not used: it changes between versions and calls multicast, site-local and translated addresses
global.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


def _networks(*texts: str) -> tuple[Network, ...]:
    return tuple(ip_network(text) for text in texts)


_SPECIAL = _networks(
    "0.0.0.0/8",  # this network, RFC 791
    "10.0.0.0/8",  # private, RFC 1918
    "100.64.0.0/10",  # carrier-grade NAT, RFC 6598
    "127.0.0.0/8",  # loopback, RFC 1122
    "168.63.129.16/32",  # Azure's host agent, inside public space
    "169.254.0.0/16",  # link-local, RFC 3927
    "172.16.0.0/12",  # private, RFC 1918
    "192.0.0.0/24",  # IETF protocol assignments, RFC 6890
    "192.0.2.0/24",  # documentation, RFC 5737
    "192.31.196.0/24",  # AS112, RFC 7535
    "192.52.193.0/24",  # AMT, RFC 7450
    "192.88.99.0/24",  # 6to4 relay anycast, RFC 7526
    "192.168.0.0/16",  # private, RFC 1918
    "192.175.48.0/24",  # AS112 direct delegation, RFC 7534
    "198.18.0.0/15",  # benchmarking, RFC 2544
    "198.51.100.0/24",  # documentation, RFC 5737
    "203.0.113.0/24",  # documentation, RFC 5737
    "224.0.0.0/4",  # multicast, RFC 5771
    "240.0.0.0/4",  # reserved, RFC 1112, and limited broadcast, RFC 919
    "2001::/23",  # IETF protocol assignments, RFC 2928: Teredo, benchmarking, AMT, ORCHID, DRIP
    "2001:db8::/32",  # documentation, RFC 3849
    "2002::/16",  # 6to4, RFC 3056
    "2620:4f:8000::/48",  # AS112 direct delegation, RFC 7534
    "3ffe::/16",  # the returned 6bone, RFC 3701
    "3fff::/20",  # documentation, RFC 9637
)

#: The only part of IPv6 that IANA hands out as global unicast; everything outside it is special.
_GLOBAL_UNICAST = IPv6Network("2000::/3")

#: Where clouds hand out credentials to whoever asks from inside.
_METADATA = _networks(
    "169.254.0.0/16",  # AWS, Azure, Google and others; container credentials; Lambda's own listeners
    "fe80::/10",  # the same on IPv6 link-local
    "100.100.100.200/32",  # Alibaba
    "168.63.129.16/32",  # Azure
    "192.0.0.192/32",  # Oracle
    "fd00:ec2::/32",  # AWS
    "fd20:ce::254/128",  # Google
    "fd00:c1::a9fe:a9fe/128",  # Oracle
    "fd00:42::42/128",  # Scaleway
)

_IPV4_CARRIERS = _networks(
    "::ffff:0:0/96",  # IPv4-mapped, RFC 4291
    "::ffff:0:0:0/96",  # IPv4-translated, RFC 2765
    "64:ff9b::/96",  # NAT64, RFC 6052
    "64:ff9b:1::/48",  # NAT64 for local use, RFC 8215
    "2001::/32",  # Teredo, RFC 4380
    "2002::/16",  # 6to4, RFC 3056
)


def contains(networks: tuple[Network, ...], address: Address) -> bool:
    return any(address in network for network in networks)


def is_public(address: Address) -> bool:
    """Whether the address is an ordinary unicast address of the public Internet."""
    if isinstance(address, IPv6Address) and address not in _GLOBAL_UNICAST:
        return False
    return not contains(_SPECIAL, address)


def is_never_called(address: Address) -> bool:
    """Whether no setting may open the address: metadata services, and IPv6 forms that stand for another address."""
    if isinstance(address, IPv6Address) and (address.scope_id is not None or _carries_ipv4(address)):
        return True
    return contains(_METADATA, address)


def _carries_ipv4(address: IPv6Address) -> bool:
    number = int(address)
    ipv4_compatible = number >> 32 == 0 and number > 1  # RFC 4291 2.5.5.1, without :: and ::1
    isatap = number >> 32 & 0xFDFF_FFFF == 0x5EFE  # RFC 5214 6.1, either setting of the u bit
    return ipv4_compatible or isatap or contains(_IPV4_CARRIERS, address)
