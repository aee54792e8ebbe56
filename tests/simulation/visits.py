"""The limit of AsyncFlow's groups, as those see it who ask: when they asked, and what they were told when."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from world import Reply

#: Requests that a group may make in any window.
LIMIT = 10
WINDOW_MS = 60_000


@dataclass(slots=True, eq=False)
class Visit:
    """One request. `ended_at` is None while it is under way, `admitted` is None while, or because, nobody was told."""

    group: str
    path: str
    sent_at: int
    ended_at: int | None = None
    admitted: bool | None = None


class Visits:
    """All requests of all groups. `apart_ms`: how far the clocks of two machines may differ. `certain`: no answer of a
    ledger's write is lost."""

    def __init__(self, now: Callable[[], int], apart_ms: int, violated: Callable[..., None], *, certain: bool) -> None:
        self._now = now
        self._apart_ms = apart_ms
        self._violated = violated
        self._certain = certain
        self._visits: dict[str, list[Visit]] = defaultdict(list)

    def count(self, *, refused: bool = False) -> int:
        """How many requests there were, or were refused."""
        return sum(each.admitted is False or not refused for visits in self._visits.values() for each in visits)

    def sent(self, group: str, path: str) -> Visit:
        """A group sends a request."""
        visit = Visit(group, path, self._now())
        self._visits[group].append(visit)
        return visit

    def ended(self, visit: Visit, reply: Reply | None) -> None:
        """The request was answered, or never will be."""
        visit.ended_at = self._now()
        # Without the headers of the limit nobody has judged the request, or nobody knows how.
        if reply is None or "x-ratelimit-limit" not in reply.headers:
            return
        visit.admitted = reply.status != 429
        if visit.admitted:
            self._check_limit(visit)
        else:
            self._check_refusal(visit)
        if reply.status == 200 and visit.path.endswith("/report"):
            self._check_count(visit, reply.json["requests"], reply.json["throttled"])

    def _check_limit(self, visit: Visit) -> None:
        """Those that were surely admitted in the window that ends now."""
        began = self._now() - WINDOW_MS + self._apart_ms
        within = [each for each in self._visits[visit.group] if each.admitted and each.sent_at > began]
        if len(within) > LIMIT:
            self._violated("more than the limit in one window", visit.group, len(within))

    def _check_refusal(self, visit: Visit) -> None:
        """Those that may have been admitted in the window in which this one was not."""
        began = visit.sent_at - WINDOW_MS - self._apart_ms
        within = [
            each
            for each in self._visits[visit.group]
            if each.admitted is not False and (each.ended_at is None or each.ended_at >= began)
        ]
        if len(within) < LIMIT:
            self._violated("refused although there was room", visit.group, len(within))

    def _check_count(self, visit: Visit, told: int, throttled: int) -> None:
        """What the ledger has counted, against those that it must and those that it may have counted. A lost answer may
        count refusals twice."""
        visits = self._visits[visit.group]
        least = sum(each.admitted is True and (each.ended_at or 0) < visit.sent_at for each in visits) + 1
        most = sum(each.admitted is not False for each in visits)
        if not least <= told <= most:
            self._violated("requests miscounted", visit.group, told, (least, most))
        if self._certain and throttled > len(visits) - least:
            self._violated("refusals miscounted", visit.group, throttled, len(visits) - least)
