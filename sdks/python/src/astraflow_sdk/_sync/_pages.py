# Written by tools/twin.py from aio/_pages.py: change that one.
"""Pages of lists."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Generic, TypeVar

from astraflow_sdk._ask import Ask, Scalar
from astraflow_sdk._sync._connection import Connection
from astraflow_sdk.models._model import Model

T = TypeVar("T")
M = TypeVar("M", bound=Model)


class Page(list[T], Generic[T]):
    """The things on one page, as a list. `page` is its number and `total` how many things there are on all pages, where
    the API says so; `raw` is the answer as it came."""

    def __init__(
        self,
        things: list[T],
        *,
        page: int | None = None,
        total: int | None = None,
        raw: Any = None,
        following: Callable[[], Any] | None = None,
    ) -> None:
        super().__init__(things)
        self.page = page
        self.total = total
        self.raw = raw
        self._following = following

    @property
    def has_more(self) -> bool:
        """Whether there is a page after this one."""
        return self._following is not None

    def next_page(self) -> Page[T] | None:
        """The page after this one; None after the last."""
        if self._following is None:
            return None
        page: Page[T] = self._following()
        return page

    def auto_paging(self) -> Iterator[T]:
        """All things from this page on, asking for further pages as they are needed."""
        page: Page[T] | None = self
        while page is not None:
            for thing in page:
                yield thing
            page = page.next_page()


def fetched(
    connection: Connection, path: str, query: Mapping[str, Scalar], model: type[M], member: str | None
) -> Page[M]:
    """A page of what a path lists under `member` of its answer, or as the answer itself."""
    answer = connection.ask(Ask(method="GET", path=path, query=query))
    body = answer.json()
    things = body if member is None else answer.member(member)
    if not isinstance(things, list):
        raise answer.unexpected("The answer holds no list")
    further = answer.next_query()

    def following() -> Page[M]:
        return fetched(connection, path, further or {}, model, member)

    return Page(
        [model.of(thing) for thing in things],
        page=_number(body, "page"),
        total=_number(body, "total"),
        raw=body,
        following=None if further is None else following,
    )


def _number(body: Any, name: str) -> int | None:
    """A whole number beside the list, or in AsyncQueue's `pagination`."""
    if not isinstance(body, dict):
        return None
    pagination = body.get("pagination")
    value = body.get(name, pagination.get(name) if isinstance(pagination, dict) else None)
    return value if isinstance(value, int) else None
