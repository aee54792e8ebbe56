"""`sluice tenant ...`, `sluice client ...`, `sluice admin ...`, `sluice user ...`: who may call AstraFlow."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import typer

from cli.table import table
from cli.target import Target

tenants = typer.Typer(help="Tenants of AstraFlow.", no_args_is_help=True)
clients = typer.Typer(help="OAuth clients of AstraFlow's tenants.", no_args_is_help=True)
admins = typer.Typer(help="Admins of AstraFlow's tenants.", no_args_is_help=True)
users = typer.Typer(help="Users of AstraFlow's tenants.", no_args_is_help=True)

_TENANT = typer.Option(..., "--tenant", help="The tenant's id.")
_SCOPES = typer.Option(
    [], "--scope", help="tasks:read, tasks:write, users:admin or webhooks:write; repeatable. Without it, all."
)


@tenants.command("create")
def create_tenant(
    context: typer.Context,
    name: str = typer.Argument(help="What the tenant is called."),
    email: str = typer.Option("admin@example.com", "--email", help="The address of its first admin."),
) -> None:
    """Create a tenant with its first client and its first admin. Secret and password are shown this once."""
    target: Target = context.obj
    answer = target.ask("POST", "/operator/astraflow/tenants", {"name": name, "adminEmail": email})
    lines = [f"Tenant {answer['tenant']['id']} ({answer['tenant']['name']})", *_client(answer), *_admin(answer)]
    target.show(answer, "\n".join(lines))


@tenants.command("list")
def list_tenants(context: typer.Context) -> None:
    """List all tenants, oldest first."""
    target: Target = context.obj
    answer = target.ask("GET", "/operator/astraflow/tenants")
    rows = [(tenant["id"], tenant["createdAt"], tenant["name"]) for tenant in answer["tenants"]]
    nobody = "No tenants yet; `sluice tenant create NAME` makes one."
    target.show(answer, table(("tenant", "created", "name"), rows) if rows else nobody)


@clients.command("create")
def create_client(
    context: typer.Context,
    name: str = typer.Argument(help="What the client is called."),
    tenant: str = _TENANT,
    scope: list[str] = _SCOPES,
) -> None:
    """Create one more client of a tenant. Its secret is shown this once."""
    target: Target = context.obj
    body: dict[str, Any] = {"name": name, **({"scopes": scope} if scope else {})}
    answer = target.ask("POST", f"{_path(tenant)}/clients", body)
    target.show(answer, "\n".join(_client(answer)))


@clients.command("disable")
def disable_client(context: typer.Context, client: str = typer.Argument(help="The client's id.")) -> None:
    """Lock a client out: its tokens fail the next request."""
    _switch_client(context, client, "disable", "locked out")


@clients.command("enable")
def enable_client(context: typer.Context, client: str = typer.Argument(help="The client's id.")) -> None:
    """Let a client in again."""
    _switch_client(context, client, "enable", "let in again")


@admins.command("create")
def create_admin(
    context: typer.Context,
    email: str = typer.Argument(help="The admin's address, which no other user of the tenant has."),
    tenant: str = _TENANT,
) -> None:
    """Create one more admin of a tenant. The password is made up and shown this once."""
    target: Target = context.obj
    answer = target.ask("POST", f"{_path(tenant)}/admins", {"email": email})
    target.show(answer, "\n".join(_admin(answer)))


@users.command("deactivate")
def deactivate_user(
    context: typer.Context, user: str = typer.Argument(help="The user's id."), tenant: str = _TENANT
) -> None:
    """Lock a user out: the user's tokens fail the next request."""
    _switch_user(context, tenant, user, "deactivate", "locked out")


@users.command("activate")
def activate_user(
    context: typer.Context, user: str = typer.Argument(help="The user's id."), tenant: str = _TENANT
) -> None:
    """Let a user in again."""
    _switch_user(context, tenant, user, "activate", "let in again")


def _switch_client(context: typer.Context, client: str, word: str, done: str) -> None:
    target: Target = context.obj
    # A client's id begins with its tenant's.
    tenant = client.partition(".")[0]
    answer = target.ask("POST", f"{_path(tenant)}/clients/{quote(client, safe='')}/{word}")
    target.show(answer, f"Client {answer['client']['id']} ({answer['client']['name']}) is {done}.")


def _switch_user(context: typer.Context, tenant: str, user: str, word: str, done: str) -> None:
    target: Target = context.obj
    answer = target.ask("POST", f"{_path(tenant)}/users/{quote(user, safe='')}/{word}")
    target.show(answer, f"User {answer['user']['id']} ({answer['user']['email']}) is {done}.")


def _path(tenant: str) -> str:
    return f"/operator/astraflow/tenants/{quote(tenant, safe='')}"


def _client(answer: dict[str, Any]) -> list[str]:
    client = answer["client"]
    return [
        f"Client id      {client['id']}   ({', '.join(client['scopes'])})",
        f"Client secret  {client['secret']}   (shown this once)",
    ]


def _admin(answer: dict[str, Any]) -> list[str]:
    admin = answer["admin"]
    return [
        f"Admin          {admin['email']}   ({admin['id']})",
        f"Password       {admin['password']}   (shown this once)",
    ]
