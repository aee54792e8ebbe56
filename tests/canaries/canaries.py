"""Secrets that can be told from everything else, and where to look for them."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field


@dataclass
class Canaries:
    """Each is drawn for one place and known by its name. Whoever finds one where it must not be says which."""

    _known: dict[str, str] = field(default_factory=dict)

    def __call__(self, name: str) -> str:
        """A new secret: lower-case hexadecimal, so that it may stand anywhere."""
        return self.keep(name, f"ca{secrets.token_hex(11)}")

    def keep(self, name: str, secret: str) -> str:
        """Look out for a secret that somebody else drew."""
        self._known[f"{name} {len(self._known)}"] = secret
        return secret

    def __len__(self) -> int:
        return len(self._known)

    def found_in(self, texts: Iterable[str | bytes]) -> set[str]:
        """The names of those that a text holds: as they are, in hexadecimal, or in base64 at any offset."""
        haystack = b"\n".join(text.encode() if isinstance(text, str) else text for text in texts)
        return {name for name, secret in self._known.items() if any(form in haystack for form in _forms(secret))}


def _forms(secret: str) -> Iterator[bytes]:
    plain = secret.encode()
    yield plain
    yield plain.hex().encode()
    for offset in range(3):
        # The characters that depend on what stands around it are left off.
        encoded = base64.b64encode(b"\0" * offset + plain)
        yield encoded[-(-offset * 4 // 3) + (1 if offset else 0) : len(encoded) - 4]
