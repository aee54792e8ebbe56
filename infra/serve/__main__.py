"""`python -m infra.serve`: everything on one machine, kept in SLUICE_DATA (.sluice). PORT (8000) is the API's."""

from __future__ import annotations

import time

if __name__ == "__main__":
    started = time.monotonic()
    # Loaded under the clock: it is most of the start.
    import os
    from pathlib import Path

    from infra.host.foreground import leave, port, run
    from infra.serve.folder import DEFAULT
    from infra.serve.machine import Machine

    folder = Path(os.environ.get("SLUICE_DATA") or DEFAULT)
    leave(run(started, lambda: Machine(folder, port=port("PORT", 8000))))
