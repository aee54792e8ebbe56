"""How clients reach the token endpoint and its neighbours, and how a refusal reads there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from chalicelib.surfaces.kit import Call, Problem, Reply
from chalicelib.surfaces.oauth import forms
from chalicelib.surfaces.oauth.forms import OAuthProblem
from chalicelib.surfaces.replies import ErrorObjects
from chalicelib.views.encoding import encode

#: The access words of this surface: a client that says who it is, and anybody.
CLIENT = "client"
OPEN = "open"

#: RFC 6749, section 5.1.
_UNKEPT = {"Cache-Control": "no-store", "Pragma": "no-cache"}
#: The codes of requests that are at fault (RFC 6749, section 5.2), and of what is not their fault, by status (4.1.2.1).
_AT_FAULT = ("invalid_request", "invalid_client", "invalid_grant", "invalid_scope", "unsupported_grant_type")
_NOT_AT_FAULT: Mapping[int, str] = {500: "server_error", 503: "temporarily_unavailable"}
#: Every code that `error` can have.
CODES = (*_AT_FAULT, *_NOT_AT_FAULT.values())
#: What `error_description` may hold (RFC 6749, section 5.2).
_UNSPEAKABLE = re.compile(r"[^\x20-\x21\x23-\x5b\x5d-\x7e]")


class OAuthEdge(ErrorObjects):
    """Clients are authenticated by each endpoint; errors as `{"error": "...", "error_description": "..."}`."""

    def admit(self, call: Call, access: str) -> tuple[Call, Mapping[str, str]]:
        if access == OPEN:
            return call, {}
        return replace(call, principal=forms.asked(call)), _UNKEPT

    def refuse(self, call: Call, problem: Problem) -> Reply:  # noqa: ARG002  (there is one shape)
        told = problem.code if isinstance(problem, OAuthProblem) else _NOT_AT_FAULT.get(problem.status)
        code = told if told in CODES else "invalid_request"
        view = {"error": code, "error_description": _UNSPEAKABLE.sub("?", problem.message)}
        return Reply(problem.status, encode(view), {"Content-Type": "application/json", **_UNKEPT, **problem.headers})
