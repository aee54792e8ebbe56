"""The page of records, metrics and alarms: what the code writes down, and what the template makes of it."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "metrics.md"
_TEMPLATE = ROOT / "infra" / "resources.json"
_PRODUCT = ROOT / "chalicelib"

_HEAD = """\
# Records, metrics and alarms

<!-- Written by `make docs`. Do not edit. -->

Everything that happens is one structured line in the log: the event as `message`, what is known of it in `fields`. No
secret and no body is ever among them. The local stack prints the same lines for people.

A failure that nobody expected is told by `error`, its kind, and `where`, the file and line that raised it. If it is a
refusal by AWS, `operation` is the call and `code` is AWS's own word for why (`AccessDeniedException`,
`ValidationException`); AWS's message is not written down, for it may repeat what was sent.
"""

#: When each record is written.
RECORDS: Mapping[str, str] = {
    "request": "A request was answered. What went wrong is in `error`; a failure is told as above.",
    "attempt": "An attempt was made. `late_ms` is how long after its time it began; `written` says whether its outcome "
    "was stored, travels as a message, or came too late.",
    "webhook": "A completion webhook was sent.",
    "operation failed": "An operation of Asimov raised something. `where` names the file and the line.",
    "held": "A message stays in its queue, because a part did not answer, or a key was not to be had (`locked`).",
    "spoiled": "What was stored does not open with its key. Somebody has to look.",
    "limiter open": "A rate limit could not be looked up; the request was let in.",
    "use not noted": "When a credential was last used could not be noted. The request went on; for a minute, none is.",
    "record failed": "A message could not be worked on and comes again. The failure is told as above.",
    "dead letter": "A message came back from the dead-letter queue. `action` says what became of it.",
    "unread message": "A message is not to be read: it is kept for a person.",
    "overdue": "The daily look found a task that nobody had called for an hour after its time, or whose webhook was "
    "not sent for so long, and had it called.",
    "backstop": "The daily look is over: `found` tasks were overdue, and it took `ms` since it began.",
    "re-armed": "A task that had lost its messages got a new one.",
}


def files() -> dict[Path, str]:
    """The page. Raises KeyError: a record is not in `RECORDS`."""
    return {PAGE: "\n".join([_HEAD, _records(), _metrics(), _alarms()])}


def written() -> dict[str, list[str]]:
    """The events that the code records, each with its fields."""
    found: dict[str, list[str]] = {}
    for path in sorted(_PRODUCT.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "record"):
                continue
            if node.args and isinstance(node.args[0], ast.Constant):
                fields = found.setdefault(str(node.args[0].value), [])
                fields += [each.arg for each in node.keywords if each.arg and each.arg not in fields]
    return found


def _records() -> str:
    known = written()
    rows = [
        f"| `{event}` | {RECORDS[event]} | {', '.join(f'`{field}`' for field in known[event])} |"
        for event in sorted(known, key=list(RECORDS).index)
    ]
    return "## Records\n\n| event | when | fields |\n|---|---|---|\n" + "\n".join(rows) + "\n"


def _metrics() -> str:
    # The same metric may be made of several logs.
    rows = dict.fromkeys(
        f"| `{each['MetricName']}` | `{_text(each['MetricNamespace'])}` | `{each['MetricValue']}` of records that fit "
        f"`{filters['FilterPattern']}`{', in ' + each['Unit'].lower() if 'Unit' in each else ''} |"
        for filters in _of("AWS::Logs::MetricFilter")
        for each in filters["MetricTransformations"]
    )
    told = "Beside those that AWS keeps of its own services (the alarms name the ones that matter):\n"
    return f"## Metrics\n\n{told}\n| metric | namespace | made of |\n|---|---|---|\n" + "\n".join(rows) + "\n"


def _alarms() -> str:
    rows = [
        f"| `{_text(alarm['AlarmName'])}` | {alarm['AlarmDescription']} | `{alarm['MetricName']}` "
        f"({alarm.get('Statistic', alarm.get('ExtendedStatistic'))}) above {alarm['Threshold']:g} |"
        for alarm in _of("AWS::CloudWatch::Alarm")
    ]
    told = "A deployment has these; they are told to the topic that the template makes, where one is asked for.\n"
    return f"## Alarms\n\n{told}\n| alarm | what it means | condition |\n|---|---|---|\n" + "\n".join(rows) + "\n"


def _of(kind: str) -> Iterator[dict[str, Any]]:
    template = json.loads(_TEMPLATE.read_text("utf-8"))
    return (each["Properties"] for each in template["Resources"].values() if each.get("Type") == kind)


def _text(value: Any) -> str:
    """A name, with the stage as a word."""
    return str(value["Fn::Sub"] if isinstance(value, dict) else value).replace("${Stage}", "STAGE")
