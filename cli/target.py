"""The deployment a command talks to, and how its answers end a command."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
import typer

#: What a running local stack writes about itself.
STACK_DOCUMENT = Path(__file__).parents[1] / ".local" / "stack.json"
TIMEOUT_S = 30

#: Exit codes, by the status that led to them.
API_ERROR, USAGE, AUTH, NOT_FOUND, THROTTLED = 1, 2, 3, 4, 5
_EXITS = {401: AUTH, 403: AUTH, 404: NOT_FOUND, 429: THROTTLED}


@dataclass(frozen=True, slots=True)
class Target:
    """Where to ask, and with which key."""

    url: str | None
    operator_key: str | None
    as_json: bool

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """The API's answer; a refusal ends the command with a sentence and an exit code of its own."""
        return self._reply(method, path, body).json()

    def text(self, path: str) -> str:
        """What a GET answers, as it comes; a refusal ends the command like that of `ask`."""
        return self._reply("GET", path).text

    def show(self, answer: Any, text: str) -> None:
        """Print an answer for people, or as JSON."""
        typer.echo(json.dumps(answer, indent=2) if self.as_json else text)

    def _reply(self, method: str, path: str, body: dict[str, Any] | None = None) -> requests.Response:
        url, key = self._credentials()
        try:
            reply = requests.request(
                method,
                url.rstrip("/") + path,
                json=body,
                headers={"Authorization": f"Bearer {key}"},
                timeout=TIMEOUT_S,
            )
        except requests.RequestException:
            raise stop(
                API_ERROR, f"Nothing answers at {url}. Is it running? `make run` starts a local stack."
            ) from None
        if not reply.ok:
            raise stop(_EXITS.get(reply.status_code, API_ERROR), f"{reply.status_code}: {_error(reply)}")
        return reply

    def _credentials(self) -> tuple[str, str]:
        document = {} if self.url and self.operator_key else _stack_document()
        url = self.url or document.get("base_url")
        key = self.operator_key or (document.get("operator", {}).get("key") if not self.url else None)
        if not url:
            raise stop(USAGE, "No deployment: start one with `make run`, or name one with --url.")
        if not key:
            raise stop(USAGE, "No operator key: set OPERATOR_KEY or use --operator-key.")
        return url, key


def _stack_document() -> dict[str, Any]:
    try:
        return dict(json.loads(STACK_DOCUMENT.read_text()))
    except FileNotFoundError:
        return {}


def _error(reply: requests.Response) -> str:
    try:
        return str(reply.json()["error"])
    except (ValueError, KeyError, TypeError):
        return reply.reason


def stop(code: int, message: str) -> typer.Exit:
    """Say on standard error why the command ends; the exit to raise."""
    typer.echo(message, err=True)
    return typer.Exit(code)
