"""The page of limits: every one that somebody outside can meet, with its value from the code that holds it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from chalicelib.domain import dead_letters, headers, hops, passwords, retry, webhooks
from chalicelib.domain.identity import PLANS
from chalicelib.domain.kinds import kind, primes
from chalicelib.domain.simulator import fate, ledger, profiles
from chalicelib.engine import hooks, query, teams
from chalicelib.executors import callback, delivery, operation
from chalicelib.outbound import redirects
from chalicelib.settings import load
from chalicelib.surfaces import accounts, fields, json_body, kit, repeats
from chalicelib.surfaces.astraflow import pages as astraflow_pages
from chalicelib.surfaces.astraflow import tasks
from chalicelib.surfaces.astraflow import webhooks as hook_fields
from chalicelib.surfaces.asyncflow import routes as asyncflow
from chalicelib.surfaces.asyncflow import submissions
from chalicelib.surfaces.asyncqueue import orders
from chalicelib.surfaces.asyncqueue import pages as asyncqueue_pages
from chalicelib.surfaces.oauth import forms
from chalicelib.surfaces.operator import asyncflow as operator_asyncflow
from chalicelib.surfaces.operator import pages as operator_pages

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "limits.md"

_DEFAULTS = load({"OPERATOR_KEY": "x" * 16, "KEY_PEPPER": "x" * 16})

_HEAD = """\
# Limits

<!-- Written by `make docs`. Do not edit. -->

What is over a limit is refused with a sentence that names the field and what is allowed: a 400, a 413 for a body that
is too large, a 429 for too many requests, a 403 for what the plan does not have. [Settings](settings.md) change the
rates, and how long things are kept.
"""

Rows = list[tuple[str, str]]


def files() -> dict[Path, str]:
    """The page."""
    return {PAGE: "\n".join([_HEAD, *_sections()]) + "\n"}


def _sections() -> Iterator[str]:
    yield _plans()
    for title, rows in (
        ("Every request", _every_request()),
        ("AsyncQueue", _asyncqueue()),
        ("AsyncFlow", _asyncflow()),
        ("AstraFlow", _astraflow()),
        ("Asimov", _asimov()),
        ("The operator's requests", _operator()),
        ("What comes back from your server", _outbound()),
    ):
        yield (
            f"## {title}\n\n| what | limit |\n|---|---|\n"
            + "\n".join(f"| {what} | {most} |" for what, most in rows)
            + "\n"
        )


def _plans() -> str:
    columns = list(PLANS.values())
    rows = [
        ("requests a minute, all keys together", *(f"{plan.requests_per_minute:,}" for plan in columns)),
        ("longest `timeout` and `maxWaitTime`", *(f"{plan.max_wait_s} s" for plan in columns)),
        ("API keys", *(_count(plan.keys) for plan in columns)),
        ("members", *(_count(plan.members) for plan in columns)),
    ]
    header = f"| what | {' | '.join(plan.name for plan in columns)} |\n|---|{'---|' * len(columns)}\n"
    told = "AsyncQueue, and Asimov with a key, go by the team's plan. A request counts for 60 seconds.\n"
    return f"## Plans\n\n{told}\n{header}" + "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n"


def _every_request() -> Rows:
    return [
        ("path and query", f"{kit.LONGEST_URL:,} characters"),
        ("headers", str(kit.MOST_HEADERS)),
        ("body", _kib(json_body.MAX_BYTES)),
        ("JSON in JSON", f"{json_body.DEEPEST} levels"),
        ("a number in JSON", f"{json_body.LONGEST_NUMBER} characters"),
        ("`Idempotency-Key`", f"1 to {repeats.LONGEST_IDEMPOTENCY_KEY} printable ASCII characters"),
        ("`?wait=`", f"{query.LONGEST_WAIT_S} s"),
        ("how long finished tasks are kept (`RETENTION_DAYS`)", f"{_DEFAULTS.retention_s // 86_400} days"),
        ("answers to one request, by API Gateway", "10 MB, and 29 s"),
    ]


def _asyncqueue() -> Rows:
    return [
        ("`callbackUrl`, `onCompleteUrl`", f"{orders.LONGEST_URL:,} characters"),
        ("`body`", f"{orders.LONGEST_BODY:,} characters, within the body of the request"),
        ("`headers`", f"{headers.MAX_HEADERS} of them, {headers.MAX_TOTAL_CHARACTERS:,} characters together"),
        ("one header's value", f"{headers.MAX_VALUE_CHARACTERS:,} characters"),
        ("`maxRetries`", f"0 to {retry.MOST_RETRIES}"),
        ("a page of tasks", f"{asyncqueue_pages.MOST}; more is taken as {asyncqueue_pages.MOST}"),
        ("`offset`", f"{asyncqueue_pages._DEEPEST_OFFSET:,}; the `Link` header leads further"),
        ("overlap after a rotation", f"{teams.LONGEST_OVERLAP_S:,} s"),
        ("a member's `email`", f"{accounts._LONGEST_EMAIL} characters"),
        ("the name of a key", f"{fields._LONGEST_NAME} characters"),
        ("tasks in a row that create each other (`X-Task-Hops`)", str(hops.MOST)),
    ]


def _asyncflow() -> Rows:
    rate = _DEFAULTS.asyncflow.rate
    return [
        ("requests of a group", f"{rate.limit} in any {rate.window_ms // 1000} s"),
        ("the name of a group", f"{ledger.LONGEST_GROUP} characters"),
        ("`destination`", f"{submissions.LONGEST_DESTINATION} characters"),
        ("`priority`, when it is a text", f"{submissions._LONGEST_PRIORITY} characters"),
        ("`slow-N`", f"1 to {fate.LONGEST_S} s"),
        ("added time of a request", f"{profiles.LONGEST_LATENCY_MS:,} ms"),
        ("the list of messages", f"the newest {asyncflow.MOST:,}"),
    ]


def _astraflow() -> Rows:
    rate = _DEFAULTS.astraflow_rate
    return [
        ("requests of a client", f"{rate.limit} in any {rate.window_ms // 1000} s"),
        ("a task's `name`", f"{tasks.LONGEST_NAME} characters"),
        ("a task's `description`", f"{tasks.LONGEST_DESCRIPTION:,} characters"),
        ("a page", f"{astraflow_pages._MOST}; more is taken as {astraflow_pages._MOST}"),
        ("a password", f"{passwords.SHORTEST} characters to {passwords.LONGEST_BYTES:,} bytes"),
        ("an `email`", f"{accounts._LONGEST_EMAIL} characters"),
        ("parameters of a request for a token", str(forms._MOST_PARAMETERS)),
        ("webhooks of a tenant", str(hooks.MOST_WEBHOOKS)),
        ("a webhook's `url`", f"{hook_fields._LONGEST_URL:,} characters"),
        ("deliveries that fail in a row before a webhook is disabled", str(webhooks.MOST_FAILURES)),
        ("`Retry-After` of a receiver that is heeded", f"{retry.LONGEST_RETRY_AFTER_MS // 60_000} min"),
    ]


def _asimov() -> Rows:
    return [
        ("requests without a key, together (`ASIMOV_RATE_LIMIT`)", f"{_DEFAULTS.asimov_rate_limit} a minute"),
        ("an operation in a call", f"{kind.LONGEST_CALL_S} s"),
        ("an operation in the background", f"{kind.LONGEST_S} s"),
        ("the result of an operation", _kib(operation.MOST_RESULT_BYTES)),
        ("`below` of `/api/primes`", f"{primes.LARGEST:,}"),
    ]


def _operator() -> Rows:
    return [
        ("a page", str(operator_pages.MOST)),
        ("`expiresInSeconds` of a profile", f"{operator_asyncflow._LONGEST_S:,} s"),
        ("what is kept of a dead letter's text", f"{dead_letters.LONGEST_BODY:,} characters"),
    ]


def _outbound() -> Rows:
    return [
        ("what is kept of a callback's answer", _kib(callback.MAX_BODY_BYTES)),
        ("what is kept of a webhook's answer", _kib(delivery.MAX_BODY_BYTES)),
        ("redirects of a callback", str(redirects.MAX_REDIRECTS)),
    ]


def _count(number: int | None) -> str:
    return "any number" if number is None else str(number)


def _kib(number: int) -> str:
    return f"{number // 1024} KiB"
