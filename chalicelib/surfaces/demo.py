"""Whom the literal credentials of the manuals speak for, on the local stage alone.

Whoever pastes an example from a manual into a terminal reaches a seeded principal. No other stage knows these words:
an edge asks here on the local stage only, before the rules of real keys are applied.
"""

from __future__ import annotations

from chalicelib.domain.errors import NotFoundError
from chalicelib.domain.identity import Principal
from chalicelib.domain.literals import ASYNCQUEUE_KEY
from chalicelib.engine.teams import Teams

#: The id of the pro team that the key in AsyncQueue's examples speaks for.
ASYNCQUEUE_TEAM = "5eed0000-0000-4000-8000-000000000001"


def principal(teams: Teams, key: str) -> Principal | None:
    """The seeded principal that a literal of the manuals stands for; None for any other key."""
    if key != ASYNCQUEUE_KEY:
        return None
    try:
        return Principal(teams.get(ASYNCQUEUE_TEAM), ASYNCQUEUE_KEY)
    except NotFoundError:
        return None
