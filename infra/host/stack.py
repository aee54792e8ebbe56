"""Everything that runs here, as one thing that is up while it is entered."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import ExitStack
from types import TracebackType
from typing import Self


class Stack(ABC):
    """Up while it is entered. What could start goes again when something else could not."""

    def __init__(self) -> None:
        self._closing = ExitStack()

    @property
    @abstractmethod
    def banner(self) -> str:
        """Where everything is, and how to begin."""

    @abstractmethod
    def _start(self, closing: ExitStack) -> None:
        """Start everything; `closing` is told how each part ends."""

    def __enter__(self) -> Self:
        with ExitStack() as closing:
            self._start(closing)
            self._closing = closing.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.close()
