"""Starts MiniStack, an emulator of AWS, with what a Chalice app needs of API Gateway and it lacks.

Run by the Python of an environment that holds MiniStack, with MiniStack's own environment variables. What is added, in
this process only:

- ImportRestApi and PutRestApi, which `chalice deploy` calls: MiniStack has an importer, for CloudFormation alone;
- of an imported API, what that importer leaves out: gateway responses and binary types;
- permissions are looked for with a schedule's own group, the key behind an alias, and the context of a call of KMS;
- an invocation that is under way when its function is changed runs to its end;
- functions are ready at once, and a handler without a line to log answers without a wait for one;
- schedules are looked through every second, not every ten;
- with TLS it listens where it was told to, and not on port 443 beside.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import wraps
from typing import Any

from ministack import app
from ministack.core import iam_actions, lambda_runtime
from ministack.services import apigateway_v1, kms, lambda_svc, scheduler

Reply = tuple[int, dict[str, str], bytes]
Handler = Callable[[str, str, Mapping[str, str], bytes, Mapping[str, Any]], Awaitable[Reply]]


def settings(spec: Mapping[str, Any]) -> dict[str, Any]:
    """What an API's definition says of the API itself."""
    info = spec.get("info") or {}
    return {
        "name": str(info.get("title") or "unnamed"),
        "version": str(info.get("version") or ""),
        "binaryMediaTypes": list(spec.get("x-amazon-apigateway-binary-media-types") or []),
    }


def lay(api_id: str, spec: Mapping[str, Any]) -> None:
    """Lay a definition over an API that has its root alone."""
    schemes = apigateway_v1._import_security_schemes(api_id, spec)
    for path, item in (spec.get("paths") or {}).items():
        apigateway_v1._import_path_item(api_id, path, item, schemes, spec.get("security"))
    for kind, response in (spec.get("x-amazon-apigateway-gateway-responses") or {}).items():
        apigateway_v1._put_gateway_response(api_id, kind, response)


def import_api(spec: Mapping[str, Any], given: Mapping[str, Any] | None = None) -> str:
    """The id of a new API after a definition; what CloudFormation was `given` beside it wins."""
    _status, _headers, body = apigateway_v1._create_rest_api({**settings(spec), **(given or {})})
    api_id = str(json.loads(body)["id"])
    lay(api_id, spec)
    return api_id


def put_api(api_id: str, spec: Mapping[str, Any]) -> None:
    """Make an API what a definition says."""
    apigateway_v1._rest_apis[api_id].update(settings(spec))
    resources = apigateway_v1._resources[api_id]
    root = next(resource for resource in resources.values() if resource.get("path") == "/")
    root["resourceMethods"] = {}
    for key in [key for key in resources if key != root["id"]]:
        resources.pop(key)
    lay(api_id, spec)


def view(api_id: str) -> Reply:
    """An API as API Gateway shows it."""
    reply: Reply = apigateway_v1._v1_response(apigateway_v1._rest_api_view(apigateway_v1._rest_apis[api_id]))
    return reply


def with_imports(handle: Handler) -> Handler:
    """API Gateway's control plane with the two calls that bring a definition along."""

    async def handle_request(
        method: str, path: str, headers: Mapping[str, str], body: bytes, query: Mapping[str, Any]
    ) -> Reply:
        match path.strip("/").split("/"):
            case ["restapis"] if method == "POST" and "mode" in query:
                return view(import_api(json.loads(body)))
            case ["restapis", api_id] if method == "PUT" and api_id in apigateway_v1._rest_apis:
                put_api(api_id, json.loads(body))
                return view(api_id)
            case ["restapis", _] if method == "PATCH":
                body = with_compression_sizes(body)
        return await handle(method, path, headers, body, query)

    return handle_request


def with_compression_sizes(body: bytes) -> bytes:
    """Chalice takes the least size for compression away by an empty text, which is a number for MiniStack."""
    document = json.loads(body)
    for operation in document.get("patchOperations", []):
        if operation.get("path") == "/minimumCompressionSize" and not operation.get("value"):
            operation["value"] = None
    return json.dumps(document).encode()


def with_own_resources(resource_of: Callable[..., str]) -> Callable[..., str]:
    """The resource that a request needs a permission for: MiniStack puts each schedule into the default group, takes a
    key's alias for the key, and several parameters for all of them (here: the first)."""

    @wraps(resource_of)
    def arn(
        service: str,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes,
        query: Mapping[str, Any],
        region: str,
        account: str,
    ) -> str:
        found = resource_of(service, method, path, headers, body, query, region, account)
        if ":schedule/default/" in found:
            group = json.loads(body).get("GroupName") if body else query.get("groupName")
            group = group[0] if isinstance(group, list) else group
            return found.replace(":schedule/default/", f":schedule/{group or 'default'}/")
        if service == "kms" and ":alias/" in found and (key := kms._resolve_key(json.loads(body)["KeyId"])):
            return str(key["Arn"])
        if service == "ssm" and found == "*" and (names := json.loads(body or b"{}").get("Names")):
            return f"arn:aws:ssm:{region}:{account}:parameter{names[0]}"
        return found

    return arn


def with_encryption_context(context_of: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """What the conditions of a policy may ask for: MiniStack leaves the context of KMS out."""

    @wraps(context_of)
    def context(service: str, action: str, body: bytes, query: Mapping[str, Any]) -> dict[str, Any]:
        found = context_of(service, action, body, query)
        if service != "kms":
            return found
        given = json.loads(body or b"{}").get("EncryptionContext") or {}
        named = {f"kms:EncryptionContext:{key}": value for key, value in given.items()}
        return {**found, **named, "kms:EncryptionContextKeys": list(given)}

    return context


def after_their_work(kill: Callable[[list[Any]], None]) -> Callable[[list[Any]], None]:
    """Ends workers of a function that was changed: those that are free at once, the others when they are."""

    def end(worker: Any) -> None:
        while worker.in_use:
            time.sleep(0.1)
        kill([worker])

    def kill_workers(workers: list[Any]) -> None:
        for worker in workers:
            threading.Thread(target=end, args=(worker,), daemon=True).start()

    return kill_workers


def ready_at_once(name: str, _delay: float) -> None:
    """Called while a function that was just made or changed is still pending."""
    function = lambda_svc._functions.get(name)
    for config in [function.get("config")] if function else []:
        config.update(State="Active", StateReason="", StateReasonCode="", LastUpdateStatus="Successful")


def main() -> None:
    apigateway_v1._import_rest_api = import_api
    apigateway_v1.handle_request = with_imports(apigateway_v1.handle_request)
    iam_actions.extract_resource_arn = with_own_resources(iam_actions.extract_resource_arn)
    iam_actions.request_tag_context = with_encryption_context(iam_actions.request_tag_context)
    lambda_runtime.kill_workers = after_their_work(lambda_runtime.kill_workers)
    lambda_svc._schedule_state_transition = ready_at_once
    for worker in vars(lambda_runtime).values():
        if drain := getattr(worker, "_drain_stderr_bounded", None):
            drain.__defaults__ = (0.002, 0.002, 0.250)
    scheduler._SCHEDULE_TICK_INTERVAL = 1.0
    app._port_is_bindable = lambda *_: False
    app.main()


if __name__ == "__main__":
    main()
