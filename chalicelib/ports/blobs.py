"""Where small blobs live that change often: rate windows, ledgers, profiles in force."""

from __future__ import annotations

from typing import Protocol


class Blobs(Protocol):
    """Small blobs under a name, replaced only over the version they were computed from."""

    def get(self, name: str) -> tuple[int, bytes]:
        """The stored version and blob; version 0 and no bytes when none is stored. Strongly consistent."""

    def swap(self, name: str, blob: bytes, *, over: int, expires_s: int) -> tuple[int, bytes] | None:
        """Store the blob as version `over + 1` if the stored version is `over` (0: none is stored); None when done,
        else the stored version and blob. It may be deleted from the epoch second `expires_s` on."""

    def beginning(self, prefix: str) -> list[tuple[str, bytes]]:
        """Names that begin so, with their blobs, in the order of the names: for the operator's eyes."""
