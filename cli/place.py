"""Which deployment a command is for, and the key that opens it.

What was said first counts: `--url` and `--operator-key`, the profile of `--profile`, `SLUICE_URL` and `OPERATOR_KEY`,
the profile of `SLUICE_PROFILE`, the data folder of `SLUICE_DATA`, the default profile, the local stack that runs here,
the data folder that is served here. A key is never sent to an address that was said before it: what comes after it
belongs to another deployment.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from cli import profiles
from cli.exits import Exit, stop

#: What a running local stack writes about itself.
STACK_DOCUMENT = Path(__file__).parents[1] / ".local" / "stack.json"
#: How a data folder is named that said where it is served, with its path behind it.
DATA_FOLDER_SAID = "the data folder "
#: Where `make serve` keeps everything, unless it is told otherwise.
DATA_FOLDER = Path(__file__).parents[1] / ".sluice"


@dataclass(frozen=True, slots=True)
class Place:
    """A base URL without a slash at its end, the key, and who said so."""

    url: str
    key: str
    said_by: str


@dataclass(frozen=True, slots=True)
class _Said:
    """What one source says; either may be missing."""

    by: str
    url: str | None
    key: str | None


@dataclass(frozen=True, slots=True)
class Wish:
    """What the command line says of the deployment."""

    url: str | None = None
    operator_key: str | None = None
    profile: str | None = None


def resolve(
    wish: Wish, environ: Mapping[str, str], stack_document: Path = STACK_DOCUMENT, data_folder: Path = DATA_FOLDER
) -> Place:
    """The deployment that is meant; none, or one without a key, ends the command."""
    key: str | None = None
    for said in _sources(wish, environ, stack_document, data_folder):
        key = key or said.key
        if said.url is None:
            continue
        if urlsplit(said.url).scheme not in ("http", "https"):
            raise stop(Exit.USAGE, f"{said.url!r} ({said.by}) is no base URL: it begins with https://")
        if key is None:
            raise stop(
                Exit.AUTH,
                f"No operator key for {said.url}: set OPERATOR_KEY, use --operator-key, or add it to a profile.",
            )
        return Place(said.url.rstrip("/"), key, said.by)
    raise stop(
        Exit.USAGE,
        "No deployment: start one with `make run`, name one with --url, or add one with `sluice profile add`.",
    )


def _sources(wish: Wish, environ: Mapping[str, str], stack_document: Path, data_folder: Path) -> Iterator[_Said]:
    yield _Said("--url", wish.url, wish.operator_key)
    if wish.profile:
        yield _from_profile(wish.profile, environ)
    yield _Said("SLUICE_URL", environ.get("SLUICE_URL") or None, environ.get("OPERATOR_KEY") or None)
    if not wish.profile and environ.get("SLUICE_PROFILE"):
        yield _from_profile(environ["SLUICE_PROFILE"], environ)
    if environ.get("SLUICE_DATA"):
        folder = Path(environ["SLUICE_DATA"])
        said = _from_data_folder(folder)
        if said is None:
            raise stop(Exit.USAGE, f"Nothing is served from {folder}: start it with `make serve DATA={folder}`.")
        yield said
    default = profiles.read(profiles.file(environ)).default
    if default is not None:
        yield _from_profile(default, environ)
    try:
        document = json.loads(stack_document.read_text("utf-8"))
        yield _Said("the local stack", document["base_url"], document["operator"]["key"])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    if (said := _from_data_folder(data_folder)) is not None:
        yield said


def _from_data_folder(folder: Path) -> _Said | None:
    """What is served from a folder, with the key that it keeps, unless it was given one; None when nothing is."""
    try:
        url = json.loads((folder / "serving.json").read_text("utf-8"))["base_url"]
        secrets = folder / "secrets.json"
        key = json.loads(secrets.read_text("utf-8")).get("OPERATOR_KEY") if secrets.exists() else None
        return _Said(f"{DATA_FOLDER_SAID}{folder}", url, key)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _from_profile(name: str, environ: Mapping[str, str]) -> _Said:
    profile = profiles.named(profiles.read(profiles.file(environ)), name)
    return _Said(f"the profile {name}", profile.url, profile.operator_key)
