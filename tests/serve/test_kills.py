"""Killed at random moments, a machine loses nothing that it acknowledged. `make kills` does so for longer."""

from __future__ import annotations

from pathlib import Path

from kills import campaign


def test_nothing_that_was_acknowledged_is_lost_to_a_kill(tmp_path: Path) -> None:
    came = campaign(tmp_path / "data", rounds=4, seed=1)

    assert came.kills == 4
    assert came.tasks > 20
    assert came.cancelled > 0
    assert came.calls > came.tasks / 2
