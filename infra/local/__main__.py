"""`python -m infra.local`: the local stack, until Ctrl-C. What `make run` runs."""

from __future__ import annotations

import time

from infra.host.usage import refuse_arguments

_SETTINGS = """\
The environment chooses: PORT, of the API (8000); AWS_PORT, of the AWS that it runs over (8001); and every setting of
docs/settings.md, as in: ASYNCFLOW_SEED=monday python -m infra.local"""

if __name__ == "__main__":
    started = time.monotonic()
    refuse_arguments("python -m infra.local", __doc__, _SETTINGS)
    # Loaded under the clock: it is most of the start.
    from infra.host.foreground import leave
    from infra.local.foreground import main

    leave(main(started))
