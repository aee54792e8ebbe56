"""The deployment a command talks to, and how its answers end a command."""

from __future__ import annotations

import json
import os
import time
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import quote

import requests
import typer

from cli.exits import Exit, stop
from cli.place import Place, Wish, resolve

TIMEOUT_S = 30
_EXITS = {401: Exit.AUTH, 403: Exit.AUTH, 404: Exit.NOT_FOUND, 408: Exit.TIMED_OUT, 429: Exit.THROTTLED}
_TIMEOUTS = (504,)
#: Answers after which a request that may be repeated is, so often, and not later than after so long.
_PASSING = (429, 502, 503, 504)
_REPEATS = 3
_LONGEST_PAUSE_S = 5.0
#: Most that one page of a list holds.
PAGE = 100


@dataclass
class Target:
    """Where to ask, with which key, and in which form to tell. The deployment is looked up when it is first needed."""

    wish: Wish = field(default_factory=Wish)
    as_json: bool = False

    @cached_property
    def place(self) -> Place:
        """The deployment that is meant."""
        return resolve(self.wish, os.environ)

    def ask(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        *,
        query: dict[str, Any] | None = None,
        once_under: str | None = None,
    ) -> Any:
        """The API's answer; a refusal ends the command with a sentence and an exit code of its own.

        `once_under`: an Idempotency-Key, with which a POST may be repeated.
        """
        return self.reply(method, path, body, query=query, once_under=once_under).json()

    def text(self, path: str) -> str:
        """What a GET answers, as it comes; a refusal ends the command like that of `ask`."""
        return self.reply("GET", path).text

    def pages(self, path: str, member: str, most: int | None, **query: Any) -> dict[str, Any]:
        """A list in the form of one of its pages: up to so many entries (None: all), from several pages if need be."""
        found: list[Any] = []
        following: str | None = None
        while True:
            left = PAGE if most is None else min(PAGE, most - len(found))
            asked = {**query, "limit": left, **({"after": following} if following else {})}
            page = self.ask("GET", path, query=asked)
            found += page[member]
            following = page["next"]
            if following is None or (most is not None and len(found) >= most):
                return {member: found, "next": following}

    def show(self, answer: Any, text: str) -> None:
        """Print an answer for people, or as JSON."""
        typer.echo(json.dumps(answer, indent=2) if self.as_json else plain(text))

    def reply(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        *,
        query: dict[str, Any] | None = None,
        once_under: str | None = None,
    ) -> requests.Response:
        """A good answer as it came; any other ends the command."""
        headers = {"Authorization": f"Bearer {self.place.key}"}
        if once_under is not None:
            headers["Idempotency-Key"] = once_under
        repeatable = method != "POST" or once_under is not None
        for pause_s in self._pauses(repeatable=repeatable):
            try:
                reply = requests.request(
                    method, self.place.url + path, json=body, params=query, headers=headers, timeout=TIMEOUT_S
                )
            except requests.Timeout:
                raise stop(Exit.TIMED_OUT, f"{self.place.url} did not answer within {TIMEOUT_S} s.") from None
            except requests.RequestException:
                raise stop(Exit.API_ERROR, unreachable(self.place)) from None
            if reply.status_code not in _PASSING or pause_s is None:
                break
            time.sleep(min(_asked_pause(reply, pause_s), _LONGEST_PAUSE_S))
        if not reply.ok:
            code = Exit.TIMED_OUT if reply.status_code in _TIMEOUTS else _EXITS.get(reply.status_code, Exit.API_ERROR)
            raise stop(code, f"{reply.status_code}: {plain(_error(reply))}")
        return reply

    @staticmethod
    def _pauses(*, repeatable: bool) -> Iterator[float | None]:
        if repeatable:
            yield from (0.2 * 2**count for count in range(_REPEATS))
        yield None


def unreachable(place: Place) -> str:
    """What to do when nothing answers."""
    return f"Nothing answers at {place.url} (from {place.said_by}). Is it running? `make run` starts a local stack."


def segment(text: str) -> str:
    """A text as one segment of a path. HTTP clients take dots alone for steps up."""
    if not text.strip() or text in (".", ".."):
        raise stop(Exit.USAGE, f"{text!r} is no id.")
    return quote(text, safe="")


def plain(text: str) -> str:
    """A text that does to a terminal nothing but be shown."""
    return "".join(
        character if character in "\n\t" or unicodedata.category(character) not in ("Cc", "Cf", "Cs") else "?"
        for character in text
    )


def _asked_pause(reply: requests.Response, pause_s: float) -> float:
    asked = reply.headers.get("Retry-After", "")
    return max(pause_s, float(asked)) if asked.isdigit() else pause_s


def _error(reply: requests.Response) -> str:
    try:
        document = reply.json()
        return str(document.get("error") or document["message"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return reply.reason
