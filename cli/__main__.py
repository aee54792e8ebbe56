"""`sluice`: one group of commands per noun."""

from __future__ import annotations

import typer

from cli import flow, keys, teams, tenants
from cli.target import Target

app = typer.Typer(
    name="sluice",
    help="Run a Sluice deployment: teams, their plans and keys, what AsyncFlow simulates, and who may call AstraFlow.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
)
app.add_typer(teams.app, name="team")
app.add_typer(keys.app, name="key")
app.add_typer(flow.app, name="flow")
app.add_typer(tenants.tenants, name="tenant")
app.add_typer(tenants.clients, name="client")
app.add_typer(tenants.admins, name="admin")
app.add_typer(tenants.users, name="user")


@app.callback()
def options(
    context: typer.Context,
    url: str = typer.Option(
        None, "--url", envvar="SLUICE_URL", help="Base URL of the deployment (default: the local stack)"
    ),
    operator_key: str = typer.Option(
        None, "--operator-key", envvar="OPERATOR_KEY", help="The operator's key (default: the local stack's)"
    ),
    as_json: bool = typer.Option(False, "--json", help="Print the API's answer as JSON."),
) -> None:
    context.obj = Target(url, operator_key, as_json)


if __name__ == "__main__":
    app(prog_name="sluice")
