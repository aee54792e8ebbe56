"""What every way to read answers over a socket: a HEAD says what a GET would."""

from __future__ import annotations

import http.client
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest

from infra.docs import openapi
from infra.local.stack import LocalStack

#: Every way to read, with something in the place of each id.
READS = [re.sub(r"\{\w+\}", "nobody", path) for path, item in openapi.served()["paths"].items() if "get" in item]
KEYS = [
    {},
    {"Authorization": "Bearer your-api-key"},
    {"Authorization": "Bearer YOUR_TOKEN"},
    {"Accept": "text/html"},
]
#: What is another one each time.
OF_A_MOMENT = {"date", "x-request-id", "x-ratelimit-remaining", "x-ratelimit-reset", "ratelimit", "server-timing"}


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def lasting(self) -> dict[str, str]:
        return {name: value for name, value in self.headers.items() if name not in OF_A_MOMENT}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    with LocalStack(folder=tmp_path_factory.mktemp("stack")) as stack:
        yield stack


def asked(stack: LocalStack, method: str, path: str, headers: Mapping[str, str]) -> Answer:
    """The answer as it came, whatever its coding."""
    connection = http.client.HTTPConnection(stack.base_url.removeprefix("http://"), timeout=10)
    connection.request(method, path, headers=dict(headers))
    reply = connection.getresponse()
    body = reply.read()
    # A second answer on the same connection: the first one was as long as it said.
    connection.request("GET", "/health")
    assert connection.getresponse().read().startswith(b'{"status"')
    connection.close()
    return Answer(reply.status, {name.lower(): value for name, value in reply.getheaders()}, body)


@pytest.mark.parametrize("key", KEYS, ids=["nobody", "AsyncQueue", "AstraFlow", "browser"])
def test_a_head_says_what_a_get_would(stack: LocalStack, key: dict[str, str]) -> None:
    for path in [*READS, "/nowhere", "/docs/", "/v1/tasks?limit=0"]:
        whole, head = (asked(stack, method, path, key) for method in ("GET", "HEAD"))

        assert (head.status, head.body) == (whole.status, b""), path
        assert head.lasting == whole.lasting, path
        assert int(head.headers["content-length"]) == len(whole.body), path


def test_what_has_no_body_tells_no_length(stack: LocalStack) -> None:
    tag = asked(stack, "GET", "/docs", {}).headers["etag"]

    for method in ("GET", "HEAD"):
        known = asked(stack, method, "/docs", {"If-None-Match": tag})
        assert (known.status, known.body) == (304, b"")
        assert not {"content-length", "content-type"} & known.headers.keys()
