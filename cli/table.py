"""Rows for people to read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """The rows under their header, each column as wide as it has to be; numbers stand to the right."""
    lines = [header, *rows]
    widths = [max(len(str(cell)) for cell in column) for column in zip(*lines, strict=True)]
    return "\n".join(_line(line, widths) for line in lines)


def _line(cells: Sequence[object], widths: Sequence[int]) -> str:
    padded = (
        str(cell).rjust(width) if isinstance(cell, int | float) else str(cell).ljust(width)
        for cell, width in zip(cells, widths, strict=True)
    )
    return "  ".join(padded).rstrip()
