"""An answer once it is here: its JSON, or the error that it stands for."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from astraflow_sdk.errors import BY_STATUS, APIStatusError, ServerError, UnexpectedAnswerError

_NEXT = re.compile(r"<([^>]*)>\s*;[^,<]*\brel=\"?next\"?(?:\s*[;,]|\s*$)")
#: So much of an answer that is no JSON is shown.
_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers with lower-case names, and body."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def request_id(self) -> str | None:
        """The name under which the server recorded the request."""
        return self.headers.get("x-request-id")

    def json(self) -> Any:
        """The body. Raises UnexpectedAnswerError."""
        try:
            return json.loads(self.content)
        except ValueError:
            kind = self.headers.get("content-type", "no content type")
            raise self.unexpected(f"The answer is not JSON but {kind}") from None

    def member(self, name: str) -> Any:
        """One member of the body, which is to be an object. Raises UnexpectedAnswerError."""
        body = self.json()
        if not isinstance(body, dict) or name not in body:
            raise self.unexpected(f"The answer has no member {name}")
        return body[name]

    def unexpected(self, message: str) -> UnexpectedAnswerError:
        return UnexpectedAnswerError(message, status=self.status, request_id=self.request_id)

    def next_query(self) -> dict[str, str] | None:
        """The query of the next page (RFC 8288). Its path is the one that was asked for: a key goes nowhere else."""
        found = _NEXT.search(self.headers.get("link", ""))
        return None if found is None else dict(parse_qsl(urlsplit(found[1]).query))

    def error(self, now: datetime | None = None) -> APIStatusError:
        """The error that this answer stands for."""
        try:
            body = json.loads(self.content)
        except ValueError:
            body = self.content[:_SHOWN].decode("utf-8", "replace")
        message, code, docs = _told(body)
        if 300 <= self.status < 400:
            message = "The server redirects; name the address that it redirects to as base_url"
        kind = BY_STATUS.get(self.status, ServerError if self.status >= 500 else APIStatusError)
        return kind(
            message or "The server gave no reason",
            status=self.status,
            code=code,
            body=body,
            headers=self.headers,
            request_id=self.request_id,
            retry_after=seconds(self.headers.get("retry-after"), now or datetime.now(UTC)),
            docs=docs,
        )


def seconds(retry_after: str | None, now: datetime) -> float | None:
    """`Retry-After` in seconds: a number of them, or a date (RFC 9110, section 10.2.3)."""
    if retry_after is None:
        return None
    text = retry_after.strip()
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]+)?", text):
        return float(text)
    try:
        instant = parsedate_to_datetime(text)
    except ValueError:
        return None
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=UTC)
    return max(0.0, (instant - now).total_seconds())


def _told(body: Any) -> tuple[str, int | str | None, str | None]:
    """Text, code and address of an explanation, in the shapes of all surfaces, of RFC 6749 and of RFC 9457."""
    if not isinstance(body, dict):
        return (str(body) if body else ""), None, None
    texts = [body.get(name) for name in ("message", "error_description", "detail", "error", "title")]
    message = next((text for text in texts if isinstance(text, str) and text), "")
    code = body.get("error") if "error_description" in body else body.get("code")
    docs = body.get("type")
    return (
        message,
        code if isinstance(code, int | str) else None,
        docs if isinstance(docs, str) and docs.startswith("http") else None,
    )
