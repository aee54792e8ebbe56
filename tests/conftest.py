"""What every test shares, and the table of the manuals' fixtures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib import wiring


@pytest.fixture(autouse=True, scope="module")
def _no_platform_is_left_over() -> Iterator[None]:
    """Each module assembles its own platform."""
    wiring.use(None)
    yield
    wiring.use(None)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--pass-table", type=Path, help="write the table of the manuals' fixtures to this file")


def pytest_configure(config: pytest.Config) -> None:
    path = config.getoption("--pass-table")
    if path is not None:
        config.pluginmanager.register(_PassTable(path))


class _PassTable:
    """Collects how the fixtures went, and writes them down at the end."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._passed: dict[tuple[str, str], bool] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        test, _, parameters = report.nodeid.partition("test_the_manual_holds[")
        if parameters and test.endswith("test_manual.py::"):
            place, _, fixture = parameters.removesuffix("]").partition("-")
            self._passed[fixture, place] = self._passed.get((fixture, place), True) and not report.failed

    def pytest_sessionfinish(self) -> None:
        from surfaces.harness.pass_table import write
        from surfaces.manuals import MANUALS

        write(MANUALS, self._passed, self._path)
