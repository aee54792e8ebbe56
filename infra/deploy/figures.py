"""`make package`: builds the package and weighs it: size, time to build, and what a cold start pays to import it."""

from __future__ import annotations

import platform
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

from infra.deploy.package import build

_TRIES = 7
#: What Chalice and the machine call a processor.
_ARCHITECTURES = {"x86_64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}
#: In an interpreter of its own and without other packages: what the functions of Lambda import.
_PROGRAM = """import sys, time
sys.path.insert(0, {!r})
began = time.process_time()
import app
print(time.process_time() - began)"""
#: Every function is an attribute of the one module, so that all pay the same.
_HANDLERS = "`app.app`, `app.attempt`, `app.webhook`, `app.rescue`"


def main() -> None:
    """Print the figures as a table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        began = time.monotonic()
        deployed = build("prod", "eu-central-1", folder=folder / "deployed")
        seconds = time.monotonic() - began
        here = build("prod", "eu-central-1", _ARCHITECTURES[platform.machine()], folder / "here")
        task = folder / "task"
        with zipfile.ZipFile(here.archive) as archive:
            archive.extractall(task)
        compiled = _import_ms(task)
        for cache in task.rglob("__pycache__"):
            for file in cache.iterdir():
                file.unlink()
        sources = _import_ms(task)
        size, unpacked = deployed.archive.stat().st_size, _unpacked(deployed.archive)
    print("| figure | value |\n|---|---|")
    print(f"| package, zipped | {size / 1e6:.1f} MB |")
    print(f"| package, unpacked | {unpacked / 1e6:.1f} MB |")
    print(f"| time to build | {seconds:.1f} s |")
    print(f"| import of {_HANDLERS}, bytecode inside | {compiled:.0f} ms of CPU |")
    print(f"| the same, as `chalice package` leaves it | {sources:.0f} ms of CPU |")


def _unpacked(path: Path) -> int:
    with zipfile.ZipFile(path) as archive:
        return sum(entry.file_size for entry in archive.infolist())


def _import_ms(task: Path) -> float:
    """The CPU of importing `app` in a fresh interpreter that writes no bytecode: the best of some tries."""
    command = [sys.executable, "-I", "-S", "-B", "-c", _PROGRAM.format(str(task))]
    times = [float(subprocess.run(command, capture_output=True, text=True, check=True).stdout) for _ in range(_TRIES)]
    return min(times) * 1000


if __name__ == "__main__":
    main()
