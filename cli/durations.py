"""Lengths of time as people write them."""

from __future__ import annotations

import re

from cli.exits import Exit, stop

_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def seconds(text: str, option: str) -> int:
    """The seconds in `90s`, `15m`, `2h` or `1d`; anything else ends the command and names the option."""
    found = re.fullmatch(r"([0-9]{1,9})([smhd])", text, re.ASCII)
    if found is None:
        raise stop(
            Exit.USAGE, f"{option} must be a number with s, m, h or d, such as 90s, 15m, 2h or 1d, not {text!r}."
        )
    return int(found[1]) * _SECONDS[found[2]]
