"""A stranger's OAuth client at the token endpoint of a running stack: Authlib knows the RFCs, and nothing of us."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session

from infra.local.stack import LocalStack

TIMEOUT_S = 30


class Site:
    """A running stack, and what it says of its demo tenant."""

    def __init__(self, stack: LocalStack) -> None:
        self.url = stack.base_url
        self.aws_url = stack.document["aws_endpoint_url"]
        self.document = stack.document["astraflow"]
        self.operator_key = stack.document["operator"]["key"]

    @property
    def token_url(self) -> str:
        return f"{self.url}/oauth/token"

    def session(self, **options: Any) -> OAuth2Session:
        """Authlib's session for the demo client."""
        return OAuth2Session(
            self.document["client_id"], self.document["client_secret"], default_timeout=TIMEOUT_S, **options
        )

    def sign_in(self, session: OAuth2Session) -> Any:
        """The tokens of the demo admin."""
        admin = self.document["admin"]
        return session.fetch_token(
            self.token_url, grant_type="password", username=admin["email"], password=admin["password"]
        )

    def users(self, session: OAuth2Session) -> requests.Response:
        reply: requests.Response = session.get(f"{self.url}/api/v1/users", timeout=TIMEOUT_S)
        return reply


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder: Path = tmp_path_factory.mktemp("stack")
    with LocalStack(folder=folder) as stack:
        yield Site(stack)


@pytest.mark.parametrize("way", ["client_secret_basic", "client_secret_post"])
def test_a_client_gets_a_token_for_itself_and_uses_it(site: Site, way: str) -> None:
    session = site.session(token_endpoint_auth_method=way, scope="users:admin tasks:read")
    token = session.fetch_token(site.token_url, grant_type="client_credentials")

    assert token["scope"] == "tasks:read users:admin"
    assert "refresh_token" not in token
    assert site.users(session).status_code == 200


def test_a_user_signs_in_and_authlib_refreshes_the_token_when_it_has_ended(site: Site) -> None:
    seen: list[Any] = []
    session = site.session(token_endpoint=site.token_url, update_token=lambda token, **_: seen.append(token))
    first = dict(site.sign_in(session))

    session.token = {**first, "expires_at": 1}
    reply = site.users(session)

    assert reply.status_code == 200
    assert [user["email"] for user in reply.json()["users"]] == [site.document["admin"]["email"]]
    assert len(seen) == 1
    assert seen[0]["access_token"] != first["access_token"]
    assert seen[0]["refresh_token"] != first["refresh_token"]


def test_a_refresh_token_that_was_used_up_is_an_error_that_authlib_knows(site: Site) -> None:
    session = site.session()
    refresh = site.sign_in(session)["refresh_token"]
    for _ in range(2):
        session.refresh_token(site.token_url, refresh_token=refresh)

    with pytest.raises(OAuthError) as caught:
        session.refresh_token(site.token_url, refresh_token=refresh)
    assert caught.value.error == "invalid_grant"


def test_two_refreshes_at_once_get_the_same_pair(site: Site) -> None:
    refresh = site.sign_in(site.session())["refresh_token"]

    with ThreadPoolExecutor(2) as threads:
        one, other = threads.map(
            lambda session: session.refresh_token(site.token_url, refresh_token=refresh),
            [site.session(), site.session()],
        )

    assert (one["access_token"], one["refresh_token"]) == (other["access_token"], other["refresh_token"])
    bearer = {"Authorization": f"Bearer {one['access_token']}"}
    assert requests.get(f"{site.url}/api/v1/users", headers=bearer, timeout=TIMEOUT_S).status_code == 200


def test_a_token_is_revoked_and_asked_about(site: Site) -> None:
    session = site.session()
    token = session.fetch_token(site.token_url, grant_type="client_credentials")["access_token"]

    before = session.introspect_token(f"{site.url}/oauth/introspect", token=token).json()
    revoked = session.revoke_token(f"{site.url}/oauth/revoke", token=token)
    after = session.introspect_token(f"{site.url}/oauth/introspect", token=token).json()

    assert (before["active"], before["client_id"]) == (True, site.document["client_id"])
    assert revoked.status_code == 200
    assert after == {"active": False}
    assert site.users(session).status_code == 401


@pytest.mark.parametrize(
    ("options", "form", "error"),
    [
        ({"client_secret": "wrong"}, {"grant_type": "client_credentials"}, "invalid_client"),
        ({}, {"grant_type": "password", "username": "nobody@example.com", "password": "x"}, "invalid_grant"),
        ({"scope": "everything"}, {"grant_type": "client_credentials"}, "invalid_scope"),
        ({}, {"grant_type": "urn:ietf:params:oauth:grant-type:device_code"}, "unsupported_grant_type"),
    ],
)
def test_a_refusal_is_an_error_that_authlib_knows(
    site: Site, options: dict[str, str], form: dict[str, str], error: str
) -> None:
    session = site.session(scope=options.get("scope"))
    session.client_secret = options.get("client_secret", session.client_secret)

    with pytest.raises(OAuthError) as caught:
        session.fetch_token(site.token_url, **form)
    assert caught.value.error == error


def test_the_metadata_lead_to_the_endpoints(site: Site) -> None:
    metadata = requests.get(f"{site.url}/.well-known/oauth-authorization-server", timeout=TIMEOUT_S).json()

    assert metadata["issuer"] == site.url
    assert metadata["token_endpoint"] == site.token_url


@pytest.mark.parametrize("token", ["YOUR_TOKEN", "YOUR_TOKEN_HERE"])
def test_the_token_of_the_manual_s_examples_speaks_for_the_demo_admin(site: Site, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    reply = requests.get(f"{site.url}/api/v1/users?role=admin&active;=true", headers=headers, timeout=TIMEOUT_S)

    assert reply.status_code == 200
    assert reply.json()["users"][0]["email"] == site.document["admin"]["email"]
    assert reply.headers["X-RateLimit-Limit"] == "100"


def test_nothing_secret_stands_in_the_tables(site: Site) -> None:
    """Whatever the identity table holds, it holds hashes."""
    import boto3

    tokens = site.sign_in(site.session())
    aws = boto3.client(
        "dynamodb",
        region_name="us-east-1",
        endpoint_url=site.aws_url,
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )
    items = str(aws.scan(TableName="sluice-local-identity")["Items"])
    for secret in (
        tokens["access_token"],
        tokens["refresh_token"],
        site.document["client_secret"],
        site.document["admin"]["password"],
    ):
        assert secret not in items
    assert site.document["client_id"] in items
