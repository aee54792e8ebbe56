"""`sluice profile ...`: deployments by name."""

from __future__ import annotations

import os
from dataclasses import replace

import typer

from cli import profiles
from cli.asking import YES, confirm
from cli.exits import Exit, stop
from cli.profiles import Profile, Profiles
from cli.table import table
from cli.target import Target

app = typer.Typer(help="Deployments by name, for `--profile`.", no_args_is_help=True)

_NAME = typer.Argument(help="The profile's name.")


@app.command("list", epilog="Example: sluice profile list")
def list_profiles(context: typer.Context) -> None:
    """List the profiles, without their keys."""
    target: Target = context.obj
    known = _read()
    entries = [
        {"name": name, "url": entry.url, "hasKey": entry.operator_key is not None, "default": name == known.default}
        for name, entry in sorted(known.by_name.items())
    ]
    rows = [
        (
            "*" if entry["default"] else "",
            entry["name"],
            entry["url"],
            "kept here" if entry["hasKey"] else "from OPERATOR_KEY",
        )
        for entry in entries
    ]
    nothing = "No profiles yet; `sluice profile add NAME --url URL` makes one."
    target.show(
        {"file": str(profiles.file()), "profiles": entries},
        table(("", "profile", "url", "key"), rows) if rows else nothing,
    )


@app.command(epilog="Example: sluice profile add prod --url https://api.example.com --default")
def add(
    context: typer.Context,
    name: str = _NAME,
    url: str = typer.Option(..., "--url", help="Base URL of the deployment, with its stage."),
    operator_key: str = typer.Option(
        None, "--operator-key", help="Its operator key. Without it you are asked, and may leave it to OPERATOR_KEY."
    ),
    default: bool = typer.Option(False, "--default", help="Use it when no profile is named."),
) -> None:
    """Add a profile, or put it in another one's place. The file is readable by you alone."""
    target: Target = context.obj
    known = _read()
    checked = profiles.checked_name(name)
    if not url.startswith(("http://", "https://")):
        raise stop(Exit.USAGE, f"--url must begin with https://, not {url!r}")
    if operator_key is None and os.isatty(0):
        operator_key = typer.prompt("Operator key (empty: from OPERATOR_KEY)", default="", hide_input=True, err=True)
    entry = Profile(url.rstrip("/"), operator_key or None)
    first = not known.by_name
    chosen = checked if default or first else known.default
    _write(Profiles({**known.by_name, checked: entry}, chosen))
    target.show(
        {"name": checked, "url": entry.url, "default": chosen == checked},
        f"Profile {checked}: {entry.url}" + (" (the default)" if chosen == checked else ""),
    )


@app.command(epilog="Example: sluice profile use prod")
def use(context: typer.Context, name: str = _NAME) -> None:
    """Use a profile when none is named."""
    target: Target = context.obj
    known = _read()
    entry = profiles.named(known, name)
    _write(replace(known, default=name))
    target.show({"name": name, "url": entry.url, "default": True}, f"Profile {name}: {entry.url} (the default)")


@app.command(epilog="Example: sluice profile remove prod --yes")
def remove(context: typer.Context, name: str = _NAME, yes: bool = YES) -> None:
    """Remove a profile, and the key that it keeps."""
    target: Target = context.obj
    known = _read()
    profiles.named(known, name)
    confirm(f"Remove the profile {name}?", yes=yes)
    left = {other: entry for other, entry in known.by_name.items() if other != name}
    _write(Profiles(left, None if known.default == name else known.default))
    target.show({"name": name, "removed": True}, f"Profile {name} is removed.")


def _read() -> Profiles:
    return profiles.read(profiles.file())


def _write(changed: Profiles) -> None:
    profiles.write(profiles.file(), changed)
