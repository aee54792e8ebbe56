"""What the SDK raises, told apart in one place: parts that did not confirm, and calls that are wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chalicelib.aws.attributes import Item
from chalicelib.domain.errors import UnavailableError
from chalicelib.domain.faults import RejectedError

#: Refusals that pass by themselves. Every other answer below 500 means that the call itself is wrong.
_PASSING = frozenset(
    {
        "KmsThrottled",
        "KMS.ThrottlingException",
        "LimitExceededException",
        "OverLimit",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestTimeout",
        "ServiceQuotaExceededException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)


class RejectedCallError(RejectedError):
    """AWS refused a call as it was made: `item` is the row that a write's condition met. AWS's message and the SDK's
    error are left behind, for they may hold what was sent."""

    def __init__(self, operation: str, code: str, item: Item | None = None) -> None:
        super().__init__(operation, code)
        self.item = item


def call(operation: Callable[..., Any], **parameters: Any) -> Any:
    """Make one call of an SDK client. Raises UnavailableError or RejectedCallError, nothing of the SDK's own."""
    # Imported here, where the SDK is loaded already: a process that makes no call does without it.
    from botocore import exceptions
    from botocore.parsers import ResponseParserError

    name = operation.__name__
    try:
        return operation(**parameters)
    except exceptions.ClientError as error:
        code = error.response.get("Error", {}).get("Code", "Unknown")
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if status >= 500 or code in _PASSING:
            raise UnavailableError(f"{name} was not confirmed: {code}") from None
        raise RejectedCallError(name, code, error.response.get("Item")) from None
    except (
        exceptions.ConnectionError,
        exceptions.HTTPClientError,
        exceptions.IncompleteReadError,
        exceptions.CredentialRetrievalError,
        exceptions.MetadataRetrievalError,
        ResponseParserError,
    ) as error:
        raise UnavailableError(f"{name} was not confirmed: {type(error).__name__}") from None
    except exceptions.BotoCoreError as error:
        raise RejectedCallError(name, type(error).__name__) from None
