"""Every kind of caller that a deployment can meet: what each one sends, and what that is good for."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from world import OPERATOR_KEY, World

from chalicelib.domain.access import SCOPES, Role
from chalicelib.domain.literals import ASYNCFLOW_KEY, LITERALS
from chalicelib.engine.tenants import NewClient
from surfaces.astraflow.parties import Tenancy, basic
from surfaces.sides import Side

#: What the roles may do, as the manual tells it: "admin", "member (default)", "viewer (read only)".
_ROLES = {
    Role.ADMIN: {"tasks:read", "tasks:write", "users:admin", "webhooks:write"},
    Role.MEMBER: {"tasks:read", "tasks:write", "webhooks:write"},
    Role.VIEWER: {"tasks:read"},
}
#: Where a credential can stand, whether or not it belongs there.
_PLACES = ("bearer", "header", "basic")


@dataclass(frozen=True, slots=True)
class Caller:
    """What somebody sends, the security schemes of the description that this satisfies, and the scopes that it has."""

    name: str
    headers: Mapping[str, str] = field(default_factory=dict)
    schemes: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()

    @property
    def brings_no_key(self) -> bool:
        """Whether there is no credential at all: one that opens nothing is none of nobody's."""
        return not self.headers.keys() & {"Authorization", "X-API-Key"}


def everybody(world: World, ours: Side) -> list[Caller]:
    """All kinds of callers of our side, each by a credential of its own."""
    return [
        Caller("nobody"),
        *_everywhere("nonsense", "nonsense"),
        *(caller for literal in sorted(LITERALS - {ASYNCFLOW_KEY}) for caller in _everywhere(literal, literal)),
        Caller("an empty bearer", {"Authorization": "Bearer "}),
        *_everywhere("the operator's key", OPERATOR_KEY, bearer="operator"),
        *_everywhere("AsyncFlow's key", ASYNCFLOW_KEY, header="groupKey"),
        *_of_teams(world, ours),
        *_of_clients(ours.tenancy),
        *_of_users(ours.tenancy),
        *_with_dead_tokens(ours),
    ]


def the_mightiest(callers: list[Caller]) -> list[Caller]:
    """Somebody without a key, and for each scheme one of those to whom it opens most."""
    found: dict[str, Caller] = {}
    for caller in sorted(callers, key=lambda each: -len(each.scopes)):
        for scheme in caller.schemes:
            found.setdefault(scheme, caller)
    return [Caller("nobody"), *found.values()]


def _of_teams(world: World, ours: Side) -> Iterator[Caller]:
    yield from _everywhere("a team's key", ours.team_key, bearer="bearer", header="apiKeyHeader")
    wrong_first = {"Authorization": "Bearer nonsense", "X-API-Key": ours.team_key}
    yield Caller("a team's key beside a bearer of nonsense", wrong_first)
    teams, team = world.platform.teams, ours.ids["/operator/teams/{id}"]
    revoked, rotated = teams.create_key(team, "revoked"), teams.create_key(team, "rotated")
    teams.revoke_key(team, revoked.key.id)
    teams.rotate_key(team, rotated.key.id, 0)
    yield from _everywhere("a team's revoked key", revoked.secret)
    yield from _everywhere("a team's rotated key", rotated.secret)
    yield from _everywhere("a team's signing secret", ours.signing_secret)


def _of_clients(tenancy: Tenancy) -> Iterator[Caller]:
    client = tenancy.client
    yield Caller("a client", _signed(client), frozenset({"client"}))
    yield from _everywhere("a client's secret", client.secret)
    yield Caller("a client with a wrong secret", {"Authorization": basic(client.client.id, "nonsense")})
    for scope in SCOPES:
        for name, scopes in ((f"all but {scope}", frozenset(SCOPES) - {scope}), (f"{scope} alone", frozenset({scope}))):
            token = _token(tenancy, tenancy.another_client(*scopes))
            yield _bearer(f"a token of a client for {name}", token, scopes)
    narrowed = tenancy.token(scope="tasks:read")
    yield _bearer("a client's token for tasks:read alone", narrowed, frozenset({"tasks:read"}))
    disabled = tenancy.another_client()
    token = _token(tenancy, disabled)
    tenancy.world.platform.tenants.switch_client(tenancy.id, disabled.client.id, disabled=True)
    yield Caller("a disabled client", _signed(disabled))
    yield from _everywhere("a token of a disabled client", token)


def _of_users(tenancy: Tenancy) -> Iterator[Caller]:
    for role, scopes in _ROLES.items():
        yield _bearer(f"a user who is {role.value}", tenancy.as_role(role), frozenset(scopes))
    user = tenancy.user("deactivated@example.com", Role.ADMIN)
    granted = tenancy.sign_in(user.email)
    tenancy.world.platform.tenants.switch_user(tenancy.id, user.id, active=False)
    yield from _everywhere("a token of a deactivated user", granted["access_token"])
    tenancy.user("scoped@example.com", Role.ADMIN)
    narrowed = tenancy.sign_in("scoped@example.com", scope="users:admin")
    yield _bearer("an admin's token for users:admin alone", narrowed["access_token"], frozenset({"users:admin"}))


def _with_dead_tokens(ours: Side) -> Iterator[Caller]:
    tenancy = ours.tenancy
    yield from _everywhere("an access token", ours.token, scopes=frozenset(SCOPES), bearer="accessToken")
    yield from _everywhere("an expired access token", ours.expired_token)
    revoked = tenancy.token()
    assert tenancy.ask("/oauth/revoke", {"token": revoked}).status == 200
    yield from _everywhere("a revoked access token", revoked)
    granted = tenancy.sign_in(tenancy.admin.email, tenancy.admin_password)
    yield from _everywhere("a refresh token", granted["refresh_token"])
    ended = tenancy.sign_in(tenancy.admin.email, tenancy.admin_password)
    assert tenancy.ask("/oauth/revoke", {"token": ended["refresh_token"]}).status == 200
    yield from _everywhere("an access token whose refresh token was revoked", ended["access_token"])


def _everywhere(
    name: str, credential: str, *, scopes: frozenset[str] = frozenset(), **schemes: str
) -> Iterator[Caller]:
    """One credential in each place; `schemes` says which scheme it satisfies where."""
    encoded = base64.b64encode(f"{credential}:".encode()).decode()
    sent = {
        "bearer": {"Authorization": f"Bearer {credential}"},
        "header": {"X-API-Key": credential},
        "basic": {"Authorization": f"Basic {encoded}"},
    }
    for place in _PLACES:
        held = frozenset({schemes[place]} if place in schemes else ())
        yield Caller(f"{name} ({place})", sent[place], held, scopes if held else frozenset())


def _bearer(name: str, token: str, scopes: frozenset[str]) -> Caller:
    return Caller(name, {"Authorization": f"Bearer {token}"}, frozenset({"accessToken"}), scopes)


def _signed(client: NewClient) -> dict[str, str]:
    return {"Authorization": basic(client.client.id, client.secret)}


def _token(tenancy: Tenancy, client: NewClient) -> str:
    return str(tenancy.grant(client=client, grant_type="client_credentials")["access_token"])
