"""`python -m infra.serve`: everything from one folder of this machine, until Ctrl-C. What `make serve` runs."""

from __future__ import annotations

import time

from infra.host.usage import refuse_arguments

_SETTINGS = """\
The environment chooses: SLUICE_DATA, the folder in which everything is kept (.sluice); PORT, of the API (8000); and
every setting of docs/settings.md, as in: SLUICE_DATA=/srv/sluice PORT=9000 python -m infra.serve"""

if __name__ == "__main__":
    started = time.monotonic()
    refuse_arguments("python -m infra.serve", __doc__, _SETTINGS)
    # Loaded under the clock: it is most of the start.
    import os
    from pathlib import Path

    from infra.host.foreground import leave, port, run
    from infra.serve.folder import DEFAULT
    from infra.serve.machine import Machine

    folder = Path(os.environ.get("SLUICE_DATA") or DEFAULT)
    leave(run(started, lambda: Machine(folder, port=port("PORT", 8000))))
