"""The life of a task as a drawing for the pages at `/docs`: the engine's table, with a place for each status and line.

What all waiting statuses have in common leaves the frame around them as one line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape

from chalicelib.domain.lifecycle import TRANSITIONS, Event
from chalicelib.domain.task import TERMINAL, Status

#: The statuses in which a task waits, drawn in a frame.
WAITING = (Status.QUEUED, Status.RETRY, Status.CONTINUED)
_FRAME = "waiting"

_WIDTH, _HEIGHT = 800, 440
_NODE_WIDTH, _NODE_HEIGHT = 120, 42

#: Where a status stands: the middle of its box.
_PLACES: Mapping[Status, tuple[int, int]] = {
    Status.QUEUED: (105, 100),
    Status.RETRY: (105, 220),
    Status.CONTINUED: (105, 340),
    Status.RUNNING: (400, 220),
    Status.COMPLETED: (715, 60),
    Status.TIMEOUT: (715, 150),
    Status.FAILED: (715, 260),
    Status.CANCELLED: (715, 390),
}
#: How a line runs from one place to another, and where its label begins.
_LINES: Mapping[tuple[str, Status], tuple[str, int, int]] = {
    (_FRAME, Status.RUNNING): ("M190 110 C300 110 400 130 400 194", 262, 100),
    (_FRAME, Status.FAILED): ("M190 372 C430 372 480 290 650 270", 352, 330),
    (_FRAME, Status.CANCELLED): ("M190 394 L650 391", 352, 414),
    (Status.RUNNING, Status.RUNNING): ("M430 198 C430 140 490 150 455 197", 452, 142),
    (Status.RUNNING, Status.RETRY): ("M340 220 L170 220", 202, 210),
    (Status.RUNNING, Status.CONTINUED): ("M380 242 C370 330 290 340 170 340", 205, 330),
    (Status.RUNNING, Status.COMPLETED): ("M460 208 C560 170 570 80 650 63", 548, 64),
    (Status.RUNNING, Status.TIMEOUT): ("M460 215 C560 205 590 160 650 153", 562, 136),
    (Status.RUNNING, Status.FAILED): ("M460 226 C540 232 590 245 650 255", 478, 262),
}


def edges() -> Iterator[tuple[tuple[Status, ...], Status, list[Event]]]:
    """What is drawn: from where, to where, on which events. A line out of the frame begins in several statuses."""
    shared = {
        (event, after)
        for (before, event), after in TRANSITIONS.items()
        if before in WAITING and all(TRANSITIONS.get((each, event)) is after for each in WAITING)
    }
    found: dict[tuple[tuple[Status, ...], Status], list[Event]] = {}
    for (before, event), after in TRANSITIONS.items():
        begins = WAITING if before in WAITING and (event, after) in shared else (before,)
        events = found.setdefault((begins, after), [])
        if event not in events:
            events.append(event)
    return ((begins, after, events) for (begins, after), events in found.items())


def render() -> str:
    """The drawing as SVG, without styles. Raises KeyError: a line has no place yet; give it one in `_LINES`."""
    return "".join(
        (
            '<div class="drawing" role="group" aria-label="Drawing" tabindex="0">',
            f'<svg class="lifecycle" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
            'aria-label="The statuses of a task and the events that lead from one to another; '
            'the tables below say the same in words.">',
            '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" '
            'orient="auto"><path d="M0 0 L8 4 L0 8 z"/></marker></defs>',
            '<rect class="frame" x="20" y="52" width="170" height="358" rx="14"/>',
            '<circle class="start" cx="105" cy="16" r="6"/><path class="line" d="M105 22 L105 76"/>',
            *(_line(begins, after, events) for begins, after, events in edges()),
            *(_node(status, *_PLACES[status]) for status in Status),
            "</svg></div>\n",
        )
    )


def _line(begins: tuple[Status, ...], after: Status, events: list[Event]) -> str:
    path, x, y = _LINES[_FRAME if begins == WAITING else begins[0], after]
    labels = "".join(
        f'<text class="label" x="{x}" y="{y + 17 * number}">{escape(event)}</text>'
        for number, event in enumerate(events)
    )
    return f'<path class="line" d="{path}"/>{labels}'


def _node(status: Status, x: int, y: int) -> str:
    kind = "node end" if status in TERMINAL else "node"
    left, top = x - _NODE_WIDTH // 2, y - _NODE_HEIGHT // 2
    return (
        f'<g class="{kind} {status}"><rect x="{left}" y="{top}" width="{_NODE_WIDTH}" height="{_NODE_HEIGHT}" rx="8"/>'
        f'<text x="{x}" y="{y + 5}">{status}</text></g>'
    )
