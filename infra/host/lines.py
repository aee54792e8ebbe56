"""What the person in front of it reads: one line per event."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TextIO

_GREEN, _YELLOW, _RED = "32", "33", "31"


class ConsoleHandler(logging.Handler):
    """Prints the records of the logger `sluice`: `msg` is the name of the event, `fields` what is known of it."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream
        # https://no-color.org
        self._colour = stream.isatty() and not os.environ.get("NO_COLOR")

    def emit(self, record: logging.LogRecord) -> None:
        event = str(record.msg)
        known: dict[str, Any] = getattr(record, "fields", {})
        describe = _EVENTS.get(event)
        parts = describe(known) if describe else _pairs(event, known)
        line = "  ".join([time.strftime("%H:%M:%S", time.localtime(record.created)), *map(_printable, parts)])
        if self._colour and (colour := _colour(record, known)):
            line = f"\033[{colour}m{line}\033[0m"
        if record.exc_info:
            line += "\n" + logging.Formatter().formatException(record.exc_info)
        try:
            self._stream.write(line + "\n")
            self._stream.flush()
        except (OSError, ValueError):
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name is the base class's
        """Nobody reads any more: there is nobody to tell."""


def _request(fields: Mapping[str, Any]) -> Iterator[str]:
    # Queries may hold what nobody should read over a shoulder.
    yield f"{fields.get('method', '-')} {str(fields.get('path', '-')).partition('?')[0]}"
    yield str(fields.get("status", "-"))
    yield _milliseconds(fields)
    if group := fields.get("group"):
        yield str(group)
    if error := fields.get("error"):
        yield str(error)
    if fault := fields.get("fault"):
        yield f"(simulated: {fault})"


def _attempt(fields: Mapping[str, Any]) -> Iterator[str]:
    yield from _exchange(f"attempt {fields.get('attempt', '-')}", fields)
    if next_at := fields.get("next_at"):
        yield f"again in {max(0.0, next_at / 1000 - time.time()):.0f} s"


def _webhook(fields: Mapping[str, Any]) -> Iterator[str]:
    yield from _exchange("webhook", fields)


def _exchange(what: str, fields: Mapping[str, Any]) -> Iterator[str]:
    yield f"{what} of {_short(str(fields.get('task', '-')))}"
    if status := fields.get("status_code"):
        yield str(status)
    yield _milliseconds(fields)
    yield str(fields.get("outcome", "-"))
    if error := fields.get("error"):
        yield str(error)


_EVENTS: Mapping[str, Callable[[Mapping[str, Any]], Iterator[str]]] = {
    "request": _request,
    "attempt": _attempt,
    "webhook": _webhook,
}


def _pairs(event: str, fields: Mapping[str, Any]) -> Iterator[str]:
    yield event
    if pairs := [f"{name}={value}" for name, value in fields.items() if value is not None]:
        yield " ".join(pairs)


def _milliseconds(fields: Mapping[str, Any]) -> str:
    return f"{round(fields['ms'])} ms" if "ms" in fields else "- ms"


def _short(task: str) -> str:
    """The first group of a UUID is enough to find the task again."""
    return task if len(task) <= 16 else f"{task[:9]}…"


def _printable(text: str) -> str:
    """A request line is a stranger's text: no control character of it may reach the terminal."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def _colour(record: logging.LogRecord, fields: Mapping[str, Any]) -> str | None:
    status = fields.get("status") or fields.get("status_code")
    if record.levelno >= logging.ERROR or (isinstance(status, int) and status >= 500):
        return _RED
    if record.levelno >= logging.WARNING or fields.get("error") or (isinstance(status, int) and status >= 400):
        return _YELLOW
    return _GREEN if isinstance(status, int) and status < 300 else None
