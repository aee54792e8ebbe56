"""What differs from machine to machine: hostile servers in time and memory, mutations, and other clients."""

from __future__ import annotations

import gc
import json
import resource
import subprocess
import sys
import tempfile
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

from outbound_attacks import allowed, refused
from outbound_hostile import HOSTILE
from outbound_servers import Authority
from outbound_vectors import VECTORS

from outbound_report.mutants import ROOT

#: The clients that are compared, the last one under the product's own Python.
CLIENTS = ("requests", "httpx", "requests-hardened", "ssrfguard", "sluice")
RIVALS = ROOT / ".venv-rivals" / "bin" / "python"
LIMIT_S = 2.0


def hostile() -> Iterator[tuple[str, str, float, int]]:
    """Kind, name, seconds and peak bytes of one attempt of at most two seconds on each hostile server."""
    authority = Authority(Path(tempfile.mkdtemp()))
    for kind, servers in HOSTILE.items():
        for server in servers:
            gc.collect()
            tracemalloc.start()
            began_s = monotonic()
            server.call(authority, LIMIT_S)
            took_s = monotonic() - began_s
            peak_bytes = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            yield kind, server.name, took_s, peak_bytes


def resident_mib() -> float:
    """How much the process held at its largest; Linux counts in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def compared() -> dict[str, dict[str, tuple[int, int]]]:
    """By client and list: how many of the URLs it connected for, of how many."""
    vectors = [vector for vector in VECTORS["refuse"] if vector["stage"] == "create" and vector["class"] != "self"]
    lists = {
        "refuse, vectors": [{"url": each["url"], "dns": _first(each)} for each in vectors],
        "refuse, own list": [{"url": url, "dns": {}} for urls in refused().values() for url in urls],
        "allow, vectors": [{"url": each["url"], "dns": _first(each)} for each in VECTORS["allow"]],
        "allow, own list": [{"url": url, "dns": {}} for urls in allowed().values() for url in urls],
    }
    return {client: {name: (_connected(client, urls), len(urls)) for name, urls in lists.items()} for client in CLIENTS}


def _first(vector: dict[str, object]) -> object:
    names = vector.get("dns") or {}
    assert isinstance(names, dict)
    return {name: lists[0] for name, lists in names.items()}


def _connected(client: str, urls: list[dict[str, object]]) -> int:
    python = sys.executable if client == "sluice" else str(RIVALS)
    done = subprocess.run(
        [python, str(ROOT / "tests" / "outbound" / "rivals" / "compare.py"), client],
        input=json.dumps(urls),
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=600,
        check=True,
    )
    return sum(map(bool, json.loads(done.stdout)))
