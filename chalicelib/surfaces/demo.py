"""Whom the literal credentials of the manuals speak for, on the local stage alone.

Whoever pastes an example from a manual into a terminal reaches a seeded principal. No other stage knows these words:
an edge asks here on the local stage only, before the rules of real keys are applied.
"""

from __future__ import annotations

from chalicelib.domain.access import SCOPES, Access, Role, user_id
from chalicelib.domain.errors import NotFoundError
from chalicelib.domain.identity import Principal
from chalicelib.domain.literals import ASYNCQUEUE_KEY
from chalicelib.engine.users import Users
from chalicelib.surfaces.kit import Call

#: The id of the pro team that the key in AsyncQueue's examples speaks for.
ASYNCQUEUE_TEAM = "5eed0000-0000-4000-8000-000000000001"

#: The tenant that the tokens in AstraFlow's examples speak for, and the address of its admin there.
ASTRAFLOW_TENANT = "t5eed000000000001"
ASTRAFLOW_ADMIN = "admin@example.com"
#: What their requests count as: they were issued to no client.
_ASTRAFLOW_CLIENT = f"{ASTRAFLOW_TENANT}.examples"


def team_of(call: Call, key: str) -> Principal | None:
    """Whom a team's key speaks for: on the local stage the literal of the manuals too, elsewhere real keys alone."""
    here = call.platform
    if here.settings.local and key == ASYNCQUEUE_KEY:
        try:
            return Principal(here.teams.get(ASYNCQUEUE_TEAM), ASYNCQUEUE_KEY)
        except NotFoundError:
            return None
    return here.teams.authenticate(key)


def access(users: Users) -> Access | None:
    """The seeded admin, whom the tokens in AstraFlow's examples speak for; None where there is none, or no more."""
    try:
        admin = users.get(ASTRAFLOW_TENANT, user_id(ASTRAFLOW_TENANT, ASTRAFLOW_ADMIN))
    except NotFoundError:
        return None
    if not admin.active:
        return None
    return Access(ASTRAFLOW_TENANT, _ASTRAFLOW_CLIENT, admin.id, Role.ADMIN.value, frozenset(SCOPES))
