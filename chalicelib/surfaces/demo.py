"""The literal credentials of the manuals, for the local stage alone.

Whoever pastes an example from a manual into a terminal reaches a seeded principal. No other stage knows these words:
the edge asks only on the local stage, and the key they stand for is made anew by every local stack.
"""

from __future__ import annotations

import json
from pathlib import Path

#: Where the local stack writes down what it seeded.
STACK_DOCUMENT = Path(".local") / "stack.json"

#: The key of AsyncQueue's examples: the seeded team on the pro plan.
ASYNCQUEUE_KEY = "your-api-key"


def alias(key: str) -> str:
    """The seeded key that a literal of the manuals stands for; any other key is itself."""
    if key != ASYNCQUEUE_KEY:
        return key
    try:
        document = json.loads(STACK_DOCUMENT.read_text())
    except FileNotFoundError:
        return key
    return str(document["asyncqueue"]["teams"][0]["api_key"])
