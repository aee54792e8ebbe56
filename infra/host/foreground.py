"""A stack in the foreground of a terminal, until Ctrl-C or SIGTERM."""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from collections.abc import Callable

from chalicelib.settings import SettingError
from infra.host.files import StateError
from infra.host.lines import ConsoleHandler
from infra.host.ports import PortTakenError
from infra.host.stack import Stack

#: Seconds. A signal that another thread happens to receive does not wake the main thread: it looks up by itself.
_NAP_S = 0.1


def run(started: float, start: Callable[[], Stack]) -> int:
    """Run until told to stop. Returns the exit code: 0, or 1 when the stack could not start.

    `started`: when the program did, by `time.monotonic()`.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    logger = logging.getLogger("sluice")
    logger.setLevel(logging.INFO)
    logger.addHandler(ConsoleHandler(sys.stdout))
    logger.propagate = False
    try:
        with start() as stack:
            print(stack.banner)
            print(f"Ready in {time.monotonic() - started:.1f} s; Ctrl-C stops.", flush=True)
            while True:
                time.sleep(_NAP_S)
    except KeyboardInterrupt:
        return 0
    except (PortTakenError, StateError, SettingError) as problem:
        print(problem, file=sys.stderr)
        return 1


def port(variable: str, default: int) -> int:
    """The port that an environment variable chooses. Raises SettingError."""
    text = os.environ.get(variable) or str(default)
    if not text.isdigit() or int(text) > 65_535:
        raise SettingError(f"{variable} must be a port number, not {text!r}")
    return int(text)


def leave(code: int) -> None:
    """End the process at once: a callback that is still being waited for must not hold the prompt for two minutes."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
