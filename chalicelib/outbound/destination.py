"""A URL's text, read once and strictly: what is judged is exactly what is dialled.

Parsers that disagree about one text are the classic way around a guard. So nothing is repaired here: what two readers
could take for two hosts is no valid URL.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from urllib.parse import quote, urljoin

from chalicelib.outbound.networks import Address

MAX_URL_CHARACTERS = 2048
#: RFC 1035 2.3.4: 255 octets on the wire.
MAX_NAME_CHARACTERS = 253

_DEFAULT_PORTS = {"http": 80, "https": 443}

#: Controls, white space, backslashes and lone surrogates: parsers drop, fold or translate them.
_UNSAFE = re.compile(r"[\x00-\x20\x7f-\x9f\s\\\ud800-\udfff]")
_URL = re.compile(r"(https?)://([^/?#]*)([^#]*)(?:#.*)?", re.IGNORECASE | re.ASCII)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE | re.ASCII)
_AUTHORITY = re.compile(r"(?:\[([0-9a-f:.]+)\]|([^:@\[\]%]+))(?::([0-9]{0,5}))?", re.IGNORECASE | re.ASCII)
#: A label of letters, digits, hyphens (RFC 1123 2.1) and the underscores that real names have.
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)", re.ASCII)
#: WHATWG URL, "ends in a number": such a host is an IPv4 address to somebody.
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)
#: All of RFC 3986 `pchar`, `/`, `?` and what WHATWG leaves alone. `%` stays, so what was encoded is not encoded again.
_TARGET_SAFE = "%/?:@!$&'()*+,;=-._~[]"


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a URL leads. `host` is an ASCII lower-case name, or an address in its shortest form without brackets;
    `address` is set when it is an address; `target` is the path and query as they go on the wire."""

    scheme: str
    host: str
    port: int
    target: str
    address: Address | None = None

    @property
    def authority(self) -> str:
        """The `Host` header's value: the port only where it is not the scheme's own (RFC 9110 7.2)."""
        host = f"[{self.host}]" if isinstance(self.address, IPv6Address) else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        return f"{self.scheme}://{self.authority}"

    @property
    def url(self) -> str:
        return self.origin + self.target


def parse(url: str) -> Destination | None:
    """Read an absolute http or https URL of at most 2,048 characters; None when it is none, or has user-info in it."""
    if len(url) > MAX_URL_CHARACTERS or _UNSAFE.search(url):
        return None
    parts = _URL.fullmatch(url)
    authority = parts and _AUTHORITY.fullmatch(parts[2])
    if not parts or not authority:
        return None
    scheme = parts[1].lower()
    host = _ipv6(authority[1]) if authority[1] else _name_or_ipv4(authority[2])
    port = int(authority[3]) if authority[3] else _DEFAULT_PORTS[scheme]
    if host is None or not 1 <= port <= 65535:
        return None
    target = quote(parts[3] if parts[3].startswith("/") else "/" + parts[3], safe=_TARGET_SAFE)
    return Destination(scheme, str(host), port, target, None if isinstance(host, str) else host)


def resolve_reference(base: Destination, reference: str) -> str:
    """The absolute URL that `reference` means at `base` (RFC 3986 5.2.2, strict); what is no reference stays."""
    if _UNSAFE.search(reference) or _SCHEME.match(reference):
        return reference
    if reference.startswith("//"):
        return f"{base.scheme}:{reference}"
    return urljoin(base.url, reference)


def _ipv6(text: str) -> IPv6Address | None:
    try:
        return IPv6Address(text)
    except AddressValueError:
        return None


def _name_or_ipv4(text: str) -> str | IPv4Address | None:
    if len(text) > MAX_NAME_CHARACTERS + 1:  # the ASCII form is never shorter, and IDNA is slow on long text
        return None
    lower_case = text.encode().lower().decode()  # of bytes: ASCII letters alone
    labels = [_ascii_label(label) for label in lower_case.removesuffix(".").split(".")]
    if None in labels:
        return None
    name = ".".join(label for label in labels if label)
    last = name.rpartition(".")[2]
    if last.startswith("xn--") and _foreign_digits(last):
        return None
    if _NUMBER.fullmatch(last):
        try:
            return IPv4Address(name)
        except AddressValueError:  # short, octal, hexadecimal or too large: every reader sees another address
            return None
    return name if len(name) <= MAX_NAME_CHARACTERS else None


def _ascii_label(label: str) -> str | None:
    """The lower-case label as DNS knows it (RFC 5891); None for one that IDNA would first have to map."""
    if label.isascii() and not label.startswith("xn--"):
        return label if _LABEL.fullmatch(label) else None
    import idna  # its tables take longer to load than all the rest here, and few names need them

    try:
        return idna.alabel(label).decode("ascii")
    except idna.IDNAError:
        return None


def _foreign_digits(label: str) -> bool:
    """Whether an encoded label is a number in another script: no top-level domain is one, but some parsers read it as
    a part of an IPv4 address."""
    import idna

    return idna.ulabel(label).isdecimal()
