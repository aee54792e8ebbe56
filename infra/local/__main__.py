"""`python -m infra.local`: the local stack, until Ctrl-C. What `make run` runs."""

from __future__ import annotations

import argparse
import time

_SETTINGS = """\
The environment chooses: PORT, of the API (8000); AWS_PORT, of the AWS that it runs over (8001); and every setting of
docs/settings.md, as in: ASYNCFLOW_SEED=monday python -m infra.local"""

if __name__ == "__main__":
    started = time.monotonic()
    parser = argparse.ArgumentParser(
        prog="python -m infra.local",
        description=__doc__,
        epilog=_SETTINGS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.parse_args()
    # Loaded under the clock: it is most of the start.
    from infra.host.foreground import leave
    from infra.local.foreground import main

    leave(main(started))
