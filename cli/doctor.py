"""`sluice doctor`: what is not right, and the command that mends it."""

from __future__ import annotations

import email.utils
import time
from collections.abc import Iterator
from dataclasses import dataclass

import requests
import typer

from cli import profiles
from cli.exits import Exit
from cli.place import DATA_FOLDER_SAID, Place
from cli.target import TIMEOUT_S, Target

EXAMPLE = "Example: sluice doctor --profile prod"
#: Signatures are refused by careful receivers when the clock is further off than five minutes; long before, look.
_CLOCK_S = 60
_LOCAL = ("http://127.0.0.1", "http://localhost", "http://[::1]")


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. `mend`: what to do where it is not right; a warning does not fail the command."""

    name: str
    found: str
    mend: str | None = None
    exit_code: Exit = Exit.OK

    @property
    def state(self) -> str:
        return "failed" if self.exit_code else "warning" if self.mend else "ok"


def doctor(context: typer.Context) -> None:
    """Look whether the deployment can be reached, is whole and moves; say of each fault how to mend it."""
    target: Target = context.obj
    checks = list(_checks(target))
    view = [{"name": each.name, "state": each.state, "found": each.found, "mend": each.mend} for each in checks]
    worst = next((each.exit_code for each in checks if each.exit_code), Exit.OK)
    lines = []
    for each in checks:
        lines.append(f"{each.state:<7}  {each.name}: {each.found}")
        if each.mend is not None:
            lines.append(f"         {each.mend}")
    target.show({"ok": not worst, "checks": view}, "\n".join(lines))
    if worst:
        raise typer.Exit(worst)


def _checks(target: Target) -> Iterator[Check]:
    """One after the other; what makes no sense without the one before is left out."""
    yield _file()
    try:
        place = target.place
    except typer.Exit as missing:
        mend = "make run, or sluice profile add NAME --url URL"
        yield Check("deployment", "none is known, or it has no key", mend, Exit(missing.exit_code))
        return
    yield Check("deployment", f"{place.url}, from {place.said_by}")
    try:
        began = time.time()
        health = requests.get(f"{place.url}/health", timeout=TIMEOUT_S)
    except requests.RequestException:
        yield Check("reach", "nothing answers", _start(place), Exit.API_ERROR)
        return
    yield from _health(place, health)
    yield _clock(health, began)
    if not _is_health(health):
        return
    answer = requests.get(
        f"{place.url}/operator/queues", headers={"Authorization": f"Bearer {place.key}"}, timeout=TIMEOUT_S
    )
    if answer.status_code == 401:
        mend = "set OPERATOR_KEY to this deployment's key; `make deploy` says where it is kept"
        yield Check("operator key", f"the key from {place.said_by} is not this deployment's", mend, Exit.AUTH)
        return
    if not answer.ok:
        yield Check("operator", f"{answer.status_code}", "sluice queue list", Exit.API_ERROR)
        return
    yield Check("operator key", "fits")
    yield from _queues(target, answer.json()["queues"])


def _file() -> Check:
    path = profiles.file()
    if path.exists() and profiles.exposed(path):
        return Check("profiles", f"others may read {path}", f"chmod 600 {path}", Exit.USAGE)
    return Check("profiles", str(path) if path.exists() else "none")


def _health(place: Place, health: requests.Response) -> Iterator[Check]:
    if not _is_health(health):
        mend = f"is {place.url} the base URL, with its stage at the end? sluice profile add NAME --url URL"
        yield Check("reach", f"{health.status_code}, and it is no Sluice", mend, Exit.API_ERROR)
        return
    yield Check("reach", f"answers in {health.elapsed.total_seconds() * 1000:.0f} ms")
    for part, state in health.json()["parts"].items():
        if state == "ok":
            yield Check(f"part {part}", "ok")
        else:
            yield Check(f"part {part}", state, _start(place), Exit.API_ERROR)


def _is_health(reply: requests.Response) -> bool:
    try:
        return isinstance(reply.json()["parts"], dict)
    except (ValueError, KeyError, TypeError):
        return False


def _clock(reply: requests.Response, began: float) -> Check:
    told = email.utils.parsedate_to_datetime(reply.headers["Date"]) if "Date" in reply.headers else None
    if told is None:
        return Check("clock", "the deployment does not tell its time")
    off_s = round(told.timestamp() - began)
    if abs(off_s) > _CLOCK_S:
        return Check("clock", f"{abs(off_s)} s apart from the deployment's", "sudo timedatectl set-ntp true")
    return Check("clock", "agrees with the deployment's")


def _queues(target: Target, queues: list[dict[str, int | str]]) -> Iterator[Check]:
    depth = {str(queue["name"]): int(queue["waiting"]) for queue in queues}
    if depth["dead-letters"]:
        mend = "sluice queue list; if it grows, the function `rescue` does not read: see its log and its mapping"
        yield Check("queues", f"{depth['dead-letters']} messages wait for the reader of dead letters", mend)
    else:
        yield Check("queues", f"{depth['tasks']} tasks and {depth['webhooks']} webhooks wait")
    kept = target.pages("/operator/dead-letters", "deadLetters", 100)
    if kept["deadLetters"]:
        count = f"{len(kept['deadLetters'])}{' or more' if kept['next'] else ''}"
        yield Check("dead letters", f"{count} wait for you", "sluice dead-letter list")
    else:
        yield Check("dead letters", "none")


def _start(place: Place) -> str:
    if place.said_by.startswith(DATA_FOLDER_SAID):
        return f"make serve DATA={place.said_by.removeprefix(DATA_FOLDER_SAID)}"
    if place.url.startswith(_LOCAL):
        return "make run"
    return "make deploy STAGE=..., then sluice doctor; the alarms and the function's log say more"
