"""Reading typed values out of an environment. What makes no sense is noted, so that all of it is told at once.

A note says what to change and never holds the value of a secret.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import urlsplit

from chalicelib.domain.literals import LITERALS

Network = IPv4Network | IPv6Network

SHORTEST_SECRET = 16
#: Names that begin so are settings, and nobody else's.
OURS = ("SLUICE_", "ASYNCQUEUE_", "ASYNCFLOW_", "ASTRAFLOW_", "ASIMOV_")
#: Names that begin so all the same and that others read: the operator's command, the clients, and their tests.
OTHERS = frozenset(
    {
        "ASTRAFLOW_BASE_URL",
        "ASTRAFLOW_CLIENT_ID",
        "ASTRAFLOW_CLIENT_SECRET",
        "ASTRAFLOW_TOKEN",
        "ASYNCFLOW_GROUP",
        "ASYNCQUEUE_API_KEY",
        "SLUICE_CONFIG",
        "SLUICE_PROFILE",
        "SLUICE_PYTHON",
        "SLUICE_STACK",
        "SLUICE_URL",
    }
)
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(?::[0-9]{1,5})?", re.ASCII)
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?", re.ASCII | re.IGNORECASE)


class Reading:
    """An environment, the settings that were asked for in it, and what is wrong with it."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.problems: list[str] = []
        self.asked: set[str] = set()
        self._environ = environ

    def text(self, name: str) -> str:
        """The value without white space around it; empty when it is not set."""
        self.asked.add(name)
        return self._environ.get(name, "").strip()

    def matching(self, name: str, default: str, pattern: str, what: str) -> str:
        """A value of this form."""
        text = self.text(name) or default
        if not re.fullmatch(pattern, text, re.ASCII):
            self.problems.append(f"{name} must be {what}, not {text!r}")
        return text

    def integer(self, name: str, default: int, low: int, high: int) -> int:
        """A whole number."""
        value = self.optional_integer(name, low, high)
        return default if value is None else value

    def optional_integer(self, name: str, low: int, high: int) -> int | None:
        """A whole number, or None when it is not set."""
        text = self.text(name)
        if not text:
            return None
        if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
            self.problems.append(f"{name} must be a whole number between {low} and {high}, not {text!r}")
            return None
        return int(text)

    def number(self, name: str, default: float, low: float, high: float) -> float:
        """A number."""
        text = self.text(name)
        if not text:
            return default
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not low <= value <= high:
            self.problems.append(f"{name} must be a number between {low:g} and {high:g}, not {text!r}")
            return default
        return value

    def word(self, name: str, allowed: tuple[str, ...]) -> str:
        """One of the allowed words; the first when none is set."""
        word = self.text(name) or allowed[0]
        if word not in allowed:
            self.problems.append(f"{name} must be one of {', '.join(allowed)}, not {word!r}")
        return word

    def words(self, name: str) -> tuple[str, ...]:
        """Words between commas."""
        return tuple(word.strip() for word in self.text(name).split(",") if word.strip())

    def hosts(self, name: str) -> tuple[str, ...]:
        """Host names between commas."""
        words = self.words(name)
        for word in words:
            if not _HOST.fullmatch(word):
                self.problems.append(
                    f"{name} must be host names like api.example.com, separated by commas, not {word!r}"
                )
        return words

    def origins(self, name: str) -> tuple[str, ...]:
        """Origins between commas, or `*` alone (RFC 6454, section 6.2)."""
        words = self.words(name)
        for word in words:
            if word != "*" and not _ORIGIN.fullmatch(word):
                self.problems.append(
                    f"{name} must be origins like https://app.example.com, without a path and in lower case, separated "
                    f"by commas, or *, not {word!r}"
                )
        if "*" in words and len(words) > 1:
            self.problems.append(f"{name} must be * alone or origins, not both")
        return words

    def networks(self, name: str) -> tuple[Network, ...]:
        """Networks between commas."""
        try:
            return tuple(ip_network(word) for word in self.words(name))
        except ValueError as error:
            self.problems.append(f"{name} must be networks like 10.0.0.0/8, separated by commas: {error}")
            return ()

    def address(self, name: str) -> str | None:
        """An http or https URL, or None when it is not set."""
        text = self.text(name)
        parts = urlsplit(text)
        if text and (parts.scheme not in ("http", "https") or not parts.netloc):
            self.problems.append(f"{name} must be a URL like http://127.0.0.1:8001, not {text!r}")
        return text or None

    def folder(self, name: str) -> Path | None:
        """A folder, there or not yet, or None when it is not set."""
        text = self.text(name)
        return Path(text) if text else None

    def secret(self, name: str, *, literal: bool = False) -> str:
        """A secret that is long enough, and, unless `literal`, none that a manual prints."""
        self.asked.add(name)
        value = self._environ.get(name, "")
        better = "`openssl rand -hex 32` makes a good one"
        if not literal and value in LITERALS:
            self.problems.append(f"{name} must not be a key that the manuals print; {better}")
        elif len(value) < SHORTEST_SECRET and not literal:
            self.problems.append(f"{name} must be set to at least {SHORTEST_SECRET} characters; {better}")
        return value

    def note_unknown(self) -> None:
        """Note every variable that is named like a setting and is none, once all settings were asked for."""
        for name in sorted(self._environ):
            if name.startswith(OURS) and name not in self.asked and name not in OTHERS:
                close = difflib.get_close_matches(name, sorted(self.asked), n=1, cutoff=0.75)
                hint = f"did you mean {close[0]}?" if close else "docs/settings.md lists them all"
                self.problems.append(f"{name} is no setting ({hint})")
