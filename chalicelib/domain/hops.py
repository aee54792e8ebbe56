"""How deep tasks create tasks: a callback that leads back to this API would otherwise multiply without end.

Each callback says in `X-Task-Hops` how many tasks in a row led to it. A create request that brings the header along
makes a task one deeper, up to a limit.
"""

from __future__ import annotations

import re

HEADER = "X-Task-Hops"
#: Tasks that led to a create request, at most.
MOST = 5

_COUNT = re.compile(r"[0-9]{1,4}", re.ASCII)


def hops(value: str | None) -> int | None:
    """How many tasks led to a request, by its header; None when the header is no count, or above the limit."""
    if value is None:
        return 0
    if not _COUNT.fullmatch(value) or int(value) > MOST:
        return None
    return int(value)
