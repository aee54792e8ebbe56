"""`sluice team ...`"""

from __future__ import annotations

import typer

from cli.target import Target

app = typer.Typer(help="Teams and their plans.", no_args_is_help=True)


@app.command()
def create(
    context: typer.Context,
    name: str = typer.Argument(help="What the team is called."),
    plan: str = typer.Option("free", "--plan", help="free or pro."),
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


@app.command("list")
def list_teams(context: typer.Context) -> None:
    """List all teams, oldest first."""
    target: Target = context.obj
    answer = target.ask("GET", "/operator/teams")
    lines = [f"{team['id']}  {team['plan']:<4}  {team['name']}" for team in answer["teams"]]
    target.show(answer, "\n".join(lines) or "No teams yet; `sluice team create NAME` makes one.")
