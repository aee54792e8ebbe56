"""An operator with `sluice tenant`, `client`, `admin` and `user`, before a running stack."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from typer.testing import CliRunner

from cli.__main__ import app
from infra.local.stack import LocalStack


class Operator:
    """Somebody who knows the operator's key."""

    def __init__(self, stack: LocalStack) -> None:
        self.url = stack.base_url
        self.key = stack.document["operator"]["key"]
        self.demo_tenant = stack.document["astraflow"]["tenant"]

    def run(self, *arguments: str) -> tuple[int, str, str]:
        done = CliRunner().invoke(app, ["--url", self.url, "--operator-key", self.key, *arguments])
        return done.exit_code, done.stdout, done.stderr

    def json(self, *arguments: str) -> Any:
        code, out, err = self.run("--json", *arguments)
        assert (code, err) == (0, "")
        return json.loads(out)

    def token_status(self, client_id: str, secret: str, **form: str) -> int:
        form = form or {"grant_type": "client_credentials"}
        return requests.post(f"{self.url}/oauth/token", data=form, auth=(client_id, secret), timeout=10).status_code


@pytest.fixture(scope="module")
def operator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    folder: Path = tmp_path_factory.mktemp("stack")
    with LocalStack(folder=folder) as stack:
        yield Operator(stack)


@pytest.fixture(scope="module")
def acme(operator: Operator) -> Any:
    return operator.json("tenant", "create", "Acme", "--email", "ann@acme.com")


def test_a_tenant_is_made_with_all_that_is_needed_to_begin(operator: Operator) -> None:
    code, out, err = operator.run("tenant", "create", "Größe & Söhne")

    assert (code, err) == (0, "")
    found = re.fullmatch(
        r"Tenant t[0-9a-f]{16} \(Größe & Söhne\)\n"
        r"Client id      (\S+)   \(tasks:read, tasks:write, users:admin, webhooks:write\)\n"
        r"Client secret  (\S+)   \(shown this once\)\n"
        r"Admin          (\S+)   \(u[0-9a-f]{24}\)\n"
        r"Password       (\S+)   \(shown this once\)\n",
        out,
    )
    assert found is not None, out
    client_id, secret, email, password = found.groups()
    assert operator.token_status(client_id, secret) == 200
    assert operator.token_status(client_id, secret, grant_type="password", username=email, password=password) == 200


def test_tenants_are_a_table(operator: Operator, acme: Any) -> None:
    code, out, err = operator.run("tenant", "list")
    header, *rows = out.splitlines()

    assert (code, err) == (0, "")
    assert header.split() == ["tenant", "created", "name"]
    assert [row.split()[0] for row in rows] == [tenant["id"] for tenant in operator.json("tenant", "list")["tenants"]]
    assert {operator.demo_tenant, acme["tenant"]["id"]} <= {row.split()[0] for row in rows}


def test_a_client_is_made_for_some_scopes_locked_out_and_let_in_again(operator: Operator, acme: Any) -> None:
    tenant = ("--tenant", acme["tenant"]["id"])
    made = operator.json("client", "create", "reports", *tenant, "--scope", "tasks:read")["client"]
    assert made["scopes"] == ["tasks:read"]
    assert operator.token_status(made["id"], made["secret"]) == 200

    assert operator.run("client", "disable", made["id"]) == (0, f"Client {made['id']} (reports) is locked out.\n", "")
    assert operator.token_status(made["id"], made["secret"]) == 401
    assert operator.run("client", "enable", made["id"])[1] == f"Client {made['id']} (reports) is let in again.\n"
    assert operator.token_status(made["id"], made["secret"]) == 200


def test_an_admin_is_made_locked_out_and_let_in_again(operator: Operator, acme: Any) -> None:
    tenant = ("--tenant", acme["tenant"]["id"])
    made = operator.json("admin", "create", "bob@acme.com", *tenant)["admin"]
    form = {"grant_type": "password", "username": made["email"], "password": made["password"]}
    client = (acme["client"]["id"], acme["client"]["secret"])
    assert operator.token_status(*client, **form) == 200

    code, out, _ = operator.run("user", "deactivate", made["id"], *tenant)
    assert (code, out) == (0, f"User {made['id']} (bob@acme.com) is locked out.\n")
    assert operator.token_status(*client, **form) == 400
    assert operator.run("user", "activate", made["id"], *tenant)[0] == 0
    assert operator.token_status(*client, **form) == 200


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("tenant", "create", "x" * 101), 1, "400: name must be at most 100 characters"),
        (("tenant", "create", "x", "--email", "nobody"), 1, "400: adminEmail must be a valid email address"),
        (("client", "create", "x", "--tenant", "t0123456789abcdef"), 4, "404: Tenant not found"),
        (("client", "create", "x", "--tenant", "../.."), 4, "404: Tenant not found"),
        (("client", "disable", "nobody"), 4, "404: Client not found"),
        (("admin", "create", "ann@acme.com", "--tenant", "{acme}"), 1, "409: A user with this email already exists"),
        (("user", "deactivate", "u1", "--tenant", "{acme}"), 4, "404: User not found"),
    ],
)
def test_a_refusal_is_a_sentence_and_an_exit_code(
    operator: Operator, acme: Any, arguments: tuple[str, ...], code: int, message: str
) -> None:
    filled = [argument.format(acme=acme["tenant"]["id"]) for argument in arguments]

    assert operator.run(*filled) == (code, "", f"{message}\n")


def test_an_unknown_scope_is_named_with_those_that_there_are(operator: Operator, acme: Any) -> None:
    code, out, err = operator.run("client", "create", "x", "--tenant", acme["tenant"]["id"], "--scope", "all")

    assert (code, out) == (1, "")
    assert err.startswith("400: scopes must be a list of one or more of: tasks:read, ")
