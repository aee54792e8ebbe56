"""The body of `POST /v1/tasks`: every field with its check and its exact refusal, in the manual's order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.domain import hops
from chalicelib.domain.headers import check_headers
from chalicelib.domain.identity import Plan
from chalicelib.domain.retry import MOST_RETRIES
from chalicelib.domain.task import Backoff, Callback, Payload
from chalicelib.engine.submit import Order
from chalicelib.surfaces import addresses, fields
from chalicelib.surfaces.asyncqueue.edge import owner
from chalicelib.surfaces.kit import Call, Problem
from chalicelib.surfaces.repeats import fingerprint, idempotency_key

METHODS = ("GET", "POST", "PUT", "DELETE")
LONGEST_URL = 2_048
#: The request as a whole is smaller: this only bounds what a text of its own could be.
LONGEST_BODY = 262_144
DEFAULT_SECONDS = 30
DEFAULT_RETRIES = 3

FIELDS = (
    "callbackUrl",
    "targetUrl",
    "method",
    "headers",
    "body",
    "maxWaitTime",
    "timeout",
    "delayUntil",
    "maxRetries",
    "retryBackoff",
    "onCompleteUrl",
)


def order(call: Call, members: Mapping[str, Any]) -> Order:
    """What the request asks for. Raises Problem for the first field that is wrong."""
    team = owner(call)
    fields.refuse_unknown(members, FIELDS)
    url = _callback_url(call, members)
    method = fields.choice(members, "method", METHODS) or "POST"
    headers = _headers(members)
    body = fields.text(members, "body", longest=LONGEST_BODY, printable=False)
    max_wait_s = _seconds(members, "maxWaitTime", team.plan)
    timeout_s = _seconds(members, "timeout", team.plan)
    delay_until = fields.instant(members, "delayUntil")
    retries = _retries(members)
    backoff = fields.choice(members, "retryBackoff", [each.value for each in Backoff]) or Backoff.EXPONENTIAL.value
    on_complete_url = _url(call, members, "onCompleteUrl")
    key = idempotency_key(call)
    depth = _hops(call)
    return Order(
        team=team.id,
        signing=team.signing,
        work=Callback(url, method, max_wait_s, timeout_s, Backoff(backoff)),
        payload=Payload(headers, body),
        max_retries=retries,
        delay_until=delay_until,
        on_complete_url=on_complete_url,
        hops=depth,
        idempotency_key=key,
        fingerprint=None if key is None else fingerprint(call, members),
    )


def _callback_url(call: Call, members: Mapping[str, Any]) -> str:
    """`targetUrl` is the overview's name for `callbackUrl`; the texts say `callbackUrl` for both."""
    given = [members[name] for name in ("callbackUrl", "targetUrl") if members.get(name) not in (None, "")]
    if not given:
        raise Problem(400, "callbackUrl is required", field="callbackUrl")
    if len(given) == 2 and given[0] != given[1]:
        raise Problem(400, "callbackUrl and targetUrl must be the same when both are sent", field="targetUrl")
    url = _url(call, {"callbackUrl": given[0]}, "callbackUrl")
    assert url is not None  # noqa: S101  (it was given)
    return url


def _url(call: Call, members: Mapping[str, Any], name: str) -> str | None:
    value = members.get(name)
    if value is None:
        return None
    if isinstance(value, str) and len(value) > LONGEST_URL:
        raise Problem(400, f"{name} must be at most {LONGEST_URL} characters", field=name)
    return addresses.callable_url(call, name, value)


def _headers(members: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    value = members.get("headers")
    if value is None:
        return ()
    if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
        raise Problem(400, "headers must be an object with string values", field="headers")
    complaint = check_headers(value)
    if complaint is not None:
        raise Problem(400, complaint, field="headers")
    return tuple(value.items())


def _seconds(members: Mapping[str, Any], name: str, plan: Plan) -> float:
    try:
        value = fields.number(members, name)
    except TypeError:
        value = -1
    if value is None:
        return float(DEFAULT_SECONDS)
    if not 0 < value <= plan.max_wait_s:
        raise Problem(
            400, f"{name} must be a number above 0 and at most {plan.max_wait_s} on the {plan.name} plan", field=name
        )
    return float(value)


def _hops(call: Call) -> int:
    depth = hops.hops(call.headers.get(hops.HEADER.lower()))
    if depth is None:
        raise Problem(
            400, f"{hops.HEADER} must be at most {hops.MOST}: tasks create tasks in a loop", field=hops.HEADER
        )
    return depth


def _retries(members: Mapping[str, Any]) -> int:
    try:
        value = fields.number(members, "maxRetries")
    except TypeError:
        value = -1
    if value is None:
        return DEFAULT_RETRIES
    if not 0 <= value <= MOST_RETRIES or value != int(value):
        raise Problem(400, f"maxRetries must be a number between 0 and {MOST_RETRIES}", field="maxRetries")
    return int(value)
