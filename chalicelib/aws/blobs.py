"""Versioned blobs, on the table that holds the identities."""

from __future__ import annotations

from chalicelib.aws import keys
from chalicelib.aws.attributes import binary, binary_of, number, number_of, text, text_of
from chalicelib.aws.clients import Clients
from chalicelib.aws.table import Table, Written

_UNMADE = "attribute_not_exists(#pk)"
_UNCHANGED = "#version = :over"


class AwsBlobs:
    """The port `Blobs`. `get` and `swap` are one call on one item, `beginning` a scan of the whole table."""

    def __init__(self, clients: Clients, table: str) -> None:
        self._table = Table(clients, table)

    def get(self, name: str) -> tuple[int, bytes]:
        """The stored version and blob; version 0 and no bytes when none is stored."""
        item = self._table.get(keys.blob(name))
        return (0, b"") if item is None else (number_of(item["version"]), binary_of(item["blob"]))

    def swap(self, name: str, blob: bytes, *, over: int, expires_s: int) -> tuple[int, bytes] | None:
        """Store a blob over the version it was computed from (0: none); None when done, else what is stored."""
        item = {
            **keys.blob(name),
            "name": text(name),
            "version": number(over + 1),
            "blob": binary(blob),
            "expiresAt": number(expires_s),
        }
        condition, values = (_UNCHANGED, {":over": number(over)}) if over else (_UNMADE, None)
        written = self._table.put(item, condition, values)
        if isinstance(written, Written):
            return None
        if written.item is None:
            return 0, b""
        return number_of(written.item["version"]), binary_of(written.item["blob"])

    def beginning(self, prefix: str) -> list[tuple[str, bytes]]:
        """Names that begin so, with their blobs, in the order of the names."""
        found = self._table.scan(
            "#sk = :blob AND begins_with(#name, :prefix)", {":blob": text(keys.BLOB_SORT), ":prefix": text(prefix)}
        )
        return sorted((text_of(item["name"]), binary_of(item["blob"])) for item in found)
