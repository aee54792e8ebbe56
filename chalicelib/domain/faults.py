"""What is no refusal to a caller but a fault of this program or of its deployment."""

from __future__ import annotations


class RejectedError(Exception):
    """A part refused a call as it was made: `operation` is the call, `code` the part's own word for why.

    Unless the caller expected that code, it is a fault of this program or of its deployment, and must be seen. Neither
    tells what was sent: parameters are user data.
    """

    def __init__(self, operation: str, code: str) -> None:
        super().__init__(f"{operation}: {code}")
        self.operation = operation
        self.code = code
