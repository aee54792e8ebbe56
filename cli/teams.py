"""`sluice team ...`"""

from __future__ import annotations

import typer

from cli.table import table
from cli.target import Target, segment

app = typer.Typer(help="Teams and their plans.", no_args_is_help=True)

_TEAM = typer.Argument(help="The team's id; `sluice team list` shows it.")
_PLAN = typer.Option("free", "--plan", help="free or pro.")


@app.command(epilog='Example: sluice team create "Payments" --plan pro')
def create(
    context: typer.Context, name: str = typer.Argument(help="What the team is called."), plan: str = _PLAN
) -> None:
    """Create a team with its first API key. The key is shown this once."""
    target: Target = context.obj
    answer = target.ask("POST", "/operator/teams", {"name": name, "plan": plan})
    target.show(
        answer,
        f"Team {answer['team']['id']} ({answer['team']['plan']})\n"
        f"API key         {answer['apiKey']['key']}   (shown this once)\n"
        f"Signing secret  {answer['signingSecret']}",
    )


@app.command("list", epilog="Example: sluice team list")
def list_teams(context: typer.Context) -> None:
    """List all teams, oldest first."""
    target: Target = context.obj
    answer = target.ask("GET", "/operator/teams")
    rows = [(team["id"], team["plan"], team["createdAt"], team["name"]) for team in answer["teams"]]
    nobody = "No teams yet; `sluice team create NAME` makes one."
    target.show(answer, table(("team", "plan", "created", "name"), rows) if rows else nobody)


@app.command(epilog="Example: sluice team show TEAM_ID")
def show(context: typer.Context, team: str = _TEAM) -> None:
    """Show a team."""
    target: Target = context.obj
    answer = target.ask("GET", f"/operator/teams/{segment(team)}")
    target.show(answer, _team(answer))


@app.command("plan", epilog="Example: sluice team plan TEAM_ID pro")
def set_plan(context: typer.Context, team: str = _TEAM, plan: str = typer.Argument(help="free or pro.")) -> None:
    """Put a team on another plan. What it has beyond the plan's limits it keeps."""
    target: Target = context.obj
    answer = target.ask("PUT", f"/operator/teams/{segment(team)}/plan", {"plan": plan})
    target.show(answer, _team(answer))


def _team(answer: dict[str, dict[str, str]]) -> str:
    team = answer["team"]
    return f"Team {team['id']} ({team['plan']}): {team['name']}, since {team['createdAt']}"
