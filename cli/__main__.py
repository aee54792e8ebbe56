"""`sluice`: one group of commands per noun."""

from __future__ import annotations

import typer

from cli import dead_letters, deployments, doctor, flow, keys, members, tasks, teams, tenants
from cli.everywhere import Everywhere
from cli.place import Wish
from cli.target import Target

app = typer.Typer(
    name="sluice",
    cls=Everywhere,
    help="Run a Sluice deployment: teams and keys, tasks and dead letters, what AsyncFlow simulates, and who may call "
    "AstraFlow.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
)
app.add_typer(teams.app, name="team")
app.add_typer(keys.app, name="key")
app.add_typer(members.app, name="member")
app.add_typer(tasks.app, name="task")
app.add_typer(dead_letters.app, name="dead-letter")
app.add_typer(dead_letters.queues, name="queue")
app.add_typer(flow.app, name="flow")
app.add_typer(tenants.tenants, name="tenant")
app.add_typer(tenants.clients, name="client")
app.add_typer(tenants.admins, name="admin")
app.add_typer(tenants.users, name="user")
app.add_typer(deployments.app, name="profile")
app.command(epilog=doctor.EXAMPLE)(doctor.doctor)


@app.callback()
def options(
    context: typer.Context,
    profile: str = typer.Option(None, "--profile", help="A deployment by name, as SLUICE_PROFILE says too."),
    url: str = typer.Option(None, "--url", help="Base URL of the deployment, as SLUICE_URL says too."),
    operator_key: str = typer.Option(None, "--operator-key", help="The operator's key, as OPERATOR_KEY says too."),
    as_json: bool = typer.Option(False, "--json", help="Print one JSON document instead of text."),
) -> None:
    context.obj = Target(Wish(url, operator_key, profile), as_json)


if __name__ == "__main__":
    app(prog_name="sluice")
