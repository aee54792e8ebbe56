"""The AstraFlow manual's examples, played in process; whoever is at the other end may say their requests.

Spoken over standard input and output, a JSON object a line, until the input ends. The first line is
`{"fixtures": [id, ...]}`. Each `{"play": id}` is answered by `{"problems": [text, ...]}`; before that there may be
lines `{"wanted": {"method", "target", "headers", "body"}}`, one for each request of the example:

- `{"request": {...}}` is one that says it. It is carried out and answered by
  `{"reply": {"status", "headers", "body"}}`, and the line after that is `{}`.
- `{}` says that there are no words for it: it is carried out as it is wanted.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from surfaces.astraflow.manual import ASTRAFLOW  # noqa: E402  (the path comes first)
from surfaces.harness.in_process import InProcess  # noqa: E402
from surfaces.harness.matching import Fixture  # noqa: E402
from surfaces.harness.place import Reply  # noqa: E402


def write(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def read() -> dict[str, Any]:
    message: dict[str, Any] = json.loads(sys.stdin.readline() or "null")
    return message


class ThroughTheOtherEnd(InProcess):
    """The place, whose requests are said at the other end as far as there are words for them."""

    def request(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Reply:
        write({"wanted": _told(method, path, headers, body)})
        said = read().get("request")
        if said is None:
            return super().request(method, path, headers, body)
        reply = super().request(said["method"], said["target"], said["headers"], said["body"].encode() or None)
        write({"reply": {"status": reply.status, "headers": dict(reply.headers), "body": reply.body.decode()}})
        read()
        return reply


def _told(method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> dict[str, Any]:
    return {"method": method, "target": path, "headers": dict(headers), "body": (body or b"").decode()}


def _played(place: ThroughTheOtherEnd, fixture: Fixture) -> list[str]:
    problems: list[str] = []
    for _ in range(fixture.tries):
        problems = [str(problem) for problem in ASTRAFLOW.play(place, fixture)]
        if not problems:
            break
    return problems


def main() -> None:
    fixtures = {fixture.id: fixture for fixture in ASTRAFLOW.fixtures()}
    with ThroughTheOtherEnd() as place:
        write({"fixtures": list(fixtures)})
        while message := read():
            write({"problems": _played(place, fixtures[message["play"]])})


main()
