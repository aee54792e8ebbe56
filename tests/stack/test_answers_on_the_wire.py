"""What every way to read answers over a socket: a HEAD says what a GET would, and what is long comes compressed."""

from __future__ import annotations

import gzip
import http.client
import json
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import pytest

from infra.bench.first_load import PAGES, loaded
from infra.docs import openapi
from infra.host.compression import coding
from infra.local.stack import PROJECT, LocalStack

#: Every way to read, with something in the place of each id.
READS = [re.sub(r"\{\w+\}", "nobody", path) for path, item in openapi.served()["paths"].items() if "get" in item]
KEYS = [
    {},
    {"Authorization": "Bearer your-api-key"},
    {"Authorization": "Bearer YOUR_TOKEN"},
    {"Accept": "text/html"},
]
PAGE = (PROJECT / "docs" / "deploy.md").read_text("utf-8")
LEAST = json.loads((PROJECT / ".chalice" / "config.json").read_text("utf-8"))["minimum_compression_size"]
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


@pytest.mark.parametrize("accepted", [{}, {"Accept-Encoding": "gzip"}], ids=["plain", "gzip"])
@pytest.mark.parametrize("key", KEYS, ids=["nobody", "AsyncQueue", "AstraFlow", "browser"])
def test_a_head_says_what_a_get_would(stack: LocalStack, key: dict[str, str], accepted: dict[str, str]) -> None:
    for path in [*READS, "/nowhere", "/docs/", "/v1/tasks?limit=0"]:
        whole, head = (asked(stack, method, path, {**key, **accepted}) for method in ("GET", "HEAD"))

        assert (head.status, head.body) == (whole.status, b""), path
        assert head.lasting == whole.lasting, path
        assert int(head.headers["content-length"]) == len(whole.body), path


def test_what_has_no_body_tells_no_length(stack: LocalStack) -> None:
    tag = asked(stack, "GET", "/docs", {}).headers["etag"]

    for method in ("GET", "HEAD"):
        known = asked(stack, method, "/docs", {"If-None-Match": tag})
        assert (known.status, known.body) == (304, b"")
        assert not {"content-length", "content-type", "content-encoding"} & known.headers.keys()


@pytest.mark.parametrize(("name", "decoded"), [("gzip", gzip.decompress), ("deflate", zlib.decompress)])
def test_a_long_answer_comes_compressed_for_who_accepts_it(
    stack: LocalStack, name: str, decoded: Callable[[bytes], bytes]
) -> None:
    plain, small = asked(stack, "GET", "/docs", {}), asked(stack, "GET", "/docs", {"Accept-Encoding": name})

    assert "content-encoding" not in plain.headers
    assert small.headers["content-encoding"] == name
    assert decoded(small.body) == plain.body
    assert int(small.headers["content-length"]) == len(small.body) < len(plain.body) / 2
    assert plain.headers["vary"] == small.headers["vary"] == "Accept-Encoding"
    assert plain.headers["etag"] == small.headers["etag"]
    assert plain.headers["etag"].startswith("W/")


def test_a_short_answer_comes_as_it_is(stack: LocalStack) -> None:
    assert "content-encoding" not in asked(stack, "GET", "/health", {"Accept-Encoding": "gzip"}).headers


def test_the_page_says_what_a_browser_loads(stack: LocalStack) -> None:
    told = re.findall(r"^\| `(/docs\S*)` \| ([\d,]+) KB \| ([\d,]+) KB \|$", PAGE, re.MULTILINE)

    assert [page for page, *_ in told] == list(PAGES)
    for page, *figures in told:
        for accepted, figure in zip(("identity", "gzip"), figures, strict=True):
            kilobytes = loaded(f"{stack.base_url}{page}", accepted) / 1000
            assert kilobytes == pytest.approx(float(figure.replace(",", "")), rel=0.2), page
    assert f"answers of {LEAST:,} bytes and more" in PAGE


@pytest.mark.parametrize(
    ("accepted", "chosen"),
    [
        (None, None),
        ("", None),
        ("*", None),
        ("identity", None),
        ("br", None),
        ("gzip", "gzip"),
        ("GZIP", "gzip"),
        ("deflate, gzip", "deflate"),
        ("gzip, deflate, br, zstd", "gzip"),
        ("br;q=1.0, gzip;q=0.8", None),
        ("gzip;q=0.8, br;q=0.5", "gzip"),
        ("gzip;q=0", None),
        ("gzip;q=x", None),
    ],
)
def test_what_is_welcome_most_decides(accepted: str | None, chosen: str | None) -> None:
    assert coding(accepted, LEAST, LEAST) == chosen
    assert coding(accepted, LEAST - 1, LEAST) is None
    assert coding(accepted, LEAST, None) is None
