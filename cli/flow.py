"""`sluice flow ...`"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import typer

from cli.durations import seconds
from cli.exits import Exit, stop
from cli.table import table
from cli.target import Target

app = typer.Typer(help="What AsyncFlow simulates, and how its groups fare.", no_args_is_help=True)

_GROUP = typer.Option(None, "--group", help="One group, as in X-STUDENT-GROUP; without it, the whole stage.")
_CHANGES = typer.Option(
    [], "--change", metavar="MEMBER=VALUE", help="Another value for one member, such as failureRate=0.5; repeatable."
)
_CSV = typer.Option(False, "--csv", help="Print the report as CSV, for a spreadsheet.")
_PROFILE = (
    "profile",
    "processing",
    "failures",
    "500",
    "503",
    "504",
    "of these lost",
    "latency",
    "outages",
    "explained",
    "on request",
)
#: The columns of the report, and the members that stand in them.
_REPORT = {
    "group": "group",
    "profile": "profile",
    "submitted": "submitted",
    "completed": "completed",
    "failed": "failed",
    "unfinished": "unfinished",
    "requests": "requests",
    "throttled": "throttled",
    "early retries": "earlyRetries",
    "polls/message": "pollsPerMessage",
    "faults": "simulatedFaults",
    "lost": "lostResponses",
    "duplicates": "duplicates",
    "recovered": "recovered",
}


@app.command(epilog="Example: sluice flow profiles")
def profiles(context: typer.Context) -> None:
    """List the built-in profiles: how kind the simulated network is."""
    target: Target = context.obj
    answer = target.ask("GET", "/operator/asyncflow/profiles")
    target.show(answer, table(_PROFILE, [_row(profile) for profile in answer["profiles"]]))


@app.command(epilog="Example: sluice flow show --group group-7")
def show(context: typer.Context, group: str = _GROUP) -> None:
    """Show the profile in force for the stage or for a group, and the outages ahead."""
    target: Target = context.obj
    _show(target, target.ask("GET", _path(group)))


@app.command("set", epilog="Example: sluice flow set flaky --group group-7 --for 15m --change failureRate=0.5")
def set_profile(
    context: typer.Context,
    name: str = typer.Argument(help="A built-in profile; `sluice flow profiles` lists them."),
    group: str = _GROUP,
    lasting: str = typer.Option(
        None, "--for", metavar="TIME", help="It ends by itself after this time, at most 30d: 90s, 15m, 2h, 1d."
    ),
    change: list[str] = _CHANGES,
) -> None:
    """Put a profile in force for the stage or for a group. A group's own profile counts before the stage's."""
    target: Target = context.obj
    body: dict[str, Any] = {"profile": name}
    if lasting is not None:
        body["expiresInSeconds"] = seconds(lasting, "--for")
    if change:
        body["changes"] = dict(_change(text) for text in change)
    _show(target, target.ask("PUT", _path(group), body))


@app.command(epilog="Example: sluice flow reset --group group-7")
def reset(context: typer.Context, group: str = _GROUP) -> None:
    """Take back the profile that was put in force for the stage or for a group."""
    target: Target = context.obj
    _show(target, target.ask("DELETE", _path(group)))


@app.command(epilog="Example: sluice flow report --csv")
def report(context: typer.Context, as_csv: bool = _CSV) -> None:
    """Compare all groups: what they sent, how they waited, what they lost and what they repeated."""
    target: Target = context.obj
    if as_csv and target.as_json:
        raise stop(Exit.USAGE, "--csv and --json are two forms of one report: choose one.")
    if as_csv:
        typer.echo(target.text("/operator/asyncflow/report?format=csv"), nl=False)
        return
    answer = target.ask("GET", "/operator/asyncflow/report")
    rows = [[group[member] for member in _REPORT.values()] for group in answer["groups"]]
    target.show(answer, table(list(_REPORT), rows) if rows else "No group has asked for anything yet.")


def _path(group: str | None) -> str:
    if group is None:
        return "/operator/asyncflow/profile"
    # HTTP clients take dots in a path for steps up, and would end at the stage's profile.
    if not group.strip() or group in (".", ".."):
        raise stop(Exit.USAGE, f"--group must be the name of a group, not {group!r}.")
    return f"/operator/asyncflow/groups/{quote(group, safe='')}/profile"


def _change(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise stop(Exit.USAGE, f"--change must be MEMBER=VALUE, such as failureRate=0.5, not {text!r}.")
    try:
        return name, json.loads(value, parse_constant=str)
    except ValueError:
        # No number and no truth value: the API says what the member may be.
        return name, value


def _show(target: Target, answer: dict[str, Any]) -> None:
    profile = answer["profile"]
    whose = "Stage" if answer["group"] is None else f"Group {answer['group']}"
    where = "" if answer["assigned"] else " (the default)" if answer["group"] is None else " (as the stage)"
    until = f" until {answer['expiresAt']}" if answer["expiresAt"] else ""
    members = [(member, json.dumps(value)) for member, value in profile.items() if member != "name"]
    width = max(len(member) for member, _ in members)
    lines = [
        f"{whose}: {profile['name']}{where}{until}",
        *(f"  {member:<{width}}  {value}" for member, value in members),
        f"Seed: {answer['seed']}",
        *(f"Outage: {outage['startsAt']} to {outage['endsAt']}" for outage in answer["outages"]),
    ]
    target.show(answer, "\n".join(lines))


def _row(profile: dict[str, Any]) -> tuple[object, ...]:
    every = profile["outageEverySeconds"]
    return (
        profile["name"],
        f"{profile['processingMinSeconds']:g}-{profile['processingMaxSeconds']:g} s",
        *(_percent(profile[f"{rate}Rate"]) for rate in ("failure", "error", "unavailable", "timeout")),
        _percent(profile["lostResponseShare"]) if profile["timeoutRate"] else "-",
        f"{profile['latencyMinMs']}-{profile['latencyMaxMs']} ms",
        f"{profile['outageSeconds']:g} s in {every} s" if every else "-",
        "yes" if profile["explained"] else "no",
        "yes" if profile["overridable"] else "no",
    )


def _percent(share: float) -> str:
    return f"{round(share * 100, 2):g} %" if share else "-"
