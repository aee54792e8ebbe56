"""A cold start pays for every import of `app`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
#: Importing `app`, with the four APIs it serves, may take so many times the CPU of importing the two libraries that
#: every request needs.
MOST_TIMES = 7
#: Beside other work each import takes longer, by a different part: what it takes by itself shows in some try.
_MOST_TRIES = 40

#: Nothing of these is needed before the first call to AWS, and some not at all.
HEAVY = (
    "aws_lambda_powertools",
    "aws_xray_sdk",
    "boto3",
    "botocore",
    "cryptography",
    "moto",
    "pydantic",
    "requests",
    "sqlite3",
    "urllib3",
)


def fresh(program: str) -> str:
    """What a program prints in a Python of its own."""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout


def cpu_seconds(imported: str) -> float:
    """The CPU that an import takes above a bare interpreter."""
    return float(
        fresh(f"import time\nbegan = time.process_time()\nimport {imported}\nprint(time.process_time() - began)")
    )


def test_app_takes_at_most_so_many_times_what_its_libraries_take() -> None:
    libraries = app = float("inf")
    for _ in range(_MOST_TRIES):
        libraries, app = min(libraries, cpu_seconds("chalice, msgspec")), min(app, cpu_seconds("app"))
        if app / libraries <= MOST_TIMES:
            break

    assert app / libraries <= MOST_TIMES, f"import app {app * 1000:.0f} ms, its libraries {libraries * 1000:.0f} ms"


@pytest.mark.parametrize("heavy", HEAVY)
def test_app_does_not_import(heavy: str, imported: frozenset[str]) -> None:
    assert heavy not in imported


@pytest.fixture(scope="module")
def imported() -> frozenset[str]:
    """The top-level modules that stand after `import app`."""
    names = fresh("import app, sys\nprint(*{name.partition('.')[0] for name in sys.modules})").split()
    assert "app" in names
    return frozenset(names)
