"""Installs the built wheel into an environment of its own, and runs the manual's snippet there against a local stack.

`python tools/smoke.py dist` takes the one wheel in that folder.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

SDK = Path(__file__).parents[1]
sys.path.insert(0, str(SDK.parents[1]))

from infra.local.stack import LocalStack  # noqa: E402  (it is found only now)

SNIPPET = (
    "from astraflow_sdk import AstraClient; "
    "client = AstraClient(token='YOUR_TOKEN_HERE'); "
    "tasks = client.get_tasks(status='active'); "
    "print(tasks)"
)
MAKE_ONE = (
    "from astraflow_sdk import AstraClient; "
    "client = AstraClient('YOUR_TOKEN_HERE'); "
    "client.update_task(client.create_task('Sample').id, status='active')"
)
SHIPPED = "import astraflow_sdk, pathlib; assert (pathlib.Path(astraflow_sdk.__file__).parent / 'py.typed').exists()"


def main() -> None:
    (wheel,) = Path(sys.argv[1]).resolve().glob("*.whl")
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        venv.create(place / "venv", with_pip=True)
        python = str(place / "venv" / "bin" / "python")
        _run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", str(wheel)], place)
        _run([python, "-m", "pip", "check"], place)
        with LocalStack(folder=place / "stack") as stack:
            for code in (SHIPPED, MAKE_ONE):
                _run([python, "-W", "error", "-c", code], place, ASTRAFLOW_BASE_URL=stack.base_url)
            printed = _run([python, "-W", "error", "-c", SNIPPET], place, ASTRAFLOW_BASE_URL=stack.base_url)
    if "name='Sample', status='active')]" not in printed:
        sys.exit(f"The manual's snippet printed {printed!r}")
    print(f"{wheel.name}: the manual's snippet prints {printed.strip()}")


def _run(command: list[str], place: Path, **more: str) -> str:
    # Nothing of this environment's own packages may be seen.
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    done = subprocess.run(command, cwd=place, env={**kept, **more}, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.exit(f"{command[1:]} failed: {done.stdout}")
    return done.stdout


if __name__ == "__main__":
    main()
