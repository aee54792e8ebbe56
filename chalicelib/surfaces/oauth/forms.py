"""A request to the token endpoint or its neighbours: its parameters, and the client's own credentials.

RFC 6749: parameters come in the body, each once (3.2), an empty one counts as absent (3.1), one that nobody knows is
passed over (3.2), and a client shows its credentials in one way (2.3).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote_plus

from chalicelib.domain.access import plausible_client, tenant_of
from chalicelib.settings import Settings
from chalicelib.surfaces.json_body import MAX_BYTES, json_object
from chalicelib.surfaces.kit import Call, Problem

CLIENT_CREDENTIALS = "client_credentials"
PASSWORD = "password"  # noqa: S105  (the name of a grant)
REFRESH_TOKEN = "refresh_token"  # noqa: S105  (likewise)

FORM = "application/x-www-form-urlencoded"
#: What is read; anything else is passed over.
PARAMETERS = ("grant_type", "username", "password", "scope", "refresh_token", "token", "token_type_hint")
_MOST_PARAMETERS = 50
#: RFC 9110, section 11.6.1; RFC 6749, section 5.2.
CHALLENGE = 'Basic realm="Sluice", charset="UTF-8"'


def grant_types(settings: Settings) -> tuple[str, ...]:
    """The grants that a deployment offers."""
    password = (PASSWORD,) if settings.astraflow_password_grant else ()
    return (CLIENT_CREDENTIALS, *password, REFRESH_TOKEN)


class OAuthProblem(Problem):
    """A refusal in the words of RFC 6749, section 5.2."""

    def __init__(self, code: str, message: str, *, status: int = 400, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, message, headers=headers)
        self.code = code


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks for, and the client that it names. Nothing of it was verified."""

    parameters: Mapping[str, str]
    client_id: str
    client_secret: str = field(repr=False)

    @property
    def labels(self) -> Mapping[str, object]:
        """What the record of the request says of it: nothing that a stranger could have made up at length."""
        known = plausible_client(self.client_id)
        return {"tenant": tenant_of(self.client_id), "client": self.client_id} if known else {}


def asked(call: Call) -> Asked:
    """What a request asks for. Raises OAuthProblem."""
    if call.query:
        raise OAuthProblem("invalid_request", "Parameters must be sent in the body, not in the query")
    members = _members(call)
    client_id, client_secret = _credentials(call, members)
    parameters = {name: members[name] for name in PARAMETERS if name in members}
    return Asked(parameters, client_id, client_secret)


def invalid_client() -> OAuthProblem:
    """The client did not show who it is."""
    return OAuthProblem(
        "invalid_client", "Client authentication failed", status=401, headers={"WWW-Authenticate": CHALLENGE}
    )


def _members(call: Call) -> dict[str, str]:
    """The parameters in the body that have a value. What parses as a JSON object is one, whatever it is called."""
    if len(call.body) > MAX_BYTES:
        raise OAuthProblem("invalid_request", f"Request body must be at most {MAX_BYTES // 1024} KiB", status=413)
    kind = call.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json" or call.body.lstrip().startswith(b"{"):
        return _texts(call)
    if kind not in ("", FORM):
        raise OAuthProblem("invalid_request", f"Content-Type must be {FORM} or application/json")
    try:
        pairs = parse_qsl(call.body.decode(), keep_blank_values=True, errors="strict", max_num_fields=_MOST_PARAMETERS)
    except ValueError:
        raise OAuthProblem("invalid_request", "Request body must be valid form data in UTF-8") from None
    _refuse_repeated(name for name, _ in pairs)
    return {name: value for name, value in pairs if value}


def _texts(call: Call) -> dict[str, str]:
    try:
        members = json_object(call)
    except Problem as problem:
        raise OAuthProblem("invalid_request", problem.message) from None
    for name in (*PARAMETERS, "client_id", "client_secret"):
        if not isinstance(members.get(name, ""), str | None):
            raise OAuthProblem("invalid_request", f"{name} must be a string")
    return {name: value for name, value in members.items() if isinstance(value, str) and value}


def _refuse_repeated(names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise OAuthProblem("invalid_request", f"{name[:64]} must be given only once")
        seen.add(name)


def _credentials(call: Call, members: Mapping[str, str]) -> tuple[str, str]:
    """The client's id and secret, by HTTP Basic or in the body."""
    authorization = call.headers.get("authorization", "").strip()
    if not authorization:
        if "client_id" not in members or "client_secret" not in members:
            raise invalid_client()
        return members["client_id"], members["client_secret"]
    if "client_secret" in members:
        raise OAuthProblem("invalid_request", "Client credentials must be sent in one way only")
    client_id, client_secret = _basic(authorization)
    if members.get("client_id", client_id) != client_id:
        raise OAuthProblem("invalid_request", "client_id must be that of the Authorization header")
    return client_id, client_secret


def _basic(authorization: str) -> tuple[str, str]:
    """Id and secret, each of which was encoded as a form's value before (RFC 6749, section 2.3.1)."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        raise invalid_client()
    try:
        client_id, colon, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise invalid_client() from None
    if not colon:
        raise invalid_client()
    return unquote_plus(client_id), unquote_plus(secret)
