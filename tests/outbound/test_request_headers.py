"""Headers that a caller wants sent along."""

from __future__ import annotations

import pytest
from outbound_vectors import PAYLOADS, Vector

from chalicelib.domain.headers import check_headers


@pytest.mark.parametrize("vector", [pytest.param(v, id=v["id"]) for v in PAYLOADS if "headers" in v])
def test_headers_that_could_do_harm_are_named(vector: Vector) -> None:
    headers = dict(vector["headers"])
    complaint = check_headers(headers)

    assert complaint is not None
    assert complaint.startswith("headers")
    assert any(name in complaint for name in headers)


@pytest.mark.parametrize(
    ("headers", "complaint"),
    [
        ({"Host": "a"}, "headers must not contain Host"),
        ({"PROXY-Authorization": "a"}, "headers must not contain PROXY-Authorization"),
        ({"webhook-signature": "a"}, "headers must not contain webhook-signature"),
        ({"X-aws-ec2-metadata-token": "a"}, "headers must not contain X-aws-ec2-metadata-token"),
        ({"X-A": "a\x7f"}, "headers.X-A must not contain control characters"),
        ({"X-A": "é"}, "headers.X-A must contain ASCII characters only"),
        ({"X-A": "a" * 8193}, "headers.X-A must be at most 8192 characters"),
        ({"X-A": "1", "x-a": "2"}, "headers must not contain both X-A and x-a"),
        ({"X\r\nA": "1"}, r"headers must not contain the name 'X\r\nA'"),
        ({"": "1"}, "headers must not contain the name ''"),
        ({f"X-{n}": "" for n in range(65)}, "headers must not contain more than 64 entries"),
        ({f"X-{n}": "a" * 8000 for n in range(5)}, "headers must be at most 32768 characters in total"),
    ],
)
def test_a_complaint_says_what_to_change(headers: dict[str, str], complaint: str) -> None:
    assert check_headers(headers) == complaint


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer x", "Content-Type": "application/json", "Cookie": "a=b"},
        {"X-A": "", "X-B": "a\tb c", "!#$%&'*+.^_`|~-": "~"},
        {"X-A": "a" * 8192},
        {f"X-{n}": "" for n in range(64)},
        {"Hostname": "a", "Metadata-Id": "b", "X-Task": "c"},
    ],
)
def test_all_other_headers_pass(headers: dict[str, str]) -> None:
    assert check_headers(headers) is None
