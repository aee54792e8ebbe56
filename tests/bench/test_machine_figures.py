"""What measures one machine measures it: the tasks are called, the lists are long."""

from __future__ import annotations

import re
from pathlib import Path

from infra.bench.machine import listed, through


def test_tasks_and_lists_are_measured(tmp_path: Path) -> None:
    assert re.match(r"30 tasks: \d+ a second acknowledged by 16 callers", through(tmp_path / "data", 30))
    assert re.match(r"a list of 50 tasks: the first page \d+ ms, a page from the middle", listed(tmp_path / "data", 50))
