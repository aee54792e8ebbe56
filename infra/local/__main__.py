"""`python -m infra.local`: the local stack. Ports: PORT (8000) for the API, AWS_PORT (8001) for AWS."""

from __future__ import annotations

import time

if __name__ == "__main__":
    started = time.monotonic()
    # Loaded under the clock: it is most of the start.
    from infra.host.foreground import leave
    from infra.local.foreground import main

    leave(main(started))
