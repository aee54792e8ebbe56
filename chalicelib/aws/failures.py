"""What the SDK raises, told apart in one place: parts that did not confirm, and calls that are wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chalicelib.aws.attributes import Item
from chalicelib.domain.errors import UnavailableError

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


class RejectedCallError(Exception):
    """AWS refused a call as it was made: `code` is AWS's word for why, `item` the row that a write's condition met.

    Unless the caller expected that code, it is a fault of this program or of its deployment, and must be seen. Neither
    the message nor the cause tells what was sent: parameters are user data.
    """

    def __init__(self, operation: str, code: str, item: Item | None = None) -> None:
        super().__init__(f"{operation}: {code}")
        self.code = code
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
