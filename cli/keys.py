"""`sluice key ...`"""

from __future__ import annotations

import typer

from cli.asking import YES, confirm
from cli.durations import seconds
from cli.table import table
from cli.target import Target, segment

app = typer.Typer(help="API keys of teams.", no_args_is_help=True)

_TEAM = typer.Option(..., "--team", help="The team's id.")
_KEY = typer.Argument(help="The key's id; `sluice key list` shows it.")


@app.command("list", epilog="Example: sluice key list --team TEAM_ID")
def list_keys(context: typer.Context, team: str = _TEAM) -> None:
    """List a team's working keys, oldest first."""
    target: Target = context.obj
    answer = target.ask("GET", f"{_path(team)}")
    rows = [
        (
            key["id"],
            key["prefix"],
            key["createdAt"],
            key.get("lastUsedAt", "never"),
            key.get("expiresAt", "-"),
            key["name"],
        )
        for key in answer["keys"]
    ]
    nothing = "No keys; `sluice key create NAME --team TEAM_ID` makes one."
    target.show(answer, table(("key", "begins", "created", "last used", "expires", "name"), rows) if rows else nothing)


@app.command(epilog='Example: sluice key create "build server" --team TEAM_ID')
def create(context: typer.Context, name: str = typer.Argument(help="What the key is for."), team: str = _TEAM) -> None:
    """Create one more API key for a team, within its plan. The key is shown this once."""
    target: Target = context.obj
    answer = target.ask("POST", _path(team), {"name": name})
    target.show(answer, f"Key {answer['id']} ({answer['name']})\nAPI key  {answer['key']}   (shown this once)")


@app.command(epilog="Example: sluice key rotate KEY_ID --team TEAM_ID --overlap 1h")
def rotate(
    context: typer.Context,
    key: str = _KEY,
    team: str = _TEAM,
    overlap: str = typer.Option("1d", "--overlap", metavar="TIME", help="How long the old key lives on, at most 1d."),
) -> None:
    """Put a new key in another one's place; both work for a while. The new key is shown this once."""
    target: Target = context.obj
    body = {"overlapSeconds": seconds(overlap, "--overlap")}
    answer = target.ask("POST", f"{_path(team)}/{segment(key)}/rotate", body)
    target.show(
        answer,
        f"Key {answer['id']} ({answer['name']})\n"
        f"API key  {answer['key']}   (shown this once)\n"
        f"The key {answer['previous']['id']} works until {answer['previous']['expiresAt']}.",
    )


@app.command(epilog="Example: sluice key revoke KEY_ID --team TEAM_ID --yes")
def revoke(context: typer.Context, key: str = _KEY, team: str = _TEAM, yes: bool = YES) -> None:
    """Revoke a key: it fails the next request, and cannot be brought back."""
    target: Target = context.obj
    confirm(f"Revoke key {key}? Whoever uses it is locked out at once.", yes=yes)
    answer = target.ask("DELETE", f"{_path(team)}/{segment(key)}")
    target.show(answer, f"Key {answer['id']} is revoked.")


def _path(team: str) -> str:
    return f"/operator/teams/{segment(team)}/keys"
