"""What a kind of operation is: a name, a schema, and one pure function."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec

from chalicelib.domain.kinds import schemas

#: The longest that an operation may take, in seconds: well within the lease of one attempt.
LONGEST_S = 110
#: The longest that may be waited for in the call itself, in seconds: below the 29 s after which API Gateway gives up.
LONGEST_CALL_S = 25


class Kind(ABC):
    """A kind of operation. Subclasses are small: `Primes` is the example to follow.

    `Input` is the schema of a request's body. The members of input and result are shown beside `id`, `error` and names
    that begin with `_`, so that they may not have these names themselves.
    """

    #: `group.Name`, as views show it.
    name: ClassVar[str]
    #: The segment of `POST /api/{kind}`.
    path: ClassVar[str]
    Input: ClassVar[type[msgspec.Struct]]
    #: Whether the result is shown from the start: for what takes no time.
    immediate: ClassVar[bool] = False

    @abstractmethod
    def run(self, given: Any) -> Mapping[str, Any]:
        """The result for an input. Pure: it may be computed again, and anywhere. What it raises is a failed attempt."""

    def seconds(self, given: Any) -> float:  # noqa: ARG002  (a kind that depends on its input says so)
        """How long that takes at most on a worker of the deployment."""
        return 0

    @property
    def fields(self) -> tuple[str, ...]:
        """The members of an input."""
        return self.Input.__struct_encode_fields__

    def read(self, members: Mapping[str, Any]) -> Any:
        """The input in a request's body. Raises InvalidError for the first field that is wrong."""
        return schemas.read(self.Input, members)

    def dump(self, given: Any) -> str:
        """An input as it is kept."""
        return msgspec.json.encode(given).decode()

    def load(self, kept: str) -> Any:
        """An input that was kept. Raises ValueError when it is none."""
        return msgspec.json.decode(kept, type=self.Input)

    def result(self, given: Any) -> dict[str, Any]:
        """What `run` gives, fit to be shown. Raises what that raises, and ValueError for a member that is taken."""
        result = dict(self.run(given))
        for member in result:
            if taken(member):
                raise ValueError(f"{self.name} gives a member {member}, which the envelope has")
        return result


def taken(member: str) -> bool:
    """Whether a member of this name is the envelope's own."""
    return member.startswith("_") or member in ("id", "error")
