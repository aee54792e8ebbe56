"""Options that say where and how, wherever on the command line they stand: `sluice team list --json`."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup

_FLAGS = ("--json",)
_WITH_VALUE = ("--profile", "--url", "--operator-key")


class Everywhere(TyperGroup):
    """The group of all commands, which takes its own options behind the command's name too."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        return super().parse_args(ctx, hoisted(args))


def hoisted(arguments: list[str]) -> list[str]:
    """The arguments with the options that are everywhere's in front; what follows `--` is no option.

    `profile add` has a `--url` and an `--operator-key` of its own: those stay behind it.
    """
    given, literal = (
        (arguments[: arguments.index("--")], arguments[arguments.index("--") :])
        if "--" in arguments
        else (arguments, [])
    )
    own = _WITH_VALUE if "profile" in given and "add" in given else ()
    front: list[str] = []
    rest: list[str] = []
    waiting = iter(given)
    for argument in waiting:
        name, equals, _ = argument.partition("=")
        if argument in _FLAGS or (name in _WITH_VALUE and name not in own and equals):
            front.append(argument)
        elif name in _WITH_VALUE and name not in own:
            front += [argument, *([value] if (value := next(waiting, None)) is not None else [])]
        else:
            rest.append(argument)
    return [*front, *rest, *literal]
