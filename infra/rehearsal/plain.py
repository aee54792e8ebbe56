"""The other way to deploy: a stack of resources, and Chalice by itself over it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from infra.deploy.package import PROJECT, read_config
from infra.rehearsal.commands import STAGE, Commands

#: A stage of its own, with the settings of the other.
PLAIN = "plain"
_NEEDED = ("app.py", "chalicelib", "infra", ".chalice", "requirements.txt")


def lay_out(folder: Path) -> None:
    """A copy of the checkout, whose configuration may be written to."""
    folder.mkdir()
    for name in _NEEDED:
        source = PROJECT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
        else:
            shutil.copy(source, folder / name)
    config = read_config(folder)
    config["stages"][PLAIN] = config["stages"][STAGE]
    (folder / ".chalice" / "config.json").write_text(json.dumps(config), "utf-8")


def deploy(commands: Commands, folder: Path) -> str:
    """`make resources` and `chalice deploy`, in that checkout; what they said."""
    return f"{commands.resources(folder, PLAIN)}\n{commands.chalice(folder, 'deploy', '--stage', PLAIN)}"


def api_id(folder: Path) -> str:
    """What API Gateway calls the API that Chalice has made."""
    deployed = json.loads((folder / ".chalice" / "deployed" / f"{PLAIN}.json").read_text("utf-8"))
    (found,) = [entry["rest_api_id"] for entry in deployed["resources"] if entry["resource_type"] == "rest_api"]
    return str(found)


def take_away(commands: Commands, folder: Path) -> str:
    """`chalice delete` and `make destroy` with the data; what they said."""
    return f"{commands.chalice(folder, 'delete', '--stage', PLAIN)}\n{commands.destroy_in(folder, PLAIN)}"
