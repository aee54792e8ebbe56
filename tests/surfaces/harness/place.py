"""Where the manuals' fixtures run: what the runner asks of the application in process and of a running stack alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of the API: header names in lower case, the body as it came."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    """A request that reached a sink: header names in lower case, `at` in seconds on the place's own clock."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    at: float


class Place(Protocol):
    """One deployment of the product as a caller sees it, and HTTP servers that play the callers' back ends.

    Time never stands still here: two requests are at least one millisecond apart on the place's clock.
    """

    @property
    def base_url(self) -> str:
        """Scheme and authority that paths are appended to."""
        ...

    @property
    def keys(self) -> Mapping[str, str]:
        """The operator's key as `operator`, and the API keys of three teams: `pro`, `free` and `other` (a second pro
        team, used by these fixtures alone).

        The pro team also answers to the AsyncQueue manual's literal `your-api-key`.
        """
        ...

    def request(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Reply:
        """Send one request to the API; `path` includes the query."""
        ...

    def sink(self, script: str) -> str:
        """The URL of a new loopback server path that answers as `script` says.

        - `200`, `404`, `500`: this status, no body
        - `200 json {"a": 1}`: this status, the text after `json` as the body, content-type `application/json`
        - `slow 2`: waits two seconds, then 200
        - `redirect URL`: 302 with this Location
        - `refused`: a port where nobody listens
        - `500; 200`: one answer after the other, the last one from then on
        """
        ...

    def received(self, url: str) -> list[ReceivedRequest]:
        """What the sink at `url` has got so far, in order of arrival."""
        ...

    def paused(self) -> AbstractContextManager[None]:
        """No worker takes anything up while this is entered."""
        ...

    def settle(self, there: Callable[[], bool], timeout_s: float, *, in_call: bool = False) -> None:
        """Let the engine work until it is `there`, for at most `timeout_s` seconds on the place's clock.

        With `in_call`, until the next slow sink is being waited for, where the place can stop at that.

        Raises:
            TimeoutError: it did not get there in time.
        """
        ...
