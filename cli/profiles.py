"""Deployments by name, in a file of the user's own that nobody else may read."""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cli.exits import Exit, stop

_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}", re.ASCII)
#: What others may do with the file: nothing.
_OWNER_ONLY = 0o600
_OTHERS = 0o077


@dataclass(frozen=True, slots=True)
class Profile:
    """One deployment: its base URL, and its operator key if that is kept here."""

    url: str
    operator_key: str | None = None


@dataclass(frozen=True, slots=True)
class Profiles:
    """All of them, and the one that counts when none is named."""

    by_name: Mapping[str, Profile] = field(default_factory=dict)
    default: str | None = None


def file(environ: Mapping[str, str] = os.environ) -> Path:
    """Where the profiles are: `SLUICE_CONFIG`, or `sluice/config.toml` among the user's configuration."""
    if environ.get("SLUICE_CONFIG"):
        return Path(environ["SLUICE_CONFIG"])
    home = environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(home) / "sluice" / "config.toml"


def read(path: Path) -> Profiles:
    """The profiles in a file; none when there is no file. A file that others may read ends the command, as one that is
    no list of profiles does."""
    if not path.exists():
        return Profiles()
    if exposed(path):
        raise stop(Exit.USAGE, f"{path} holds keys and others may read it: chmod 600 {path}")
    try:
        document = tomllib.loads(path.read_text("utf-8"))
        by_name = {name: _profile(entry) for name, entry in document.get("profiles", {}).items()}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, TypeError, AttributeError) as error:
        raise stop(Exit.USAGE, f"{path} is no list of profiles ({error}): mend it, or remove it") from None
    return Profiles(by_name, document.get("default"))


def write(path: Path, profiles: Profiles) -> None:
    """Put these profiles in place of those in the file, in one step, for the owner's eyes only."""
    lines = [] if profiles.default is None else [f"default = {_quoted(profiles.default)}", ""]
    for name, profile in sorted(profiles.by_name.items()):
        lines += [f"[profiles.{name}]", f"url = {_quoted(profile.url)}"]
        if profile.operator_key is not None:
            lines.append(f"operator_key = {_quoted(profile.operator_key)}")
        lines.append("")
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY), "w", encoding="utf-8") as target:
        target.write("\n".join(lines))
    fresh.replace(path)


def exposed(path: Path) -> bool:
    """Whether others than the owner may read or change a file."""
    return os.name == "posix" and bool(path.stat().st_mode & _OTHERS)


def named(profiles: Profiles, name: str) -> Profile:
    """The profile of a name; a name that there is not ends the command."""
    if name not in profiles.by_name:
        known = ", ".join(sorted(profiles.by_name)) or "none yet; `sluice profile add NAME --url URL` makes one"
        raise stop(Exit.USAGE, f"There is no profile {name!r}. There are: {known}")
    return profiles.by_name[name]


def checked_name(name: str) -> str:
    """A name that a profile may have."""
    if not _NAME.fullmatch(name):
        raise stop(Exit.USAGE, f"A profile's name is 1 to 40 letters, digits, hyphens and underscores, not {name!r}")
    return name


def _quoted(text: str) -> str:
    """A text as TOML writes it: as JSON does, but for two kinds of characters."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _profile(entry: Any) -> Profile:
    key = entry.get("operator_key")
    if not isinstance(entry["url"], str) or not isinstance(key, str | None):
        raise TypeError("url and operator_key are texts")
    return Profile(entry["url"], key)
