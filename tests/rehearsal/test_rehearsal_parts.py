"""What a rehearsal is put together from; `make rehearse` is the whole."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests

from infra.deploy.package import PROJECT, read_config
from infra.rehearsal.commands import STAGE, CommandError, Commands
from infra.rehearsal.earlier import NoHistoryError, check_out
from infra.rehearsal.emulator import Emulator
from infra.rehearsal.receiver import Receiver
from infra.rehearsal.smoke import UnexpectedError, expect
from infra.rehearsal.transcript import Transcript


def test_a_step_is_a_line_with_its_seconds_and_what_went_on(capsys: pytest.CaptureFixture[str]) -> None:
    transcript = Transcript()

    with transcript.step("Deploy") as notes:
        notes.append("one\ntwo")

    assert capsys.readouterr().out == " 1  Deploy (0.0 s)\n      one\n      two\n"


def test_a_step_that_fails_says_so_and_stops(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UnexpectedError, match="Found nothing"), Transcript().step("Look"):
        expect(False, "nothing")

    assert capsys.readouterr().out.startswith(" 1  Look: FAILED after 0.0 s")


def test_the_receiver_counts_calls_by_task_and_fails_once_where_it_should() -> None:
    with Receiver() as receiver:
        answers = [
            requests.post(f"{receiver.url}{path}", headers={"Idempotency-Key": task}, timeout=5).status_code
            for path, task in (("/a", "1"), ("/a", "1"), ("/a", "2"), ("/fail-once/b", "3"), ("/fail-once/b", "3"))
        ]

        assert answers == [200, 200, 200, 503, 200]
        assert receiver.calls("/a") == {"1": 2, "2": 1}
        assert receiver.wait("/a").headers["idempotency-key"] == "1"


def test_a_command_that_fails_tells_what_it_said() -> None:
    with pytest.raises(CommandError, match="a lower-case letter"):
        Commands({}).resources(PROJECT, "Not a stage")


def test_the_version_before_gets_the_settings_of_today(tmp_path: Path) -> None:
    try:
        check_out(tmp_path)
    except NoHistoryError:
        pytest.skip("this checkout has no history")

    assert (tmp_path / "app.py").exists()
    assert read_config(tmp_path)["stages"][STAGE] == read_config()["stages"][STAGE]


def test_an_emulator_that_does_not_start_is_told_with_its_words(tmp_path: Path) -> None:
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho no such module\nexit 1\n")
    broken.chmod(0o700)

    with pytest.raises(RuntimeError, match="no such module"), Emulator(broken, tmp_path):
        pass
