"""What schemathesis would hold against an operation, and why that is no fault."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

#: What a valid request may be answered with besides success, on every operation: schemathesis's own list.
_ACCEPTED = ["2xx", "3xx", "401", "403", "404", "409", "429"]
#: What a request that does not fit may be answered with: schemathesis's list without faults, and with a URL that is too
#: long, which wrong values soon make.
_REFUSED = ["400", "401", "403", "404", "405", "406", "409", "414", "415", "422", "428", "429"]


@dataclass(frozen=True, slots=True)
class Waiver:
    """Operations, and what is not held against them. `why` says what a schema cannot.

    `refused`: statuses that a request which fits its schema may get all the same. `unchecked`: checks that do not
    apply. `unreached`: whether no request can be made up that succeeds.
    """

    why: str
    operations: tuple[str, ...]
    refused: tuple[str, ...] = ()
    unchecked: tuple[str, ...] = ()
    unreached: bool = False


WAIVERS = (
    Waiver(
        "It cancels: a cancelled task stays, so that it can be read.",
        ("DELETE /api/tasks/{id}", "GET /api/tasks/{id}"),
        unchecked=("use_after_free",),
    ),
    Waiver(
        "A cursor is sealed: none can be made up.",
        (
            "GET /v1/tasks",
            "GET /asyncflow",
            "GET /api/v1/webhooks/{id}/deliveries",
            "GET /operator/teams/{id}/tasks",
            "GET /operator/dead-letters",
        ),
        refused=("400",),
    ),
    Waiver(
        "An Idempotency-Key that came with another body before is a 422.",
        (
            "POST /v1/tasks",
            "POST /asyncflow",
            "POST /api/{kind}",
            "POST /api/v1/tasks",
            "POST /api/v1/webhooks",
            "POST /api/v1/webhooks/{id}/rotate",
            "POST /api/v1/users",
            "POST /v1/keys",
            "POST /v1/keys/{id}/rotate",
            "POST /v1/members",
            "POST /v1/signing-secret/rotate",
            "POST /operator/teams",
            "POST /operator/teams/{id}/keys",
            "POST /operator/teams/{id}/keys/{key}/rotate",
            "POST /operator/teams/{id}/members",
            "POST /operator/astraflow/tenants",
            "POST /operator/astraflow/tenants/{id}/clients",
            "POST /operator/astraflow/tenants/{id}/admins",
            "POST /operator/tasks/{id}/replay",
        ),
        refused=("422",),
    ),
    Waiver(
        "Which address may be called, and that two names of one field must be equal, no schema says.",
        ("POST /v1/tasks", "POST /api/v1/webhooks"),
        refused=("400",),
    ),
    Waiver(
        "A password is limited by the bytes of its UTF-8.",
        ("POST /api/v1/users", "POST /operator/astraflow/tenants", "POST /operator/astraflow/tenants/{id}/admins"),
        refused=("400",),
    ),
    Waiver(
        "Only a delivery that has ended is sent again, and none is made.",
        ("POST /api/v1/webhooks/{id}/deliveries/{delivery}/replay",),
        unreached=True,
    ),
    Waiver(
        "There is no dead letter that could go: nothing is delivered.",
        ("DELETE /operator/dead-letters/{id}",),
        unreached=True,
    ),
    Waiver(
        "When it is asked, requests before it have revoked every key that is known.",
        ("POST /operator/teams/{id}/keys/{key}/rotate",),
        unreached=True,
    ),
    Waiver("Which input is right depends on the kind in the path.", ("POST /api/{kind}",), refused=("400",)),
    Waiver(
        "Where a client shows its credentials in the header, the body may not; a grant that is none is a 400.",
        ("POST /oauth/token", "POST /oauth/revoke", "POST /oauth/introspect"),
        refused=("400",),
    ),
    Waiver(
        "The least of two numbers may not be above the most.",
        ("PUT /operator/asyncflow/profile", "PUT /operator/asyncflow/groups/{group}/profile"),
        refused=("400",),
    ),
)


def checks(operation: str) -> dict[str, Any]:
    """The settings of checks that hold for an operation, as schemathesis reads them."""
    held = [waiver for waiver in WAIVERS if operation in waiver.operations]
    refused = [status for waiver in held for status in waiver.refused]
    found: dict[str, Any] = {check: {"enabled": False} for waiver in held for check in waiver.unchecked}
    found["negative_data_rejection"] = {"expected-statuses": _REFUSED}
    if refused:
        found["positive_data_acceptance"] = {"expected-statuses": [*_ACCEPTED, *refused]}
    return found


def unreached(operation: str) -> bool:
    """Whether nothing is held against an operation that never succeeded."""
    return any(waiver.unreached for waiver in WAIVERS if operation in waiver.operations)
