"""`sluice tenant ...`, `sluice client ...`, `sluice admin ...`, `sluice user ...`: who may call AstraFlow."""

from __future__ import annotations

from typing import Any

import typer

from cli.table import table
from cli.target import Target, segment

tenants = typer.Typer(help="Tenants of AstraFlow.", no_args_is_help=True)
clients = typer.Typer(help="OAuth clients of AstraFlow's tenants.", no_args_is_help=True)
admins = typer.Typer(help="Admins of AstraFlow's tenants.", no_args_is_help=True)
users = typer.Typer(help="Users of AstraFlow's tenants.", no_args_is_help=True)

_TENANT = typer.Option(..., "--tenant", help="The tenant's id.")
_SCOPES = typer.Option(
    [], "--scope", help="tasks:read, tasks:write, users:admin or webhooks:write; repeatable. Without it, all."
)


@tenants.command("create", epilog='Example: sluice tenant create "Acme" --email ann@acme.com')
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


@tenants.command("list", epilog="Example: sluice tenant list")
def list_tenants(context: typer.Context) -> None:
    """List all tenants, oldest first."""
    target: Target = context.obj
    answer = target.ask("GET", "/operator/astraflow/tenants")
    rows = [(tenant["id"], tenant["createdAt"], tenant["name"]) for tenant in answer["tenants"]]
    nobody = "No tenants yet; `sluice tenant create NAME` makes one."
    target.show(answer, table(("tenant", "created", "name"), rows) if rows else nobody)


@clients.command("list", epilog="Example: sluice client list --tenant TENANT_ID")
def list_clients(context: typer.Context, tenant: str = _TENANT) -> None:
    """List a tenant's clients, oldest first, without their secrets."""
    target: Target = context.obj
    answer = target.ask("GET", f"{_path(tenant)}/clients")
    rows = [
        (
            client["id"],
            "locked out" if client["disabled"] else "in",
            client["createdAt"],
            client.get("lastUsedAt", "never"),
            client["name"],
        )
        for client in answer["clients"]
    ]
    target.show(answer, table(("client", "state", "created", "last used", "name"), rows) if rows else "No clients.")


@clients.command("create", epilog='Example: sluice client create "reports" --tenant TENANT_ID --scope tasks:read')
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


@clients.command("disable", epilog="Example: sluice client disable CLIENT_ID")
def disable_client(context: typer.Context, client: str = typer.Argument(help="The client's id.")) -> None:
    """Lock a client out: its tokens fail the next request."""
    _switch_client(context, client, "disable", "locked out")


@clients.command("enable", epilog="Example: sluice client enable CLIENT_ID")
def enable_client(context: typer.Context, client: str = typer.Argument(help="The client's id.")) -> None:
    """Let a client in again."""
    _switch_client(context, client, "enable", "let in again")


@admins.command("create", epilog="Example: sluice admin create bob@acme.com --tenant TENANT_ID")
def create_admin(
    context: typer.Context,
    email: str = typer.Argument(help="The admin's address, which no other user of the tenant has."),
    tenant: str = _TENANT,
) -> None:
    """Create one more admin of a tenant. The password is made up and shown this once."""
    target: Target = context.obj
    answer = target.ask("POST", f"{_path(tenant)}/admins", {"email": email})
    target.show(answer, "\n".join(_admin(answer)))


@users.command("list", epilog="Example: sluice user list --tenant TENANT_ID")
def list_users(context: typer.Context, tenant: str = _TENANT) -> None:
    """List a tenant's users, oldest first."""
    target: Target = context.obj
    answer = target.ask("GET", f"{_path(tenant)}/users")
    rows = [
        (user["id"], user["role"], "in" if user["active"] else "locked out", user["createdAt"], user["email"])
        for user in answer["users"]
    ]
    target.show(answer, table(("user", "role", "state", "created", "email"), rows) if rows else "No users.")


@users.command("deactivate", epilog="Example: sluice user deactivate USER_ID --tenant TENANT_ID")
def deactivate_user(
    context: typer.Context, user: str = typer.Argument(help="The user's id."), tenant: str = _TENANT
) -> None:
    """Lock a user out: the user's tokens fail the next request."""
    _switch_user(context, tenant, user, "deactivate", "locked out")


@users.command("activate", epilog="Example: sluice user activate USER_ID --tenant TENANT_ID")
def activate_user(
    context: typer.Context, user: str = typer.Argument(help="The user's id."), tenant: str = _TENANT
) -> None:
    """Let a user in again."""
    _switch_user(context, tenant, user, "activate", "let in again")


def _switch_client(context: typer.Context, client: str, word: str, done: str) -> None:
    target: Target = context.obj
    # A client's id begins with its tenant's.
    tenant = client.partition(".")[0]
    answer = target.ask("POST", f"{_path(tenant)}/clients/{segment(client)}/{word}")
    target.show(answer, f"Client {answer['client']['id']} ({answer['client']['name']}) is {done}.")


def _switch_user(context: typer.Context, tenant: str, user: str, word: str, done: str) -> None:
    target: Target = context.obj
    answer = target.ask("POST", f"{_path(tenant)}/users/{segment(user)}/{word}")
    target.show(answer, f"User {answer['user']['id']} ({answer['user']['email']}) is {done}.")


def _path(tenant: str) -> str:
    return f"/operator/astraflow/tenants/{segment(tenant)}"


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
