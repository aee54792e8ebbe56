"""Pages of AstraFlow's lists: `page` and `per_page`, the links to the others and the count of all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from chalicelib.surfaces.kit import Call
from chalicelib.surfaces.parameters import whole_number

#: The query parameters of every list.
PLACES = ("page", "per_page")
_DEFAULT = 20
_MOST = 100


@dataclass(frozen=True, slots=True)
class PageOf:
    """Which part of a list is asked for: the page from 1 on, and how many things are on one."""

    number: int
    size: int

    @property
    def offset(self) -> int:
        """How many things lie before the page."""
        return (self.number - 1) * self.size


def asked_for(call: Call) -> PageOf:
    """The page in a request's query; more than the most on one page is cut. Raises Problem."""
    number = whole_number(call.query, "page", 1, lowest=1)
    return PageOf(number, min(whole_number(call.query, "per_page", _DEFAULT, lowest=1), _MOST))


def headers(call: Call, page: PageOf, total: int) -> Mapping[str, str]:
    """`X-Total-Count`, and the `Link` to the first, previous, next and last page (RFC 8288), with the same filters."""
    last = max(1, -(-total // page.size))
    places = {"first": 1, "prev": min(page.number - 1, last), "next": page.number + 1, "last": last}
    kept = {name: value for name, value in call.query.items() if name not in PLACES}
    links = [
        f'<{call.path}?{urlencode({**kept, "page": number, "per_page": page.size})}>; rel="{relation}"'
        for relation, number in places.items()
        if 1 <= number <= last
    ]
    return {"Link": ", ".join(links), "X-Total-Count": str(total)}
