"""Who may call AsyncFlow, how often, and under what simulated conditions."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

from chalicelib.domain.ratelimit import Admission
from chalicelib.domain.simulator.fate import FAIL_THEN_COMPLETE
from chalicelib.domain.simulator.faults import FORCEABLE, Fault, Rule
from chalicelib.domain.simulator.ledger import DIGEST_BYTES, LONGEST_GROUP, Kind, Ruling, Visit, well_named
from chalicelib.domain.simulator.profiles import Profile
from chalicelib.domain.timing import iso_seconds
from chalicelib.engine.flow import Message
from chalicelib.surfaces import credentials
from chalicelib.surfaces.asyncflow.submissions import submission
from chalicelib.surfaces.kit import Call, Problem
from chalicelib.surfaces.preferences import preferences
from chalicelib.surfaces.replies import ErrorObjects, rate_headers, too_many, unauthorized

_FAULTS = {500: "Internal Server Error", 503: "Service Unavailable", 504: "Gateway Timeout"}
#: The faults that a request may ask for, as it writes them.
_CODES = {str(status): status for status in FORCEABLE}


@dataclass(frozen=True, slots=True)
class Visitor:
    """A group's request that was let in: what was decided about it, and the message it brings or what is wrong with
    it."""

    group: str
    ruling: Ruling
    profile: Profile
    brought: Message | Problem | None

    @property
    def labels(self) -> Mapping[str, object]:
        return _labels(self.group, self.ruling)


class AsyncFlowEdge(ErrorObjects):
    """The one key, a group that says its name, its window, and the weather; errors as `{"error": "..."}`.

    A route's access word is the kind of its visit.
    """

    def admit(self, call: Call, access: str) -> tuple[Call, Mapping[str, str]]:
        group = _group(call)
        kind = Kind(access)
        brought = _brought(call) if kind is Kind.SUBMIT else None
        ruling, profile = call.platform.groups.admit(group, _visit(call, kind, brought))
        headers = _window_headers(call, ruling.admission)
        if not ruling.admission.admitted:
            raise too_many(ruling.admission, headers, labels={"group": group})
        if ruling.latency_ms:
            call.platform.parts.clock.sleep(ruling.latency_ms)
            if profile.explained:
                headers = {**headers, "Server-Timing": f"simulated;dur={ruling.latency_ms}"}
        visitor = Visitor(group, ruling, profile, brought)
        if ruling.fault is not None and ruling.fault.rule is not Rule.LOST_RESPONSE:
            raise simulated(call, visitor, ruling.fault, headers)
        return replace(call, principal=visitor), headers


def visitor(call: Call) -> Visitor:
    """The group's request that was let in."""
    if not isinstance(call.principal, Visitor):
        raise TypeError("the request was not admitted by this surface")
    return call.principal


def simulated(call: Call, visitor: Visitor, fault: Fault, headers: Mapping[str, str] | None = None) -> Problem:
    """A simulated fault as an answer that says so, unless the profile hides it."""
    told = dict(headers or {})
    if fault.retry_after_s is not None:
        told["Retry-After"] = str(fault.retry_after_s)
    if fault.forced:
        told["Preference-Applied"] = f"code={fault.status}"
    if visitor.profile.explained:
        told["X-Simulated-Fault"] = _explanation(call.platform.settings.asyncflow.seed, visitor.ruling.number, fault)
    return Problem(fault.status, _FAULTS[fault.status], headers=told, labels=visitor.labels)


def _group(call: Call) -> str:
    expected = call.platform.settings.asyncflow_api_key
    if expected is None or not credentials.same(call.headers.get("x-api-key", "").strip(), expected):
        raise unauthorized("Missing or invalid API key", "ApiKey")
    group = _utf8(call.headers.get("x-student-group", "")).strip()
    if not group:
        raise Problem(400, "Missing X-STUDENT-GROUP", field="X-STUDENT-GROUP")
    if not well_named(group):
        raise Problem(
            400, f"X-STUDENT-GROUP must be at most {LONGEST_GROUP} printable characters", field="X-STUDENT-GROUP"
        )
    return group


def _utf8(header: str) -> str:
    """A header as it was meant: its bytes arrive as so many characters (RFC 9110, section 5.5)."""
    try:
        return header.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return header


def _brought(call: Call) -> Message | Problem:
    """Read before the request is counted, told after: the one write that counts it gives a message its number."""
    try:
        return submission(call)
    except Problem as problem:
        return problem


def _visit(call: Call, kind: Kind, brought: Message | Problem | None) -> Visit:
    forced = _CODES.get(preferences(call.headers.get("prefer", "")).get("code", ""))
    if not isinstance(brought, Message):
        return Visit(kind, forced=forced)
    return Visit(
        kind,
        message=_digest(brought.fingerprint),
        key=_digest(brought.idempotency_key) if brought.idempotency_key else b"",
        scripted=brought.destination == FAIL_THEN_COMPLETE,
        forced=forced,
    )


def _window_headers(call: Call, admission: Admission) -> Mapping[str, str]:
    rate = call.platform.settings.asyncflow.rate
    return rate_headers(admission, rate, call.now) if rate.limit else {}


def _explanation(seed: str, request: int, fault: Fault) -> str:
    parts = [f"rule={fault.rule}", f"seed={seed}", f"request={request}"]
    if fault.ends_at is not None:
        parts.append(f"ends={iso_seconds(fault.ends_at)}")
    if fault.rule is Rule.LOST_RESPONSE:
        parts.append("accepted")
    if fault.forced:
        parts.append("forced")
    return "; ".join(parts)


def _labels(group: str, ruling: Ruling) -> Mapping[str, object]:
    fault = None if ruling.fault is None else ruling.fault.rule.value
    return {"group": group, "request": ruling.number, "fault": fault}


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()[:DIGEST_BYTES]
