"""`sluice key ...`"""

from __future__ import annotations

import typer

from cli.target import Target

app = typer.Typer(help="API keys of teams.", no_args_is_help=True)


@app.command()
def create(
    context: typer.Context,
    name: str = typer.Argument(help="What the key is for."),
    team: str = typer.Option(..., "--team", help="The team's id."),
) -> None:
    """Create one more API key for a team, within its plan. The key is shown this once."""
    target: Target = context.obj
    answer = target.ask("POST", f"/operator/teams/{team}/keys", {"name": name})
    target.show(answer, f"Key {answer['id']} ({answer['name']})\nAPI key  {answer['key']}   (shown this once)")
