"""What the local stack says of itself when it is up."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any


def banner(document: Mapping[str, Any]) -> str:
    """Where everything is, which keys open it, and one command to try, from the document of `.local/stack.json`."""
    base, aws = document["base_url"], document["aws_endpoint_url"]
    lines = [
        ("API", base),
        ("Docs", f"{base}/docs"),
        ("AWS", f"{aws}  (aws --endpoint-url {aws} sqs list-queues)"),
        *_keys(document),
    ]
    lines.append(("Kept", "in memory: everything but the operator key is gone after a stop"))
    width = max(len(name) for name, _ in lines)
    text = ["Sluice, local stack", "", *(f"  {name:<{width}}  {value}" for name, value in lines)]
    if attempts := list(_attempts(document)):
        text += ["", "Try it:", "", *(f"  {command}" for command in attempts)]
    return "\n".join(text) + "\n"


def _attempts(document: Mapping[str, Any]) -> Iterator[str]:
    """One command per API that works when it is pasted."""
    base = document["base_url"]
    json_type = "-H 'Content-Type: application/json'"
    if teams := document.get("asyncqueue", {}).get("teams"):
        body = json.dumps({"callbackUrl": f"{base}/health", "method": "GET"})
        yield f"curl {base}/v1/tasks -H 'Authorization: Bearer {teams[0]['api_key']}' {json_type} -d '{body}'"
    if flow := document.get("asyncflow"):
        body = json.dumps({"destination": "warehouse", "content": "hello"})
        group = "-H 'X-STUDENT-GROUP: group-1'"
        yield f"curl {base}/asyncflow -H 'X-API-KEY: {flow['api_key']}' {group} {json_type} -d '{body}'"
    greeting = json.dumps({"message": "Hello, Asimov"})
    yield f"curl {base}/api/hello -H 'X-Request-Mode: async' {json_type} -d '{greeting}'"
    if astra := document.get("astraflow"):
        client = f"-u '{astra['client_id']}:{astra['client_secret']}'"
        yield f"curl {base}/oauth/token {client} -d grant_type=client_credentials"


def _keys(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for team in document.get("asyncqueue", {}).get("teams", []):
        yield "AsyncQueue", f"{team['api_key']}  ({team['plan']} team)"
    if flow := document.get("asyncflow"):
        yield "AsyncFlow", f"{flow['api_key']}  (seed {flow['seed']}: the same seed makes the same day)"
    yield "Asimov", "needs no key here, unless ASIMOV_OPEN is off"
    if astra := document.get("astraflow"):
        yield "AstraFlow", f"{astra['client_id']}  {astra['client_secret']}"
        yield "", f"{astra['admin']['email']}  {astra['admin']['password']}  (admin)"
    if operator := document.get("operator"):
        yield "Operator", operator["key"]
