"""The token endpoint by RFC 6749, request by request; what oauthlib by itself can judge, it judges as well."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import pytest
from world import Reply, World, send

from chalicelib.domain.access import ROLE_SCOPES, SCOPES, Role
from surfaces.astraflow.oracle import Book, judge
from surfaces.astraflow.parties import FORM, PASSWORD, Tenancy, basic

Pairs = list[tuple[str, str]]


class Stage:
    """A tenant with a client, a second one that may only read, a disabled one; an admin, a viewer and somebody who was
    locked out; and their tokens. `words` is what the rows of the table are filled with."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.here = here = Tenancy(world)
        reader, gone = here.another_client("tasks:read"), here.another_client()
        here.user("viewer@example.com", Role.VIEWER)
        out = here.user("out@example.com")
        world.platform.tenants.switch_user(here.id, out.id, active=False)
        world.platform.tenants.switch_client(here.id, gone.client.id, disabled=True)
        granted = here.sign_in("admin@example.com", here.admin_password)
        viewed = here.sign_in("viewer@example.com")
        self.words = {
            "id": here.client.client.id,
            "secret": here.client.secret,
            "reader": reader.client.id,
            "reader secret": reader.secret,
            "gone": gone.client.id,
            "gone secret": gone.secret,
            "admin password": here.admin_password,
            "refresh": granted["refresh_token"],
            "access": granted["access_token"],
            "viewer refresh": viewed["refresh_token"],
        }

    def book(self) -> Book:
        """The same for oauthlib."""
        word = self.words
        return Book(
            secrets={word["id"]: word["secret"], word["reader"]: word["reader secret"]},
            client_scopes={word["id"]: set(SCOPES), word["reader"]: {"tasks:read"}},
            passwords={"admin@example.com": word["admin password"], "viewer@example.com": PASSWORD},
            user_scopes={"viewer@example.com": set(ROLE_SCOPES[Role.VIEWER])},
            refresh_tokens={
                word["refresh"]: (word["id"], "admin@example.com"),
                word["viewer refresh"]: (word["id"], "viewer@example.com"),
            },
        )

    def filled(self, text: str) -> str:
        """`<name>` stands for one of the words."""
        return re.sub("<([a-z ]+)>", lambda found: self.words[found[1]], text)


@dataclass(frozen=True)
class Row:
    """One request and its answer. `client`: how it says who it is; `judged`: whether oauthlib has an opinion."""

    name: str
    status: int
    error: str | None = None
    form: Pairs = field(default_factory=list)
    raw: str | None = None
    client: str | None = "Basic <id>:<secret>"
    content_type: str | None = FORM
    query: str = ""
    method: str = "POST"
    judged: bool = True


def form(grant_type: str, *pairs: tuple[str, str]) -> Pairs:
    return [("grant_type", grant_type), *pairs]


CLIENT = form("client_credentials")
ADMIN = form("password", ("username", "admin@example.com"), ("password", "<admin password>"))
VIEWER = form("password", ("username", "viewer@example.com"), ("password", PASSWORD))
REFRESH = form("refresh_token", ("refresh_token", "<refresh>"))
IN_BODY = [("client_id", "<id>"), ("client_secret", "<secret>")]

TABLE = [
    # What is granted.
    Row("a client by Basic", 200, None, CLIENT),
    Row("a client in the body", 200, None, [*CLIENT, *IN_BODY], client=None),
    Row("a client by Basic that names itself in the body too", 200, None, [*CLIENT, ("client_id", "<id>")]),
    Row("one scope", 200, None, [*CLIENT, ("scope", "tasks:read")]),
    Row("two scopes in any order", 200, None, [*CLIENT, ("scope", "tasks:write tasks:read")]),
    # RFC 6749, section 3.1; oauthlib refuses it.
    Row("an empty scope, which counts as none", 200, None, [*CLIENT, ("scope", "")], judged=False),
    Row("a parameter that nobody knows", 200, None, [*CLIENT, ("audience", "everybody")]),
    Row("a form with a charset", 200, None, CLIENT, content_type=f"{FORM}; charset=UTF-8"),
    Row("a form without a content type", 200, None, CLIENT, content_type=None),
    Row("JSON", 200, raw='{"grant_type": "client_credentials"}', content_type="application/json", judged=False),
    Row("JSON that is called a form", 200, raw='{"grant_type": "client_credentials"}', judged=False),
    Row("JSON with a null", 200, raw='{"grant_type": "client_credentials", "scope": null}', judged=False),
    Row("a password", 200, None, ADMIN),
    Row("a password for one scope", 200, None, [*ADMIN, ("scope", "users:admin")]),
    Row("a refresh token", 200, None, REFRESH),
    Row("a refresh token for one scope", 200, None, [*REFRESH, ("scope", "tasks:read")]),
    # What is not understood.
    Row("no grant type", 400, "invalid_request"),
    Row("an empty grant type", 400, "invalid_request", form("")),
    Row("a refresh token that is missing", 400, "invalid_request", form("refresh_token")),
    Row("a user without a name", 400, "invalid_request", form("password", ("password", "x"))),
    Row("a user without a password", 400, "invalid_request", form("password", ("username", "x"))),
    Row("a grant type twice", 400, "invalid_request", [*CLIENT, *CLIENT]),
    Row("a scope twice", 400, "invalid_request", [*CLIENT, ("scope", "tasks:read"), ("scope", "tasks:read")]),
    Row("a client twice", 400, "invalid_request", [*CLIENT, *IN_BODY, *IN_BODY], client=None, judged=False),
    Row("an unknown parameter twice", 400, "invalid_request", [*CLIENT, ("x", "1"), ("x", "2")], judged=False),
    Row("a client in two ways", 400, "invalid_request", [*CLIENT, *IN_BODY], judged=False),
    Row("a client with two names", 400, "invalid_request", [*CLIENT, ("client_id", "<reader>")], judged=False),
    Row("a parameter in the query", 400, "invalid_request", CLIENT, query="?scope=tasks:read"),
    Row("everything in the query", 400, "invalid_request", query="?grant_type=client_credentials"),
    Row("a form that is called a text", 400, "invalid_request", CLIENT, content_type="text/plain", judged=False),
    Row("bytes that are no text", 400, "invalid_request", raw="grant_type=%ff", judged=False),
    Row("JSON that is none", 400, "invalid_request", raw='{"grant_type"', judged=False),
    Row("JSON with a number", 400, "invalid_request", raw='{"grant_type": 1}', judged=False),
    Row("JSON with a member twice", 400, "invalid_request", raw='{"scope": "a", "scope": "b"}', judged=False),
    Row("another method", 405, "invalid_request", CLIENT, method="PUT", judged=False),
    Row("a GET", 405, "invalid_request", method="GET", judged=False),
    Row("too much", 413, "invalid_request", raw="grant_type=" + "x" * 262_144, judged=False),
    # What is not offered.
    Row("an unknown grant", 400, "unsupported_grant_type", form("magic")),
    Row("a grant that this server has not", 400, "unsupported_grant_type", form("authorization_code", ("code", "x"))),
    Row("a grant in capitals", 400, "unsupported_grant_type", form("CLIENT_CREDENTIALS")),
    # Who is not let in.
    Row("no client", 401, "invalid_client", CLIENT, client=None),
    Row("a client without a secret", 401, "invalid_client", [*CLIENT, ("client_id", "<id>")], client=None),
    Row("an unknown client", 401, "invalid_client", CLIENT, client="Basic t0123456789abcdef.0123456789ab:<secret>"),
    Row("a client whose id is none", 401, "invalid_client", CLIENT, client="Basic nobody:<secret>"),
    Row("a wrong secret", 401, "invalid_client", CLIENT, client="Basic <id>:<reader secret>"),
    Row("an empty secret", 401, "invalid_client", CLIENT, client="Basic <id>:"),
    Row(
        "a wrong secret in the body",
        401,
        "invalid_client",
        [*CLIENT, ("client_id", "<id>"), ("client_secret", "<reader secret>")],
        client=None,
    ),
    Row("a disabled client", 401, "invalid_client", CLIENT, client="Basic <gone>:<gone secret>"),
    Row("another scheme", 401, "invalid_client", CLIENT, client="Bearer <access>"),
    Row("Basic that is no base64", 401, "invalid_client", CLIENT, client="Basic ???", judged=False),
    Row("a wrong password from an unknown client", 401, "invalid_client", ADMIN, client="Basic nobody:x"),
    # What is not granted.
    Row("an unknown scope", 400, "invalid_scope", [*CLIENT, ("scope", "everything")]),
    Row(
        "a scope that the client may not have",
        400,
        "invalid_scope",
        [*CLIENT, ("scope", "tasks:read tasks:write")],
        client="Basic <reader>:<reader secret>",
    ),
    Row("a scope that the user may not have", 400, "invalid_scope", [*VIEWER, ("scope", "tasks:write")]),
    Row("a scope that was not granted first", 400, "invalid_scope",
        form("refresh_token", ("refresh_token", "<viewer refresh>"), ("scope", "tasks:write"))),
    Row("a wrong password", 400, "invalid_grant",
        form("password", ("username", "admin@example.com"), ("password", "x"))),
    Row("an unknown user", 400, "invalid_grant", form("password", ("username", "nobody@x.com"), ("password", "x"))),
    Row("a user who was locked out", 400, "invalid_grant",
        form("password", ("username", "out@example.com"), ("password", PASSWORD))),
    Row("a password above 1 KiB", 400, "invalid_grant",
        form("password", ("username", "admin@example.com"), ("password", "x" * 1_025))),
    Row("an unknown refresh token", 400, "invalid_grant", form("refresh_token", ("refresh_token", "rt_" + "x" * 43))),
    Row("junk for a refresh token", 400, "invalid_grant", form("refresh_token", ("refresh_token", "junk"))),
    Row("an access token for a refresh token", 400, "invalid_grant",
        form("refresh_token", ("refresh_token", "<access>"))),
    Row("another client's refresh token", 400, "invalid_grant", REFRESH, client="Basic <reader>:<reader secret>"),
]  # fmt: skip


@pytest.fixture
def stage() -> Iterator[Stage]:
    with World() as world:
        yield Stage(world)


def asked(stage: Stage, row: Row) -> tuple[str, str, dict[str, str]]:
    """The target, body and headers of a row's request."""
    pairs = [(name, stage.filled(value)) for name, value in row.form]
    headers = {} if row.content_type is None else {"Content-Type": row.content_type}
    if row.client is not None:
        scheme, _, said = stage.filled(row.client).partition(" ")
        client_id, colon, secret = said.partition(":")
        headers["Authorization"] = basic(client_id, secret) if scheme == "Basic" and colon else f"{scheme} {said}"
    return f"/oauth/token{row.query}", urlencode(pairs) if row.raw is None else row.raw, headers


@pytest.mark.parametrize("row", TABLE, ids=[row.name for row in TABLE])
def test_a_token_request_is_answered_by_the_book(stage: Stage, row: Row) -> None:
    target, body, headers = asked(stage, row)

    reply = stage.world.request(row.method, target, body=body.encode(), headers=headers)

    assert (reply.status, reply.json.get("error")) == (row.status, row.error)
    assert (reply.headers["cache-control"], reply.headers["pragma"]) == ("no-store", "no-cache")
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers.get("www-authenticate", "").startswith("Basic ") is (row.status == 401)
    if row.error is not None:
        assert re.fullmatch(r"[\x20-\x21\x23-\x5b\x5d-\x7e]+", reply.json["error_description"])
        assert reply.json.keys() == {"error", "error_description"}
        assert not leaked(stage, reply)


@pytest.mark.parametrize("row", [row for row in TABLE if row.judged], ids=[row.name for row in TABLE if row.judged])
def test_oauthlib_by_itself_answers_likewise(stage: Stage, row: Row) -> None:
    target, body, headers = asked(stage, row)

    answered = judge(stage.book(), f"https://sluice.example{target}", row.method, body, headers)

    assert answered == (row.status, row.error)


def leaked(stage: Stage, reply: Reply) -> list[str]:
    """The secrets that stand in an answer."""
    names = ("secret", "reader secret", "gone secret", "admin password", "refresh", "access")
    return [name for name in names if stage.words[name].encode() in reply.body]


def test_what_is_granted_has_the_members_of_the_rfc_and_no_others(stage: Stage) -> None:
    own = stage.here.grant(grant_type="client_credentials", scope="tasks:write tasks:read")
    user = stage.here.sign_in("viewer@example.com")

    assert own.keys() == {"access_token", "token_type", "expires_in", "scope"}
    assert user.keys() == {*own, "refresh_token"}
    assert (own["token_type"], own["expires_in"], own["scope"]) == ("Bearer", 3_600, "tasks:read tasks:write")
    assert user["scope"] == "tasks:read"
    assert re.fullmatch("at_[0-9A-Za-z_-]{43}", own["access_token"])
    assert re.fullmatch("rt_[0-9A-Za-z_-]{43}", user["refresh_token"])


@pytest.mark.parametrize(("role", "scopes"), [(role, ROLE_SCOPES[role]) for role in Role])
def test_a_user_gets_what_the_role_may_have(stage: Stage, role: Role, scopes: frozenset[str]) -> None:
    stage.here.user("somebody@example.com", role)

    assert set(stage.here.sign_in("Somebody@Example.com")["scope"].split()) == scopes


def test_a_deployment_without_the_password_grant_neither_offers_nor_names_it() -> None:
    with World(astraflow_password_grant=False) as world:
        here = Tenancy(world)
        refused = here.ask(
            "/oauth/token",
            {"grant_type": "password", "username": "admin@example.com", "password": here.admin_password},
        )
        metadata = world.request("GET", "/.well-known/oauth-authorization-server", headers={"Host": "x.example"})

    assert (refused.status, refused.json["error"]) == (400, "unsupported_grant_type")
    assert metadata.json["grant_types_supported"] == ["client_credentials", "refresh_token"]


def test_the_metadata_name_what_answers(stage: Stage) -> None:
    host = {"Host": "sluice.example", "X-Forwarded-Proto": "https"}
    reply = stage.world.request("GET", "/.well-known/oauth-authorization-server", headers=host)

    metadata = reply.json
    assert reply.status == 200
    assert metadata["issuer"] == "https://sluice.example"
    assert metadata["scopes_supported"] == list(SCOPES)
    endpoints = {name: url for name, url in metadata.items() if name.endswith("_endpoint")}
    assert set(endpoints) == {"token_endpoint", "revocation_endpoint", "introspection_endpoint"}
    for url in endpoints.values():
        path = url.removeprefix("https://sluice.example")
        assert stage.here.ask(path, {}).status == 400, "it answers, and misses its parameters"
    for grant in metadata["grant_types_supported"]:
        answer = stage.here.ask("/oauth/token", {"grant_type": grant})
        assert answer.json.get("error") != "unsupported_grant_type"


def test_the_metadata_of_an_api_below_a_stage_name_the_stage(stage: Stage) -> None:
    host = {"Host": "abc.execute-api.us-east-1.amazonaws.com", "X-Forwarded-Proto": "https"}
    reply = send("GET", "/.well-known/oauth-authorization-server", host, None, stage="/live")

    assert reply.json["issuer"] == "https://abc.execute-api.us-east-1.amazonaws.com/live"
    assert reply.json["token_endpoint"] == f"{reply.json['issuer']}/oauth/token"


@pytest.mark.parametrize("host", ["", "a b", 'x"y', "x/y", "x" * 256])
def test_a_host_that_is_none_is_refused(stage: Stage, host: str) -> None:
    reply = stage.world.request("GET", "/.well-known/oauth-authorization-server", headers={"Host": host})

    assert reply.status == 400
    assert reply.json == {"error": "invalid_request", "error_description": "Host must be the name of this deployment"}


@pytest.mark.parametrize("path", ["/oauth", "/oauth/authorize", "/.well-known/openid-configuration", "/oauth/a/b/c"])
def test_what_is_not_there_is_told_in_the_words_of_oauth(stage: Stage, path: str) -> None:
    reply = stage.world.request("GET", path)

    assert (reply.status, reply.json["error"]) == (404, "invalid_request")


def test_a_store_that_does_not_answer_is_told_in_the_words_of_oauth() -> None:
    from chalicelib.domain.errors import UnavailableError

    broken: list[Callable[..., Any]] = []

    class Fragile:
        def __init__(self, port: Any) -> None:
            self._port = port

        def __getattr__(self, name: str) -> Any:
            if broken:
                raise UnavailableError
            return getattr(self._port, name)

    with World(wrap=lambda name, port: Fragile(port) if name == "access" else port) as world:
        here = Tenancy(world)
        broken.append(print)
        reply = here.ask("/oauth/token", CLIENT)

    assert (reply.status, reply.json["error"], reply.headers["retry-after"]) == (503, "temporarily_unavailable", "1")


def test_nothing_secret_reaches_the_record(stage: Stage) -> None:
    for row in TABLE:
        target, body, headers = asked(stage, row)
        stage.world.request(row.method, target, body=body.encode(), headers=headers)

    record = json.dumps(stage.world.recording.events, default=str)
    assert "/oauth/token" in record
    for name in ("secret", "reader secret", "admin password", "refresh", "access"):
        assert stage.words[name] not in record
