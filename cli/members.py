"""`sluice member ...`"""

from __future__ import annotations

import typer

from cli.asking import YES, confirm
from cli.table import table
from cli.target import Target, segment

app = typer.Typer(help="Members of teams.", no_args_is_help=True)

_TEAM = typer.Option(..., "--team", help="The team's id.")


@app.command("list", epilog="Example: sluice member list --team TEAM_ID")
def list_members(context: typer.Context, team: str = _TEAM) -> None:
    """List a team's members, oldest first."""
    target: Target = context.obj
    answer = target.ask("GET", f"/operator/teams/{segment(team)}/members")
    rows = [(member["id"], member["createdAt"], member["email"]) for member in answer["members"]]
    nobody = "No members yet; `sluice member add EMAIL --team TEAM_ID` adds one."
    target.show(answer, table(("member", "added", "email"), rows) if rows else nobody)


@app.command(epilog="Example: sluice member add ann@example.com --team TEAM_ID")
def add(context: typer.Context, email: str = typer.Argument(help="The member's address."), team: str = _TEAM) -> None:
    """Add a member to a team, within its plan."""
    target: Target = context.obj
    answer = target.ask("POST", f"/operator/teams/{segment(team)}/members", {"email": email})
    target.show(answer, f"Member {answer['id']} ({answer['email']})")


@app.command(epilog="Example: sluice member remove MEMBER_ID --team TEAM_ID --yes")
def remove(
    context: typer.Context,
    member: str = typer.Argument(help="The member's id."),
    team: str = _TEAM,
    yes: bool = YES,
) -> None:
    """Remove a member from a team."""
    target: Target = context.obj
    confirm(f"Remove member {member}?", yes=yes)
    answer = target.ask("DELETE", f"/operator/teams/{segment(team)}/members/{segment(member)}")
    target.show(answer, f"Member {answer['id']} is removed.")
