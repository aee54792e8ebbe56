"""AsyncFlow on a local stack with settings of its own: a short window that counts writes alone, and no weather."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
import requests

from infra.local.stack import LocalStack

WINDOW_S = 5
LIMIT = 3


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as environment:
        for name, value in {
            "RATE_WINDOW_SECONDS": str(WINDOW_S),
            "RATE_LIMIT": str(LIMIT),
            "RATE_COUNTS": "writes",
            "OUTAGE_RATE": "0",
            "LATENCY_MAX_MS": "0",
            "POLL_SECONDS": "1",
        }.items():
            environment.setenv(f"ASYNCFLOW_{name}", value)
        with LocalStack(folder=tmp_path_factory.mktemp("asyncflow")) as stack:
            yield f"{stack.base_url}/asyncflow"


def headers(group: str) -> dict[str, str]:
    return {"X-API-KEY": "asyncflow-api-key", "X-STUDENT-GROUP": group}


def submit(url: str, group: str, destination: str = "warehouse") -> requests.Response:
    return requests.post(url, headers=headers(group), json={"destination": destination, "content": "x"}, timeout=10)


def test_the_window_slides(url: str) -> None:
    began = time.monotonic()
    assert submit(url, "sliders").status_code == 202
    time.sleep(WINDOW_S / 2)
    assert [submit(url, "sliders").status_code for _ in range(LIMIT - 1)] == [202, 202]

    refused = submit(url, "sliders")
    time.sleep(max(0.0, began + WINDOW_S + 0.5 - time.monotonic()))
    # The first one has left the window, the others are in its middle.
    later = [submit(url, "sliders") for _ in range(2)]

    assert (refused.status_code, [each.status_code for each in later]) == (429, [202, 429])
    assert refused.json() == {"error": "Rate limit exceeded"}
    assert 1 <= int(refused.headers["Retry-After"]) <= WINDOW_S // 2 + 1
    assert refused.headers["RateLimit-Policy"] == f'"default";q={LIMIT};w={WINDOW_S}'
    assert int(refused.headers["X-RateLimit-Remaining"]) == 0
    time.sleep(int(later[1].headers["Retry-After"]))
    assert submit(url, "sliders").status_code == 202


def test_reads_do_not_count_where_writes_alone_do(url: str) -> None:
    for _ in range(2 * LIMIT):
        reply = requests.get(url, headers=headers("readers"), timeout=10)
        assert (reply.status_code, reply.headers["X-RateLimit-Remaining"]) == (200, str(LIMIT))

    assert [submit(url, "readers").status_code for _ in range(LIMIT + 1)] == [202] * LIMIT + [429]
    assert requests.get(url, headers=headers("readers"), timeout=10).status_code == 200


def test_a_slow_message_takes_its_seconds(url: str) -> None:
    began = time.monotonic()
    accepted = submit(url, "slow ones", "slow-3").json()
    seen: list[str] = []

    while seen[-1:] != ["Completed"]:
        # Answers with the next status, or with the one it finds after ten seconds.
        path = f"{url}/{accepted['trackingId']}?wait=10"
        seen.append(requests.get(path, headers=headers("slow ones"), timeout=20).json()["status"])

    assert 3 <= time.monotonic() - began < 15
    # The pick-up may come before the first request that waits.
    assert seen in (["Processing", "Completed"], ["Completed"])
