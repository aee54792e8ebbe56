"""A running stack for the commands of a module, and nothing of what the person who runs the tests keeps."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_terminal import Operator

from infra.local.stack import LocalStack


@pytest.fixture(scope="module")
def operator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    folder: Path = tmp_path_factory.mktemp("stack")
    with LocalStack(folder=folder) as stack:
        document = stack.document
        yield Operator(
            stack.base_url,
            document["operator"]["key"],
            document["asyncqueue"]["teams"][0]["api_key"],
            document["aws_endpoint_url"],
        )


@pytest.fixture(autouse=True)
def nothing_of_ours(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No command of a test reads or writes what the person who runs it keeps."""
    for name in ("SLUICE_URL", "SLUICE_PROFILE", "OPERATOR_KEY"):
        monkeypatch.delenv(name, raising=False)
    path = tmp_path / "config" / "sluice.toml"
    monkeypatch.setenv("SLUICE_CONFIG", str(path))
    return path
