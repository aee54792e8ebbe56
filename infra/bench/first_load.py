"""`python -m infra.bench.first_load`: the bytes of a browser's first page, as they are and compressed."""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path
from urllib.parse import urljoin

import requests

from infra.local.stack import LocalStack

#: The front page, the console, and the longest page of requests.
PAGES = ("/docs", "/docs/try-it", "/docs/api-operator")
_PARTS = re.compile(r'<(?:link rel="stylesheet" href|script[^>]* src|img[^>]* src)="([^"]+)"')


def main() -> int:
    """Print the figures as a table."""
    with tempfile.TemporaryDirectory() as folder, LocalStack(folder=Path(folder)) as stack:
        print("| first load of | as it is | compressed |\n|---|---|---|")
        for page in PAGES:
            plain, small = (loaded(f"{stack.base_url}{page}", accepted) for accepted in ("identity", "gzip"))
            print(f"| `{page}` | {plain / 1000:,.0f} KB | {small / 1000:,.0f} KB |")
    return 0


def loaded(url: str, accepted: str) -> int:
    """The bytes of a page and of what it is made of, for a browser that accepts this coding."""
    page = requests.get(url, headers={"Accept-Encoding": accepted}, timeout=10)
    parts = {urljoin(url, part) for part in _PARTS.findall(page.text)}
    answers = [page, *(requests.get(part, headers={"Accept-Encoding": accepted}, timeout=10) for part in parts)]
    return sum(int(answer.headers["Content-Length"]) for answer in answers)


if __name__ == "__main__":
    sys.exit(main())
