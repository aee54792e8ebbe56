"""The page of the operator's command, from what the command says of itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import typer.main

from cli.__main__ import app
from cli.exits import MEANINGS

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "cli.md"

_HEAD = """# The operator's command

<!-- Written by `make docs`. Do not edit. -->

`./sluice` in a checkout runs a deployment over its HTTP API: the local stack and one on AWS alike. It sets itself up,
and nothing of it is shipped to Lambda.

```console
$ ./sluice doctor
$ ./sluice team create "Payments" --plan pro
$ ./sluice dead-letter list
```

## Which deployment

What was said first counts:

1. `--url` and `--operator-key`
2. the profile of `--profile`
3. `SLUICE_URL` and `OPERATOR_KEY`
4. the profile of `SLUICE_PROFILE`
5. the data folder that `SLUICE_DATA` names, [served on one machine](one-machine.md)
6. the default profile
7. the local stack that runs in this checkout
8. what is served from `.sluice` in this checkout

A key is never sent to an address that was said before it: what is said later belongs to another deployment. Profiles
are kept in `sluice/config.toml` in `$XDG_CONFIG_HOME` (`~/.config`), or where `SLUICE_CONFIG` says; a file that others
may read is refused.

## What it prints

Data goes to standard output, messages and progress to standard error. `--json`, anywhere on the line, makes the data
one JSON document: the API's own answer, whose members are described in [OpenAPI](openapi/operator.yaml). Lists that may
be long take `--limit` and `--all`. What cannot be undone is asked for; `--yes` goes on without, and where there is no
terminal nothing else does. Colours and bars come on a terminal only, and not with `NO_COLOR`.

| exit code | meaning |
|---|---|
{exits}

`./sluice --install-completion` teaches your shell to complete commands and options.

## Commands
"""


def files() -> dict[Path, str]:
    """The page."""
    exits = "\n".join(f"| `{code.value}` | {meaning} |" for code, meaning in MEANINGS.items())
    return {PAGE: _HEAD.replace("{exits}", exits) + "\n".join(_sections())}


def all_commands() -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, by what is typed behind `sluice`."""
    yield from _below(typer.main.get_command(app), "")


def _below(command: Any, path: str) -> Iterator[tuple[str, click.Command]]:
    if hasattr(command, "commands"):
        for name, inner in command.commands.items():
            yield from _below(inner, f"{path} {name}".strip())
    else:
        yield path, command


def _sections() -> Iterator[str]:
    for path, command in all_commands():
        yield f"\n### `sluice {path}`\n"
        yield f"{' '.join((command.help or '').split())}\n"
        example = (command.epilog or "").removeprefix("Example: ")
        yield f"```console\n$ ./{example}\n```\n"
        rows = [row for parameter in command.params if (row := _row(parameter)) is not None]
        if rows:
            yield "\n".join(["| argument or option | meaning |", "|---|---|", *rows])
            yield ""


def _row(parameter: Any) -> str | None:
    if parameter.param_type_name == "argument":
        name = f"`{parameter.name.upper()}`"
        needed = "" if parameter.required else " May be left out."
    else:
        if parameter.name == "help":
            return None
        value = "" if parameter.is_flag else f" {parameter.metavar or 'TEXT'}"
        name = f"`{', '.join(reversed(parameter.opts))}{value}`"
        needed = " Required." if parameter.required else _default(parameter)
    return f"| {name} | {parameter.help}{needed} |"


def _default(parameter: Any) -> str:
    default = parameter.default
    return f" Default: {default}." if isinstance(default, str | int) and not isinstance(default, bool) else ""
