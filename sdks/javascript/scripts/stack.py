"""A local stack on free ports, with files of its own: writes its document as a line, ends with its standard input."""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[3]
sys.path.insert(0, str(ROOT))
os.chdir(ROOT)

from infra.local.stack import LocalStack  # noqa: E402  (the path comes first)

# Ctrl-C is for whoever holds the other end of the standard input.
signal.signal(signal.SIGINT, signal.SIG_IGN)
with tempfile.TemporaryDirectory() as folder, LocalStack(folder=Path(folder)) as stack:
    sys.stdout.write(json.dumps(stack.document) + "\n")
    sys.stdout.flush()
    sys.stdin.read()
# A call that is still waited for must not hold the end.
os._exit(0)
