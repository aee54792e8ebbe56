"""Which kinds of operations there are."""

from __future__ import annotations

import re

from chalicelib.domain.kinds.hello import Hello
from chalicelib.domain.kinds.kind import Kind, taken
from chalicelib.domain.kinds.primes import Primes

#: Below `/api` these are the paths of tasks and of another API.
RESERVED = frozenset({"tasks", "v1"})
#: The kind of the envelope around an operation's resource.
TASK = "platform.Task"

_PATH = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*", re.ASCII)
_NAME = re.compile(r"[a-z][a-z0-9]*\.[A-Z][A-Za-z0-9]*", re.ASCII)


class Kinds:
    """Kinds by their paths and names. Raises ValueError for one that cannot stand beside the others."""

    def __init__(self, *kinds: Kind) -> None:
        self._by_path = {kind.path: kind for kind in kinds}
        self._by_name = {kind.name: kind for kind in kinds}
        for kind in kinds:
            _check(kind)
        if len(self._by_path) < len(kinds) or len(self._by_name) < len(kinds):
            raise ValueError("a path or a name is registered twice")

    def at(self, path: str) -> Kind | None:
        """The kind behind `POST /api/{path}`."""
        return self._by_path.get(path)

    def named(self, name: str) -> Kind | None:
        """The kind of this name."""
        return self._by_name.get(name)

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths of all kinds."""
        return tuple(self._by_path)


def _check(kind: Kind) -> None:
    if kind.path in RESERVED:
        raise ValueError(f"the path {kind.path} is reserved")
    if not _PATH.fullmatch(kind.path):
        raise ValueError(f"the path {kind.path!r} must be lower-case words with hyphens between them")
    if not _NAME.fullmatch(kind.name) or kind.name == TASK:
        raise ValueError(f"the name {kind.name!r} must be a group and a Name, such as platform.Hello, and not {TASK}")
    for member in kind.fields:
        if taken(member):
            raise ValueError(f"{kind.name} has a field {member}, which the envelope has")


KINDS = Kinds(Hello(), Primes())
