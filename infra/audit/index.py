"""What the package index tells of a package: who keeps it, since when, and what is known against its newest version."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import requests

_TIMEOUT_S = 15
_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Told:
    """One package, as the index knows it today. `keepers` may publish it; an organization has keepers of its own."""

    newest: str
    since: date
    keepers: frozenset[str]
    organization: str | None
    advisories: frozenset[str]


def asked(names: Iterable[str]) -> dict[str, Told] | None:
    """What the index tells of these packages; None where it cannot be reached."""
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        try:
            return dict(threads.map(_asked, sorted(set(names))))
        except requests.RequestException:
            return None


def told(document: Mapping[str, Any]) -> Told:
    """A package's document, read."""
    uploads = [file["upload_time_iso_8601"] for files in document["releases"].values() for file in files]
    return Told(
        newest=document["info"]["version"],
        since=datetime.fromisoformat(min(uploads)).date(),
        keepers=frozenset(each["user"] for each in document["ownership"]["roles"]),
        organization=document["ownership"]["organization"],
        advisories=frozenset(each["id"] for each in document["vulnerabilities"] if not each.get("withdrawn")),
    )


def _asked(name: str) -> tuple[str, Told]:
    from pip._internal.models.index import PyPI  # where pip itself looks

    answer = requests.get(f"{PyPI.pypi_url}/{name}/json", timeout=_TIMEOUT_S)
    answer.raise_for_status()
    return name, told(answer.json())
